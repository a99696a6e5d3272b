"""Where the members of a tar lie: its headers are read once, its contents not at all.

The formats are ustar of POSIX.1 with pax extended headers, and GNU's with long names. Members are
regular files under a name that stays within the archive: directories are nothing, and links,
devices, sparse files, absolute names and names with ``..`` are listed as passed over. Where the
archive is damaged or cut short, what comes before the damage is still there.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pentad.core.errors import Reason

BLOCK = 512
KEPT_TARS = 8
"""Archives whose members are kept in mind; a member takes about 250 bytes."""

_LONGEST_EXTRA = 1 << 20
_REGULAR = frozenset(b"\x00 07")
_WITHOUT_CONTENT = frozenset(b"123456")
_LONG_NAME, _LONG_LINK, _SPARSE, _PAX, _PAX_GLOBAL, _SUN = b"LKSxgX"
_KINDS = {
    ord("1"): "a hard link",
    ord("2"): "a link",
    ord("3"): "a device",
    ord("4"): "a device",
    ord("6"): "a pipe",
    _SPARSE: "a sparse file",
}
_PACKED = {
    b"\x1f\x8b": "gzip -d",
    b"BZh": "bzip2 -d",
    b"\xfd7zXZ\x00": "xz -d",
    b"\x28\xb5\x2f\xfd": "zstd -d",
}
PACKED_SUFFIXES = (".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
"""How compressed tars are named; no member of one can be read without all that comes before."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something of an archive is not used.

    Attributes:
        reason: Typed reason.
        detail: One line for people.
    """

    reason: Reason
    detail: str


@dataclass(frozen=True, eq=False)
class TarIndex:
    """The members of one archive.

    Attributes:
        members: Name -> offset and size of its bytes, in the archive's order. Of several members
            of one name the last counts, as it does when an archive is unpacked.
        passed: Name and what is wrong with it, of everything that is no usable member.
        damage: Where and how reading ended too early; None for a whole archive.
    """

    members: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    passed: tuple[tuple[str, Fault], ...] = ()
    damage: Fault | None = None


def tar_index(path: str | Path) -> TarIndex:
    """Return the members of an archive; the ones used last are kept, and read anew when changed.

    Raises:
        OSError: It cannot be read. A file that is no archive has no members, and says why.
    """
    info = os.stat(path)  # noqa: PTH116  one stat is all that a kept index costs
    return _kept_index(os.fspath(path), info.st_size, info.st_mtime_ns)


@lru_cache(maxsize=KEPT_TARS)
def _kept_index(path: str, _size: int, _mtime_ns: int) -> TarIndex:
    return read_tar_index(Path(path))


def read_tar_index(path: Path) -> TarIndex:
    """Read the headers of an archive from the first to the last.

    Raises:
        OSError: It cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _Reader(descriptor).index()
    finally:
        os.close(descriptor)


class _Damaged(Exception):
    """What is wrong; never leaves this module."""

    def __init__(self, detail: str, reason: Reason = Reason.CORRUPT) -> None:
        self.fault = Fault(reason, detail)
        super().__init__(detail)


def _cut(detail: str) -> _Damaged:
    return _Damaged(f"cut short at byte {detail}", Reason.TRUNCATED)


@dataclass
class _Extra:
    """What headers before a member's own say of it."""

    name: str | None = None
    size: int | None = None
    sparse: bool = False


