"""A folder with a card.toml, read strictly: whatever changes a vector is written in the card."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.card import EncoderCard
from pentad.encoders.onnx.schema import (
    COMMON,
    INSIDE_GRAPH,
    POOLINGS,
    checked_table,
    preprocess_keys,
)

CARD_FILE = "card.toml"
_SECTION = "preprocess"
_CLASS_KEYS = ("classes", "class_output", "class_activation")


@dataclass(frozen=True, eq=False)
class OnnxCard:
    """What a card.toml says.

    Attributes:
        folder: The folder it lies in.
        values: Every key outside ``[preprocess]``, defaults filled in.
        preprocess: Every key of ``[preprocess]``, defaults filled in.
        model: The ONNX file.
        tokenizer: The tokenizer file, for text.
        classes: Class names in the order of the scores; empty if there are none.
    """

    folder: Path
    values: Mapping[str, Any]
    preprocess: Mapping[str, Any]
    model: Path
    tokenizer: Path | None
    classes: tuple[str, ...]

    @property
    def file(self) -> Path:
        """The card itself."""
        return self.folder / CARD_FILE

    @property
    def modality(self) -> Modality:
        """What the model was made for."""
        return Modality(self.values["modality"])

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.values["dim"])

    @property
    def pooling(self) -> str:
        """``mean``, ``max``, ``cls``, ``last`` or ``none``."""
        return str(self.values["pooling"])

    def error(
        self, message: str, key: str, *, expected: object = None, seen: object = None
    ) -> InputError:
        """Return an error about one key of this card."""
        return InputError(message, file=self.file, column=key, expected=expected, seen=seen)

    def encoder_card(self, modalities: tuple[Modality, ...]) -> EncoderCard:
        """Return the facts of this card in the form that all encoders share."""
        v = self.values
        text = v["description"] or f"ONNX {v['modality']} encoder"
        return EncoderCard(
            name=v["name"],
            revision=v["revision"],
            modalities=modalities,
            dim=self.dim,
            licence=v["licence"],
            description=text,
            source=v["source"],
            citation=v["citation"],
            classes=len(self.classes),
            semantic=v["semantic"],
        )


def read_onnx_card(folder: str | Path) -> OnnxCard:
    """Read the card in ``folder`` and check it and the files it names.

    Raises:
        InputError: The card is missing or unreadable, a key is unknown, missing or wrong, or a file
            that it names is missing or lies outside the folder.
    """
    folder = Path(folder)
    file = folder / CARD_FILE
    table = _toml(file)
    section = table.pop(_SECTION, None)
    values = checked_table(file, table, COMMON)
    if not isinstance(section, dict):
        raise InputError("required section is missing", file=file, column=f"[{_SECTION}]")
    keys = preprocess_keys(values["modality"], section)
    preprocess = checked_table(file, section, keys, f"{_SECTION}.")
    values["pooling"] = _pooling(file, values["pooling"])
    _check_name(file, values["name"])
    _check_companions(file, values)
    return OnnxCard(
        folder,
        values,
        preprocess,
        model=_inside(file, "file", values["file"]),
        tokenizer=_inside(file, "tokenizer", values["tokenizer"]) if values["tokenizer"] else None,
        classes=_class_names(_inside(file, "classes", values["classes"]))
        if values["classes"]
        else (),
    )


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("there is no such card", file=file) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=file) from None
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", file=file) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"is not valid TOML: {error}", file=file) from None


def _pooling(file: Path, value: str) -> str:
    """A remark that ends in "inside the graph" means that nothing is left to pool."""
    if INSIDE_GRAPH in value:
        return "none"
    if value not in POOLINGS:
        wanted = ", ".join(POOLINGS) + f", or a remark with '{INSIDE_GRAPH}'"
        raise InputError(
            "wrong value", file=file, column="pooling", expected=wanted, seen=repr(value)
        )
    return value


def _check_name(file: Path, name: str) -> None:
    if not all(c.isascii() and (c.isalnum() or c in "._-") for c in name) or not name[0].isalnum():
        wanted = "letters, digits, '.', '_' and '-', beginning with a letter or digit"
        raise InputError("wrong value", file=file, column="name", expected=wanted, seen=repr(name))


def _check_companions(file: Path, values: Mapping[str, Any]) -> None:
    """Class keys come together; a tokenizer belongs to text and to nothing else."""
    given = [key for key in _CLASS_KEYS if values[key] is not None]
    for key in _CLASS_KEYS:
        if given and key not in given:
            raise InputError(f"required key is missing beside {given[0]!r}", file=file, column=key)
    is_text = values["modality"] == "text"
    if is_text != (values["tokenizer"] is not None):
        message = "required key is missing" if is_text else "only a text card has a tokenizer"
        raise InputError(message, file=file, column="tokenizer")


def _inside(file: Path, key: str, value: str) -> Path:
    """The file ``value`` in the card's folder; links that lead out are refused like ``..``."""
    path = file.parent / value
    if Path(value).is_absolute() or not path.resolve().is_relative_to(file.parent.resolve()):
        raise InputError("must stay within the card's folder", file=file, column=key, seen=value)
    if not path.is_file():
        raise InputError("names a file that is not there", file=file, column=key, seen=value)
    return path


def _class_names(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError("is not UTF-8 text with one class name a line", file=path) from None
    names = tuple(line.strip() for line in lines)
    while names and not names[-1]:
        names = names[:-1]
    if not names or not all(names):
        row = names.index("") + 1 if names else None
        raise InputError("needs one class name on every line", file=path, row=row)
    return names
