"""The objects below a folder of a store, as the names of files that a disk can have."""

from __future__ import annotations

from dataclasses import dataclass, field

from pentad.core.errors import InputError, Reason
from pentad.sources.refusal import Refused
from pentad.store.remote.asking import asked
from pentad.store.remote.files import Version
from pentad.store.remote.objects import objects_of
from pentad.store.segments import segment_of

MOST_OBJECTS = 5_000_000
"""Objects of the largest folder that is listed: each takes about 400 bytes of memory."""

_LONGEST_PART = 255
_LONGEST = 3000


@dataclass
class Tree:
    """What lies below a folder.

    Attributes:
        files: Path relative to the folder -> what the store says of the object, by path.
        refused: Path and reason of each object that no file can stand for.
    """

    files: dict[str, Version] = field(default_factory=dict)
    refused: list[tuple[str, Refused]] = field(default_factory=list)


def list_tree(address: str) -> Tree:
    """Return everything below a folder; thousands of objects come with one request.

    Raises:
        InputError: There is no such bucket, it may not be listed, or it holds too much.
    """
    try:
        return asked(address, lambda: _tree(address))
    except OSError as error:
        raise InputError(f"cannot be listed ({error.strerror})", file=address) from None


def list_one(address: str) -> Tree:
    """Return a tree of a single object, or of none where it is not there.

    Raises:
        InputError: The store does not tell.
    """

    def question() -> Version:
        objects, key = objects_of(address)
        return objects.head(key)

    try:
        return Tree({address.rpartition("/")[2]: asked(address, question)})
    except FileNotFoundError:
        return Tree()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=address) from None


def _tree(address: str) -> Tree:
    objects, prefix = objects_of(address)
    tree = Tree()
    for listed in objects.listed(prefix):
        path = listed.key[len(prefix) + 1 :] if prefix else listed.key
        if not path or path.endswith("/"):
            continue  # an empty object that stands for a folder
        fault = _fault(path)
        if fault is None:
            tree.files[path] = listed.version
        else:
            tree.refused.append((path, fault))
        if len(tree.files) + len(tree.refused) > MOST_OBJECTS:
            raise InputError(
                f"holds more than {MOST_OBJECTS:,} objects; name a folder within", file=address
            )
    tree.files = dict(sorted(tree.files.items()))
    return tree


def _fault(path: str) -> Refused | None:
    """Return why an object's name cannot be that of a file."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        detail = "its name has empty parts, '.' or '..'; name the object anew"
        return Refused(Reason.OUTSIDE_ROOT, detail)
    sizes = [len(part.encode("utf-8", "surrogateescape")) for part in parts]
    if max(sizes) > _LONGEST_PART or sum(sizes) > _LONGEST or "\0" in path:
        return Refused(Reason.UNSUPPORTED, "no file can be called so; name the object anew")
    if segment_of(path).file != path:
        detail = "a name that ends in '#t=' means a part of a file; name the object anew"
        return Refused(Reason.UNSUPPORTED, detail)
    return None
