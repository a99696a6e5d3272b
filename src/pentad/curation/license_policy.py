"""Which licenses let an item or a caption be handed on, as a policy with a name.

The policy ``redistributable`` keeps an item when its licence text, read as a whole, is one of the
known licenses that let copies be shared. It refuses

- an empty text, because nothing was granted;
- a custom text or several licenses in one text, because somebody has to read it first;
- texts that keep all rights;
- licenses without derivatives (``ND``): clips are cut from longer videos and clouds are sampled
  from meshes, so what would be shared is not an unchanged copy.

Licenses for non-commercial use (``NC``) stay and are flagged: sharing is allowed, selling is not,
and that holds for whatever contains them. It applies to captions as to media.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pentad.core.errors import UnknownName
from pentad.core.licenses import CUSTOM, RESERVED, UNKNOWN, parse_license

RULE = (
    "Kept are items and captions whose license is known and lets copies be shared. Left out are "
    "those without a license, with a custom one or several in one text, with all rights reserved, "
    "and without derivatives (ND), because clips and sampled clouds are derivatives. Licenses for "
    "non-commercial use (NC) are kept and flagged: what contains them may not be sold."
)


class LicensePolicy(StrEnum):
    """What is kept."""

    ANY = "any"
    REDISTRIBUTABLE = "redistributable"


def as_policy(name: str) -> LicensePolicy:
    """Return the policy of that name.

    Raises:
        UnknownName: There is none; the message lists them.
    """
    try:
        return LicensePolicy(name)
    except ValueError:
        raise UnknownName("license policy", name, [p.value for p in LicensePolicy]) from None


def refusal(policy: LicensePolicy, text: str | None) -> str | None:
    """Return why a policy refuses a licence text; None where it keeps it."""
    if policy is LicensePolicy.ANY:
        return None
    found = parse_license(text)
    reasons = {
        UNKNOWN: "no license given",
        CUSTOM: "custom license",
        RESERVED: "all rights reserved",
    }
    if found.family in reasons:
        return reasons[found.family]
    if not found.redistributable:
        return "sharing not allowed"
    return "no derivatives allowed" if found.no_derivatives else None


def allowed_texts(policy: LicensePolicy, texts: Iterable[str | None]) -> set[str | None]:
    """Return those of the licence texts that a policy keeps."""
    return {text for text in texts if refusal(policy, text) is None}
