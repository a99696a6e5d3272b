"""What a clone's git configuration says, read without git."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import InputError

Key = tuple[str, str, str]
"""Section and key in lower case, the subsection between them as written or empty."""

_SECTION = re.compile(r'\[\s*([-.\w]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]')
_PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"|\\(.)|[#;].*|([^"\\#;]+)')
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Clone:
    """The working tree of a git repository.

    Attributes:
        top: Folder that holds ``.git``.
        config: The repository's own configuration.
        lfsconfig: What the tracked file ``.lfsconfig`` says, which whoever pushes can change.
    """

    top: Path
    config: Mapping[Key, str]
    lfsconfig: Mapping[Key, str]


def find_clone(folder: Path) -> Clone | None:
    """Return the clone that ``folder`` is or lies in, None where there is none."""
    for top in (folder.resolve(), *folder.resolve().parents):
        if (top / ".git").exists():
            config = parse_config(_text(_shared_folder(top / ".git") / "config"))
            return Clone(top, config, parse_config(_text(top / ".lfsconfig")))
    return None


def parse_config(text: str) -> dict[Key, str]:
    """Return the values of a git configuration file; of repeated keys the last one."""
    values: dict[Key, str] = {}
    section, sub = "", ""
    for line in _lines(text):
        rest = line
        if found := _SECTION.match(line):
            section, _, dotted = found[1].lower().partition(".")
            sub = dotted if found[2] is None else _ESCAPE.sub(r"\1", found[2])
            rest = line[found.end() :].strip()
        if rest and rest[0] not in "#;":
            name, given, value = rest.partition("=")
            values[section, sub, name.strip().lower()] = _value(value) if given else "true"
    return values


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\r\n", "").replace("\\\n", "").splitlines():
        yield line.strip()


def _value(raw: str) -> str:
    pieces = [found[1] or found[2] or found[3] or "" for found in _PIECE.finditer(raw.strip())]
    return _ESCAPE.sub(r"\1", "".join(pieces)).strip()


def _shared_folder(git: Path) -> Path:
    """Return the folder with the configuration; worktrees and submodules keep it elsewhere."""
    if git.is_dir():
        return git
    name = _text(git).strip()
    if not name.startswith("gitdir:"):
        raise InputError("neither a git folder nor a pointer to one", file=git)
    own = git.parent / name.removeprefix("gitdir:").strip()
    common = _text(own / "commondir").strip()
    return own / common if common else own


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:  # a name with a NUL in it is a ValueError
        raise InputError(f"cannot be read ({error})", file=path) from error
