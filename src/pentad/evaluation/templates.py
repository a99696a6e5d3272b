"""Templates: sentences with a place for the name of a class."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality, as_modality
from pentad.evaluation.class_labels import parse_json, read_utf8

FIELDS = ("name", "label", "class")
"""What the place may be called; else it is ``{}``."""
DEFAULT_TEMPLATES: Mapping[Modality, tuple[str, ...]] = {
    Modality.TEXT: ("{}", "a text about {}", "this is about {}"),
    Modality.IMAGE: ("{}", "a picture of {}", "an image that shows {}", "{}, seen from close by"),
    Modality.AUDIO: ("{}", "the sound of {}", "a recording in which {} can be heard"),
    Modality.VIDEO: ("{}", "a video of {}", "a short clip that shows {}"),
    Modality.POINTS: ("{}", "a 3D model of {}", "a scanned shape: {}"),
}
"""What is used for classes of a modality where nobody says anything else."""
_FILES = (".txt", ".json")


def as_templates(given: str | Path | Sequence[str | Path] | None, modality: str) -> tuple[str, ...]:
    """Return templates, each once, in their order.

    Args:
        given: A template, a file of them (one a line, or a JSON list), several of either, or None
            for the built-in ones.
        modality: Of the items that are classified; which built-in ones are taken.

    Raises:
        InputError: A file cannot be read, there is none, or one has no place for a name.
    """
    if given is None or (isinstance(given, Sequence) and not given):
        return DEFAULT_TEMPLATES[as_modality(modality)]
    parts = [given] if isinstance(given, str | Path) else given
    found = [text for part in parts for text in _expanded(part)]
    if not found:
        raise InputError("there is no template", file=str(parts[0]))
    return tuple(dict.fromkeys(found))


def fill(template: str, name: str) -> str:
    """Return a template with the name of a class in its place.

    Examples:
        >>> fill("a picture of {}", "cat")
        'a picture of cat'
    """
    return template.format(name, **dict.fromkeys(FIELDS, name))


def templates_fingerprint(templates: Sequence[str]) -> str:
    """Return 64 hex digits over a list of templates."""
    return fingerprint_value(list(templates))


def _expanded(part: str | Path) -> list[str]:
    """Return the templates of a file, or the one that this is, checked."""
    path = Path(part).expanduser()
    if isinstance(part, str) and "{" in part:
        _check(part, None, None)
        return [part]
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if there:
        return _of_file(path)
    if isinstance(part, Path) or path.suffix.lower() in _FILES:
        raise InputError("there is no such file of templates", file=part)
    _check(part, None, None)
    return [part]


def _of_file(path: Path) -> list[str]:
    text = read_utf8(path)
    lines: list[object] = [*text.rstrip().splitlines()]
    if path.suffix.lower() == ".json":
        value = parse_json(path, text)
        if not isinstance(value, list):
            raise InputError("templates are a list", file=path, seen=type(value).__name__)
        lines = value
    return [_check(line, path, row) for row, line in enumerate(lines, 1)]


def _check(template: object, path: Path | None, row: int | None) -> str:
    """Return a template that has one place for a name.

    Raises:
        InputError: It has none, several, or one of another kind.
    """
    wanted = "{} once, or {name}"
    if not isinstance(template, str):
        raise InputError("is no template", file=path, row=row, seen=repr(template)[:40])
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise InputError(f"template {template!r}: {error}", file=path, row=row) from None
    places = [field for _, field, _, _ in parts if field is not None]
    plain = all(not spec and not conversion for _, _, spec, conversion in parts)
    if not places:
        raise InputError(
            f"template {template!r} has no place for the name of a class",
            file=path,
            row=row,
            expected=wanted,
        )
    if not plain or not (places == [""] or set(places) <= set(FIELDS)):
        seen = ", ".join(f"{{{place}}}" for place in places)
        raise InputError(f"template {template!r}", file=path, row=row, expected=wanted, seen=seen)
    return template
