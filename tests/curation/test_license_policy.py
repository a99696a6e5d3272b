from __future__ import annotations

import pytest

from pentad.core.errors import UnknownName
from pentad.curation.license_policy import LicensePolicy, allowed_texts, as_policy, refusal

SHARE = LicensePolicy.REDISTRIBUTABLE


@pytest.mark.parametrize("text", ["CC BY 4.0", "CC BY-NC-SA 4.0", "MIT", "CC0", "ODC-By 1.0"])
def test_known_licenses_that_allow_sharing_stay(text: str) -> None:
    assert refusal(SHARE, text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no license given"),
        (None, "no license given"),
        ("Academic use", "custom license"),
        ("CC BY 4.0; CC0", "custom license"),
        ("All rights reserved", "all rights reserved"),
        ("CC BY-NC-ND 4.0", "no derivatives allowed"),
    ],
)
def test_what_is_refused_has_a_reason(text: str | None, why: str) -> None:
    assert refusal(SHARE, text) == why
    assert refusal(LicensePolicy.ANY, text) is None


def test_texts_are_told_apart_as_they_are_written() -> None:
    texts = ["CC BY 4.0", "CC-BY", "", "Academic use"]
    assert allowed_texts(SHARE, texts) == {"CC BY 4.0", "CC-BY"}
    assert allowed_texts(LicensePolicy.ANY, texts) == set(texts)


def test_an_unknown_policy_is_told_with_those_that_exist() -> None:
    assert as_policy("any") is LicensePolicy.ANY
    with pytest.raises(UnknownName, match="did you mean 'redistributable'"):
        as_policy("redistributible")