class _Reader:
    def __init__(self, descriptor: int) -> None:
        self._file = descriptor
        self._size = os.fstat(descriptor).st_size
        self._at = 0
        self._members: dict[str, tuple[int, int]] = {}
        self._passed: list[tuple[str, Fault]] = []

    def index(self) -> TarIndex:
        damage = None
        try:
            extra = _Extra()
            while (header := self._header()) is not None:
                extra = self._entry(header, extra)
        except _Damaged as error:
            damage = error.fault
        return TarIndex(self._members, tuple(self._passed), damage)

    def _header(self) -> bytes | None:
        """Return the next header; None at the end, with its two empty blocks or without."""
        header = self._read(self._at, BLOCK)
        if not header and self._at >= self._size > 0:
            return None
        if header.count(0) == BLOCK:
            return None
        if len(header) < BLOCK or not _is_checked(header):
            raise self._no_header(header)
        return header

    def _no_header(self, header: bytes) -> _Damaged:
        if self._at and len(header) < BLOCK:
            return _cut(f"{self._size:,}")
        if self._at:
            return _Damaged(f"damaged at byte {self._at:,}")
        tool = next((t for magic, t in _PACKED.items() if header.startswith(magic)), None)
        text = f"a compressed tar; unpack it first ({tool})" if tool else "not a tar"
        return _Damaged(text, Reason.UNSUPPORTED)

    def _entry(self, header: bytes, extra: _Extra) -> _Extra:
        """Take one entry; return what it says of the next."""
        kind = header[156]
        size = _number(header[124:136], self._at)
        if kind in (_LONG_NAME, _LONG_LINK, _PAX, _SUN, _PAX_GLOBAL):
            return self._described(kind, self._extra(size), extra)
        name = _name(header) if extra.name is None else extra.name
        start = self._at + BLOCK
        if kind == _SPARSE:
            start = self._after_sparse(header, start)
        size = 0 if kind in _WITHOUT_CONTENT else size if extra.size is None else extra.size
        if start + size > self._size:
            raise _cut(f"{self._size:,}, within {name!r}")
        self._take(name, _SPARSE if extra.sparse else kind, start, size)
        self._at = start + _padded(size)
        return _Extra()

    def _take(self, name: str, kind: int, start: int, size: int) -> None:
        if kind == ord("5") or (kind in _REGULAR and name.endswith("/")):
            return
        inner = inner_name(name)
        if kind not in _REGULAR:
            self._pass(name, Reason.UNSUPPORTED, _KINDS.get(kind, "of a kind that is not known"))
        elif inner is None:
            self._pass(name, Reason.OUTSIDE_ROOT, "a name that leads out of the archive")
        else:
            if inner in self._members:
                self._pass(name, Reason.DUPLICATE, "a later member has the same name")
                del self._members[inner]  # its place in the order is that of the last one
            self._members[inner] = start, size

    def _pass(self, name: str, reason: Reason, detail: str) -> None:
        self._passed.append((name, Fault(reason, detail)))

    def _extra(self, size: int) -> bytes:
        """Return the content of an entry that describes the next, and go on behind it."""
        if size > _LONGEST_EXTRA:
            raise _Damaged(f"damaged at byte {self._at:,}: a header of {size:,} bytes")
        content = self._read(self._at + BLOCK, size)
        if len(content) < size:
            raise _cut(f"{self._size:,}")
        self._at += BLOCK + _padded(size)
        return content

    def _described(self, kind: int, content: bytes, extra: _Extra) -> _Extra:
        if kind == _LONG_NAME:
            return _Extra(_text(content), extra.size, extra.sparse)
        if kind in (_PAX, _SUN):
            return _pax(content, extra, self._at)
        return extra

    def _after_sparse(self, header: bytes, start: int) -> int:
        """Return where the content of an old sparse file begins: behind the rest of its map."""
        more = header[482]
        while more:
            block = self._read(start, BLOCK)
            if len(block) < BLOCK:
                raise _cut(f"{self._size:,}")
            start, more = start + BLOCK, block[504]
        return start

    def _read(self, start: int, size: int) -> bytes:
        return os.pread(self._file, size, start)


def inner_name(name: str) -> str | None:
    """Return a member's name as it is looked up: ``./a//b`` is ``a/b``; None if it leads out."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or not parts or "\0" in name:
        return None
    return "/".join(parts)


def no_member(path: str | Path, inner: str, index: TarIndex) -> FileNotFoundError:
    """Return the error for a name that an archive does not have."""
    why = f"{inner!r} is not in the tar"
    if index.damage is not None:
        why += f" ({index.damage.detail})"
    return FileNotFoundError(errno.ENOENT, why, os.fspath(path))


def _is_checked(header: bytes) -> bool:
    """Return whether the sum in a header is that of its bytes, signed as some write it or not."""
    try:
        stated = _octal(header[148:156])
    except ValueError:
        return False
    rest = header[:148] + header[156:]
    plain = 8 * 0x20 + sum(rest)
    return stated == plain or stated == plain - 256 * sum(byte > 0x7F for byte in rest)


def _number(field_: bytes, at: int) -> int:
    """Return a size: octal, or binary where the first bit is set."""
    try:
        if field_[0] == 0x80:
            return int.from_bytes(field_[1:], "big")
        if field_[0] & 0x80:
            raise ValueError("negative")
        return _octal(field_)
    except ValueError:
        raise _Damaged(f"damaged at byte {at:,}: no size") from None


def _octal(field_: bytes) -> int:
    text = field_.partition(b"\0")[0].strip()
    if text and not text.isdigit():
        raise ValueError("no digits")
    return int(text or b"0", 8)


def _name(header: bytes) -> str:
    name = _text(header[:100])
    if header[257:263] == b"ustar\0" and header[345]:
        return f"{_text(header[345:500])}/{name}"
    return name


def _text(field_: bytes) -> str:
    return field_.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _pax(content: bytes, extra: _Extra, at: int) -> _Extra:
    """Return what pax records say: ``length key=value`` and a line end, one after the other."""
    found = _Extra(extra.name, extra.size, extra.sparse)
    while content:
        length, blank, _ = content.partition(b" ")
        size = int(length) if blank and length.isdigit() and len(length) < 8 else 0
        key, equals, value = content[len(length) + 1 : size - 1].partition(b"=")
        if not equals or size > len(content) or content[size - 1 : size] != b"\n":
            raise _Damaged(f"damaged before byte {at:,}: extended header")
        if key == b"path":
            found.name = _text(value)
        elif key == b"size" and value.isdigit() and len(value) < 20:
            found.size = int(value)
        elif key.startswith(b"GNU.sparse."):
            found.sparse = True
        content = content[size:]
    return found


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
