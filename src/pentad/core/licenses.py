"""Licence texts as tables of data sets write them, read strictly.

A text is understood as a whole or not at all: ``CC BY 4.0`` is a license, ``CC BY 4.0 for the
annotations, videos on request`` is not one of the known ones and counts as custom, because half of
it may forbid what the other half allows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

UNKNOWN = "unknown"
CUSTOM = "custom"
RESERVED = "reserved"
PUBLIC_DOMAIN = "public-domain"


@dataclass(frozen=True)
class License:
    """What a licence text says about sharing. Not legal advice: it repeats what the text claims.

    Attributes:
        spdx: The SPDX identifier, where the text names one license in one version.
        family: Name without version, such as ``CC-BY-NC-SA``; `UNKNOWN` for an empty text,
            `CUSTOM` for one that is not understood, `RESERVED` for one that keeps all rights.
        version: Version as the text gives it, such as ``4.0``; empty if it gives none.
        redistributable: Whether copies may be handed on; None where the text does not tell.
        attribution: Whether the author must be named.
        share_alike: Whether what is made from it must have the same license.
        non_commercial: Whether commercial use is excluded.
        no_derivatives: Whether only unchanged copies may be handed on.
        url: Where the license is written down; empty if unknown.
    """

    spdx: str | None
    family: str
    version: str = ""
    redistributable: bool | None = None
    attribution: bool = False
    share_alike: bool = False
    non_commercial: bool = False
    no_derivatives: bool = False
    url: str = ""


def parse_license(text: str | None) -> License:
    """Return what a licence text says.

    Args:
        text: Any spelling: ``CC BY-NC-SA 4.0``, ``CC-BY``, an SPDX identifier, the address of a
            Creative Commons license; None or blanks where nothing is known.
    """
    return _parse((text or "").strip())


def license_matches(license: str | None, wanted: str) -> bool:
    """Return whether a licence text is what somebody asked for.

    Args:
        license: The text of a table.
        wanted: ``CC-BY`` takes every version of it, but neither ``CC BY-NC`` nor ``CC BY-SA``;
            ``CC-BY-4.0`` takes that version alone; `UNKNOWN` takes empty texts. Any other text
            takes what is equal to it, capitals and blanks aside.
    """
    if _squeeze(license or "") == _squeeze(wanted):
        return True
    if _squeeze(wanted) == UNKNOWN:
        return not (license or "").strip()
    asked, given = parse_license(wanted), parse_license(license)
    if asked.family in (UNKNOWN, CUSTOM, RESERVED) or asked.family != given.family:
        return False
    return not asked.version or asked.version == given.version


_YES = {"redistributable": True}
_NAMED = {"redistributable": True, "attribution": True}
_COPYLEFT = {"redistributable": True, "attribution": True, "share_alike": True}
_ODC = "https://opendatacommons.org/licenses"
_SPDX = "https://spdx.org/licenses"

# (SPDX or None, family, version, what it says, address, pattern over the squeezed text)
_KNOWN: tuple[tuple[str | None, str, str, Mapping[str, bool], str, str], ...] = (
    (
        "CC0-1.0", "CC0", "1.0", _YES, "https://creativecommons.org/publicdomain/zero/1.0/",
        r"(cc|creative commons) ?(0|zero)( public domain( dedication)?)?( 1(\.0)?)?( universal)?",
    ),
    (
        None, PUBLIC_DOMAIN, "", _YES, "https://creativecommons.org/publicdomain/mark/1.0/",
        r"(cc )?(public domain( mark)?|pdm|pd)( 1\.0)?",
    ),
    ("MIT", "MIT", "", _NAMED, f"{_SPDX}/MIT.html", r"mit"),
    ("ISC", "ISC", "", _NAMED, f"{_SPDX}/ISC.html", r"isc"),
    ("Unlicense", "Unlicense", "", _YES, f"{_SPDX}/Unlicense.html", r"(the )?unlicense"),
    (
        "Apache-2.0", "Apache", "2.0", _NAMED, f"{_SPDX}/Apache-2.0.html",
        r"apache(,? 2(\.0)?)|asl 2\.0",
    ),
    (None, "Apache", "", _NAMED, "https://www.apache.org/licenses/", r"apache"),
    ("BSD-2-Clause", "BSD", "2-clause", _NAMED, f"{_SPDX}/BSD-2-Clause.html", r"bsd 2( clause)?"),
    ("BSD-3-Clause", "BSD", "3-clause", _NAMED, f"{_SPDX}/BSD-3-Clause.html", r"bsd 3( clause)?"),
    (None, "BSD", "", _NAMED, "https://opensource.org/licenses", r"bsd"),
    ("MPL-2.0", "MPL", "2.0", _COPYLEFT, f"{_SPDX}/MPL-2.0.html", r"mpl 2\.0"),
    ("GPL-2.0-only", "GPL", "2.0", _COPYLEFT, f"{_SPDX}/GPL-2.0-only.html", r"gpl 2(\.0)?( only)?"),
    ("GPL-3.0-only", "GPL", "3.0", _COPYLEFT, f"{_SPDX}/GPL-3.0-only.html", r"gpl 3(\.0)?( only)?"),
    (
        "ODC-By-1.0", "ODC-By", "1.0", _NAMED, f"{_ODC}/by/1-0/",
        r"(odc|open data commons) (by|attribution)( 1(\.0)?)?",
    ),
    (
        "ODbL-1.0", "ODbL", "1.0", _COPYLEFT, f"{_ODC}/odbl/1-0/",
        r"(odc )?odbl( 1(\.0)?)?|(odc|open data commons) open database( 1(\.0)?)?",
    ),
    (
        "PDDL-1.0", "PDDL", "1.0", _YES, f"{_ODC}/pddl/1-0/",
        r"(odc )?pddl( 1(\.0)?)?|(odc|open data commons) public domain dedication.*",
    ),
    (
        "CDLA-Permissive-1.0", "CDLA-Permissive", "1.0", _NAMED,
        "https://cdla.dev/permissive-1-0/", r"cdla permissive 1(\.0)?",
    ),
    (
        "CDLA-Permissive-2.0", "CDLA-Permissive", "2.0", _NAMED,
        "https://cdla.dev/permissive-2-0/", r"cdla permissive 2(\.0)?",
    ),
    (
        None, RESERVED, "", {"redistributable": False}, "",
        r"all rights reserved|proprietary|standard youtube|youtube standard|youtube",
    ),
)  # fmt: skip

_WORDS = (
    (r"creative commons", "cc"),
    (r"attribution", "by"),
    (r"non ?commercial", "nc"),
    (r"share ?alike", "sa"),
    (r"no ?(derivatives?|derivs?)", "nd"),
    (r"\breuse allowed\b", ""),
)
_CC = re.compile(
    r"cc (?P<parts>(?:by|nc|sa|nd)(?: (?:by|nc|sa|nd))*)"
    r"(?: (?P<version>[1-4](?:\.[05])?))?"
    r"(?: (?:international|unported|generic))?"
    r"(?: (?P<port>igo|[a-z]{2}))?"
)
_CC_ADDRESS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses/(?P<parts>[a-z-]+)/(?P<version>[\d.]+)"
    r"|publicdomain/(?P<domain>zero|mark)/1\.0)(?:/(?P<port>igo|[a-z]{2}))?"
    r"(?:/(?:deed|legalcode)(?:\.[a-z-]+)?)?/?"
)
_LONGEST = 200
_NOT_FOR_SALE = re.compile(r"non ?commercial|academic|research|\bnc\b")


@lru_cache(maxsize=4096)
def _parse(text: str) -> License:
    if not text:
        return License(None, UNKNOWN)
    if len(text) > _LONGEST:
        return License(None, CUSTOM)
    plain = _plain(text)
    for spdx, family, version, says, url, pattern in _KNOWN:
        if re.fullmatch(pattern, plain):
            return License(spdx, family, version, url=url, **says)
    found = _creative_commons(plain)
    if found is not None:
        return found
    return License(None, CUSTOM, non_commercial=bool(_NOT_FOR_SALE.search(plain)))


def _plain(text: str) -> str:
    """Return lower-case words with single blanks, without punctuation or the word license."""
    low = text.casefold()
    address = _CC_ADDRESS.fullmatch(low)
    if address:
        low = _from_address(address)
    low = re.sub(r"[-_/()]+|,(?= ?v(ersion|\.|\d)| ?\d)", " ", low)
    low = re.sub(r"\b(the )?licen[sc]ed?( under)?\b|\bversion\b|\bv\.? ?(?=\d)", " ", low)
    return " ".join(low.split()).strip(" .,;")


def _from_address(found: re.Match[str]) -> str:
    if found["domain"]:
        return "cc0" if found["domain"] == "zero" else "public domain"
    return f"cc {found['parts']} {found['version']} {found['port'] or ''}"


def _creative_commons(plain: str) -> License | None:
    for pattern, short in _WORDS:
        plain = re.sub(pattern, short, plain)
    found = _CC.fullmatch(" ".join(re.sub(r"^ccby\b", "cc by", plain).split()))
    if found is None:
        return None
    named = found["parts"].split()
    parts = [part for part in ("by", "nc", "nd", "sa") if part in named]
    version, port = _version(found["version"]), found["port"] or ""
    if "by" not in parts or len(parts) != len(named) or {"nd", "sa"} <= set(parts):
        return None
    if port and version in ("", "4.0"):  # only versions up to 3.0 were adapted to countries
        return None
    return _cc_license(parts, version, port)


def _cc_license(parts: list[str], version: str, port: str) -> License:
    name = "CC-" + "-".join(part.upper() for part in parts)
    url = "https://creativecommons.org/licenses/"
    if version:
        url += f"{'-'.join(parts)}/{version}/" + (f"{port}/" if port else "")
    return License(
        spdx=f"{name}-{version}" if version and not port else None,
        family=name,
        version=version,
        redistributable=True,
        attribution=True,
        share_alike="sa" in parts,
        non_commercial="nc" in parts,
        no_derivatives="nd" in parts,
        url=url,
    )


def _version(text: str | None) -> str:
    if not text:
        return ""
    return text if "." in text else f"{text}.0"


def _squeeze(text: str) -> str:
    return " ".join(text.casefold().split())
