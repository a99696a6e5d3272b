"""WebDataset: tars whose members belong together by name.

    shards/00000.tar
      a/000017.jpg   a/000017.txt   a/000017.json        one sample: a/000017

A sample is what has one name up to the first dot of the last part of it; what follows the dot tells
what a member is. The format is described by the webdataset library (github.com/webdataset).

- Media are recognized by their ending; a part before it that names a modality decides, as in
  ``000017.audio.mp4``. Several media of one sample share its captions.
- ``.txt`` holds captions, one a line; ``.json`` may hold ``caption``, ``captions``, ``text`` or
  ``texts`` (a text or a list of them), ``license``, ``source`` and ``concept``; ``.cls`` is a
  concept. Equal captions of one sample count once.
- Hidden members, documents and other data about a sample are passed over; what else has an ending
  that is not known is refused, and so is what is no plain file.
- Where a tar is damaged, the samples before the damage count and the damage is listed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pentad.core.errors import InputError, Reason
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.media.formats import EXTENSIONS, modality_of
from pentad.sources.braces import expand_braces
from pentad.sources.collect import Collector, Entry
from pentad.sources.locate import Locator
from pentad.sources.refusal import Refused, unreadable
from pentad.sources.samples import SMALL, TEXT_SUFFIXES, Said, read_said
from pentad.sources.walk import is_document, walk
from pentad.store.listing import Listing
from pentad.store.tars import PACKED_SUFFIXES, TarIndex, tar_index

_DATA = (".npz", ".pth", ".pt", ".pyd", ".pkl", ".pickle", ".ten", ".id", ".index", ".url")
"""Endings of what says something about a sample and is none of its media."""


def list_webdataset(path: Path, *, modality: Modality | None, name: str) -> Listing:
    """Return the samples of one tar, of the tars in a folder, or of those a brace pattern names.

    Args:
        path: Tar, folder, or pattern such as ``shards/{00000..00012}.tar``.
        modality: Take only media of this modality. With ``text`` the captions alone.
        name: Name of the source.

    Raises:
        InputError: The pattern is none, or there is no tar.
    """
    root, shards = find_shards(path)
    collector = Collector(name, root)
    locator = Locator(root) if path.is_dir() else None
    for shard in shards:
        try:
            if locator is not None:
                locator.check(shard)  # a link in a folder must not lead to somebody's own tars
            index = tar_index(root / shard)
            with (root / shard).open("rb") as file:
                _Shard(collector, shard, file, index, modality).collect()
        except OSError as error:
            collector.refuse(shard, unreadable(error), modality=modality)
        except Refused as refused:
            collector.refuse(shard, refused, modality=modality)
    return collector.listing()


def find_shards(path: Path) -> tuple[Path, list[str]]:
    """Return a folder, and the tars that a path stands for relative to it; some may be missing.

    Raises:
        InputError: There is none.
    """
    if path.is_dir():
        names = [name for name, refused in walk(path) if refused is None]
        shards = [name for name in names if name.lower().endswith(".tar")]
        packed = [name for name in names if name.lower().endswith(PACKED_SUFFIXES)]
        if not shards:
            raise _packed(path / packed[0]) if packed else InputError("no tar in it", file=path)
        return path, shards
    if is_packed(path):
        raise _packed(path)
    if not is_pattern(path):
        return path.parent, [path.name]
    parts = path.parts
    first = next(place for place, part in enumerate(parts) if "{" in part)
    root = Path(*parts[:first])
    shards = list(dict.fromkeys(expand_braces("/".join(parts[first:]))))
    if not any((root / shard).is_file() for shard in shards):
        raise InputError(f"none of its {len(shards):,} tars is there", file=path)
    return root, shards


def is_pattern(path: Path) -> bool:
    """Return whether a path is a brace pattern and not the name of something that is there."""
    return "{" in str(path) and not os.path.lexists(path)


def is_packed(path: Path) -> bool:
    """Return whether a path is named as compressed tars are."""
    return path.name.lower().endswith(PACKED_SUFFIXES)


def _packed(path: Path) -> InputError:
    return InputError(
        "a compressed tar; members of one cannot be read alone, so unpack it first "
        f"(gzip -dk {path.name}, or as it is compressed)",
        file=path,
    )


class _Shard:
    """Adds the samples of one tar to a collector."""

    def __init__(
        self,
        collector: Collector,
        name: str,
        file: BinaryIO,
        index: TarIndex,
        modality: Modality | None,
    ) -> None:
        self._collector = collector
        self._name = name
        self._file = file
        self._index = index
        self._modality = modality

    def collect(self) -> None:
        """Add what is in the tar, and list what is not usable."""
        for member, fault in self._index.passed:
            self._refuse(Refused(fault.reason, fault.detail), member)
        for members in self._samples():
            self._sample(members)
        if (damage := self._index.damage) is not None:
            refused = Refused(damage.reason, damage.detail)
            self._collector.refuse(self._name, refused, modality=self._modality)

    def _samples(self) -> Iterator[list[str]]:
        """Yield the members of each sample, in the order in which samples begin."""
        samples: dict[str, list[str]] = {}
        for member in self._index.members:
            if member.startswith((".", "__MACOSX/")) or "/." in member:
                continue
            if not member.isascii() and not _is_unicode(member):
                refused = Refused(Reason.WRONG_ENCODING, "the member's name is not UTF-8")
                self._refuse(refused, member)
                continue
            samples.setdefault(sample_key(member), []).append(member)
        yield from samples.values()

    def _sample(self, members: Sequence[str]) -> None:
        texts = [m for m in members if m.lower().endswith(TEXT_SUFFIXES)]
        media = {m: kind for m in members if (kind := kind_of(m)) is not None}
        taken = {m: kind for m, kind in media.items() if self._takes(m, kind)}
        if self._modality is not Modality.TEXT:
            for member in members:
                if member not in media and member not in texts and not _is_data(member):
                    why = "the extension is not that of a known format"
                    self._refuse(Refused(Reason.UNSUPPORTED, why), member)
            if media and not taken:
                return
        said = read_said(self._contents(texts), self._refuse)
        if self._modality is Modality.TEXT:
            self._add(Modality.TEXT, "", said, members[0])
        elif taken:
            for member, kind in taken.items():
                self._add(kind, f"{self._name}/{member}", said, member)
        elif said.captions:
            why = "captions without a media file of that name"
            self._refuse(Refused(Reason.MISSING_FILE, why), texts[0])

    def _takes(self, member: str, kind: Modality) -> bool:
        wanted = self._modality
        if wanted is None or wanted is kind:
            return True
        return wanted is not Modality.TEXT and _suffix(member) in EXTENSIONS[wanted]

    def _add(self, kind: Modality, file: str, said: Said, member: str) -> None:
        kind = self._modality or kind
        captions: Sequence[str | None] = said.captions
        if not captions and file:
            captions = [None]
        for caption in captions:
            try:
                where = f"{self._name}/{member}"
                self._collector.add(Entry(kind, file, caption, said.as_facts, where))
            except Refused as refused:
                self._refuse(refused, member)

    def _contents(self, members: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for member in members:
            offset, size = self._index.members[member]
            if size > SMALL:
                self._refuse(Refused(Reason.TOO_LARGE, f"{size:,} bytes of text"), member)
                continue
            self._file.seek(offset)
            yield member, self._file.read(size)

    def _refuse(self, refused: Refused, member: str) -> None:
        path = f"{self._name}/{member}"
        self._collector.refuse(path, refused, modality=self._modality or kind_of(member))


def kind_of(member: str) -> Modality | None:
    """Return what a member is, None for no media.

    Examples:
        >>> kind_of("a/000017.audio.mp4")
        <Modality.AUDIO: 'audio'>
    """
    return _kind_of_ending(member.rpartition("/")[2].partition(".")[2].lower())


def sample_key(member: str) -> str:
    """Return what the members of one sample share: all up to the first dot of the last part.

    Examples:
        >>> sample_key("a.b/000017.audio.mp4")
        'a.b/000017'
    """
    folder, slash, name = member.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}"


@lru_cache(maxsize=4096)
def _kind_of_ending(ending: str) -> Modality | None:
    """Return what the members are that end so; all samples have the same few endings."""
    found = modality_of(f"x.{ending}")
    if found is None:
        return None
    hints = ending.split(".")[:-1]
    return next((m for m in MEDIA_MODALITIES if m.value in hints), found)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_data(member: str) -> bool:
    return is_document(member) or _suffix(member) in _DATA


def _suffix(member: str) -> str:
    return PurePosixPath(member.lower()).suffix
