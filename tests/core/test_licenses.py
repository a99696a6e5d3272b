from __future__ import annotations

import pytest

from pentad.core.licenses import CUSTOM, RESERVED, UNKNOWN, license_matches, parse_license


@pytest.mark.parametrize(
    ("text", "spdx", "family"),
    [
        ("CC BY 4.0", "CC-BY-4.0", "CC-BY"),
        ("CC-BY", None, "CC-BY"),
        ("cc-by-sa-3.0", "CC-BY-SA-3.0", "CC-BY-SA"),
        ("CC BY-NC-SA 4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-SA"),
        ("CC BY SA NC 4", "CC-BY-NC-SA-4.0", "CC-BY-NC-SA"),
        (
            "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0 International",
            "CC-BY-NC-ND-4.0",
            "CC-BY-NC-ND",
        ),
        ("Creative Commons Attribution license (reuse allowed)", None, "CC-BY"),
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0", "CC-BY"),
        ("http://creativecommons.org/licenses/by-nc/3.0/us/deed.en", None, "CC-BY-NC"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0", "CC0"),
        ("CC0", "CC0-1.0", "CC0"),
        ("CC0 1.0 Universal", "CC0-1.0", "CC0"),
        ("Public domain", None, "public-domain"),
        ("Apache 2.0", "Apache-2.0", "Apache"),
        ("Apache License, Version 2.0", "Apache-2.0", "Apache"),
        ("MIT License", "MIT", "MIT"),
        ("BSD 3-Clause", "BSD-3-Clause", "BSD"),
        ("ODC-By 1.0", "ODC-By-1.0", "ODC-By"),
        ("ODbL v1.0", "ODbL-1.0", "ODbL"),
        ("All rights reserved.", None, RESERVED),
        ("Standard YouTube License", None, RESERVED),
        ("", None, UNKNOWN),
        ("  ", None, UNKNOWN),
        (None, None, UNKNOWN),
    ],
)
def test_spellings_that_occur(text: str | None, spdx: str | None, family: str) -> None:
    found = parse_license(text)
    assert (found.spdx, found.family) == (spdx, family)


@pytest.mark.parametrize(
    "text",
    [
        "Custom (non-commercial research)",
        "Academic use",
        "Free to use, see source",
        "Custom, on request",
        "CC BY 4.0 for the annotations, videos on request",
        "CC BY 4.0; CC0",
        "CC BY, MIT",
        "CC BY 4.0 no",
        "CC BY-ND-SA 4.0",
        "CC NC 1.0",
        "CC BY 9.0",
        "http://creativecommons.org/licenses/by/4.0/ except images",
        "https://creativecommons.org.example.org/licenses/by/4.0/",
        "no license",
        "MIT" * 100,
    ],
)
def test_what_is_not_understood_as_a_whole_is_custom(text: str) -> None:
    found = parse_license(text)
    assert found.family == CUSTOM
    assert found.redistributable is None
    assert not found.url


def test_what_licenses_ask_for() -> None:
    every = parse_license("CC BY-NC-SA 4.0")
    assert every.redistributable
    assert (every.attribution, every.share_alike, every.non_commercial) == (True, True, True)
    assert every.url == "https://creativecommons.org/licenses/by-nc-sa/4.0/"
    assert parse_license("CC BY-ND 4.0").no_derivatives
    assert not parse_license("CC0").attribution
    assert parse_license("all rights reserved").redistributable is False
    assert parse_license("Academic use").non_commercial


@pytest.mark.parametrize(
    ("text", "wanted", "matches"),
    [
        ("CC BY 4.0", "CC-BY", True),
        ("CC BY 3.0 US", "CC-BY", True),
        ("CC BY-NC-SA 4.0", "CC-BY", False),
        ("CC BY-SA 4.0", "CC-BY", False),
        ("CC BY 4.0", "CC-BY-4.0", True),
        ("CC BY 3.0", "CC-BY-4.0", False),
        ("CC-BY", "CC-BY-4.0", False),
        ("CC BY-NC-SA 4.0", "cc-by-nc-sa", True),
        ("Apache 2.0", "Apache-2.0", True),
        ("Academic use", "Academic use", True),
        ("Academic use", "academic  USE", True),
        ("Academic use", "Custom, on request", False),
        ("Academic use", "custom", False),
        ("Custom, on request", "CC-BY", False),
        ("CC0", "Public domain", False),
        ("", "unknown", True),
        (None, "unknown", True),
        ("CC0", "unknown", False),
        (None, "", True),
        (None, "CC-BY", False),
    ],
)
def test_matching(text: str | None, wanted: str, matches: bool) -> None:
    assert license_matches(text, wanted) is matches
