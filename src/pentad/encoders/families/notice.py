"""What somebody should hear about a licence before weights are fetched and used."""

from __future__ import annotations

import logging

from pentad.core.licenses import parse_license

_log = logging.getLogger(__name__)

# Identifiers of the hub that do not say in words what they mean.
_SPELT_OUT = {"apple-amlr": "Apple Machine Learning Research Model License"}


def not_for_sale(licence: str) -> bool:
    """Return whether a licence text excludes commercial use.

    Examples:
        >>> not_for_sale("cc-by-nc-4.0"), not_for_sale("apache-2.0")
        (True, False)
    """
    return parse_license(_SPELT_OUT.get(licence.strip().lower(), licence)).non_commercial


def tell_limits(name: str, licence: str) -> None:
    """Log a warning where the weights of an encoder may not be used commercially."""
    if not_for_sale(licence):
        _log.warning("%s: its licence excludes commercial use (%s)", name, licence)
