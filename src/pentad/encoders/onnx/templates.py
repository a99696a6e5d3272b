"""Cards of known sound encoders, to be put beside a model that one has."""

from __future__ import annotations

from importlib.resources import files

from pentad.core.errors import UnknownName

CARD_TEMPLATES = ("fsd-sinet", "openl3", "vggish", "yamnet")


def card_template(name: str) -> str:
    """Return the text of a card.toml whose preprocessing is that of a known model.

    What its ``file``, ``inputs`` and ``output`` are called depends on the export, and the licence
    on where it comes from: read it before use.

    Args:
        name: One of `CARD_TEMPLATES`.

    Raises:
        UnknownName: There is no card of that name.

    Examples:
        >>> "sample_rate = 16000" in card_template("vggish")
        True
    """
    if name not in CARD_TEMPLATES:
        raise UnknownName("card", name, CARD_TEMPLATES)
    folder = files("pentad.encoders.onnx") / "cards"
    return (folder / f"{name}.toml").read_text(encoding="utf-8")
