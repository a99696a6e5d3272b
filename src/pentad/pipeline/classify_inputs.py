"""What is to be classified: files, folders and tables, or the items of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pentad.core.errors import InputError, Reason
from pentad.core.modality import Modality
from pentad.embeddings.fetch_ahead import Source
from pentad.evaluation.class_labels import read_utf8
from pentad.media.formats import modality_of
from pentad.sources.read import read_source
from pentad.sources.rows import TABLE_SUFFIXES
from pentad.store.captions import caption_key, clean_caption
from pentad.store.items import Items
from pentad.store.listing import Listing
from pentad.store.remote.addresses import is_address
from pentad.store.segments import segment_of


@dataclass(frozen=True)
class Unclassified:
    """Something that could not be classified.

    Attributes:
        item: Its path, or its text.
        modality: What it is; None where nobody knows.
        reason: One line for people.
    """

    item: str
    modality: Modality | None
    reason: str

    def to_json(self) -> dict[str, str | None]:
        """Return plain values."""
        kind = "text" if self.modality is Modality.TEXT else "file"
        modality = self.modality.value if self.modality else None
        return {kind: self.item, "modality": modality, "refused": self.reason}


@dataclass
class Asked:
    """The items of one modality.

    Attributes:
        names: What each is called in results: its path, or its text.
        sources: What is encoded: paths, or texts.
        hints: For each what its class may be called: a concept, or folders, the nearest first.
    """

    names: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    hints: list[tuple[str, ...]] = field(default_factory=list)

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.names)

    def add(self, name: str, source: Source, hints: Iterable[str]) -> None:
        """Add one item."""
        self.names.append(name)
        self.sources.append(source)
        self.hints.append(tuple(hints))

    def own(self, keys: Mapping[str, str]) -> list[str | None]:
        """Return the class of each item, where one of its hints means one.

        Args:
            keys: What `pentad.evaluation.class_labels.label_keys` gave for the classes.
        """
        found = (((keys.get(caption_key(hint))) for hint in hints) for hints in self.hints)
        return [next((name for name in each if name is not None), None) for each in found]


@dataclass
class Inputs:
    """All that is to be classified, by modality, and what cannot be."""

    asked: dict[Modality, Asked] = field(default_factory=dict)
    refused: list[Unclassified] = field(default_factory=list)
    _seen: set[tuple[Modality, str]] = field(default_factory=set)

    def add(self, modality: Modality, name: str, source: Source, hints: Iterable[str]) -> None:
        """Add one item, unless it is there already."""
        if (modality, name) not in self._seen:
            self._seen.add((modality, name))
            self.asked.setdefault(modality, Asked()).add(name, source, hints)


def gather_files(paths: Sequence[str | Path], modality: Modality | None = None) -> Inputs:
    """Return what lies under some paths, each file once.

    Args:
        paths: Files, folders, tables; with modality ``text`` also ``.txt`` files of a text a line.
        modality: Take these only; None for all, told by the ending of each file.

    Raises:
        InputError: The only path is a folder or table that cannot be read or used.
    """
    inputs = Inputs()
    for path in paths:
        try:
            _gather(inputs, str(path), modality)
        except InputError as error:
            if len(paths) == 1:
                raise
            inputs.refused.append(Unclassified(str(path), None, str(error)))
    return inputs


def gather_items(items: Items) -> Asked:
    """Return the items of a workspace; captions have no class of their own."""
    if items.modality is Modality.TEXT:
        return Asked(items.captions, list(items.captions), [()] * len(items))
    concepts = items.frame["concept"].to_list()
    hints: list[tuple[str, ...]] = [() if each is None else (each,) for each in concepts]
    paths = items.paths()
    return Asked([str(path) for path in paths], list(paths), hints)


def _gather(inputs: Inputs, path: str, modality: Modality | None) -> None:
    suffix = Path(segment_of(path).file).suffix.lower()
    if suffix == ".txt" and Path(path).is_file():
        _lines(inputs, path, modality)
    elif is_address(path) or Path(path).is_dir() or suffix in (*TABLE_SUFFIXES, ".tar"):
        _source(inputs, path, modality)
    else:
        kind = modality or modality_of(segment_of(path).file)
        if kind is None or kind is Modality.TEXT:
            inputs.refused.append(Unclassified(path, None, _unknown(path)))
        else:
            inputs.add(kind, path, Path(path), (Path(path).absolute().parent.name,))


def _source(inputs: Inputs, path: str, modality: Modality | None) -> None:
    listing = read_source(path, modality=modality)
    root = _root_as_given(path, listing)
    for kind, name, source, hints in _listed(listing, root):
        if kind is modality or (modality is None and kind is not Modality.TEXT):
            inputs.add(kind, name, source, hints)
    inputs.refused += _rejected(listing, root, modality)


def _lines(inputs: Inputs, path: str, modality: Modality | None) -> None:
    if modality is not Modality.TEXT:
        reason = f"{Reason.UNSUPPORTED.value}: texts are classified with --modality text"
        inputs.refused.append(Unclassified(path, None, reason))
        return
    for line in read_utf8(Path(path)).splitlines():
        text = clean_caption(line)
        if text:
            inputs.add(Modality.TEXT, text, text, ())


def _listed(listing: Listing, root: str) -> Iterator[tuple[Modality, str, Source, tuple[str, ...]]]:
    """Yield modality, name, source and hints of every file of a listing, or of every text."""
    rows = listing.rows.select("modality", "file", "caption", "concept").iter_rows()
    for name, file, caption, concept in rows:
        kind = Modality(name)
        if kind is Modality.TEXT and caption:
            yield kind, caption, caption, () if concept is None else (concept,)
        elif kind is not Modality.TEXT and file:
            path = listing.root / file
            yield kind, f"{root}{file}", path, (concept,) if concept else _folders(listing, file)


def _root_as_given(path: str, listing: Listing) -> str:
    """Return the folder that files are relative to, as the user wrote it, with what follows it."""
    root, given = listing.root, Path(path)
    if isinstance(root, Path):
        for folder in (given, given.parent):
            if folder.resolve() == root.resolve():
                return "" if folder == Path() else f"{folder}/".replace("//", "/")
    return f"{root}/"


def _folders(listing: Listing, file: str) -> tuple[str, ...]:
    """Return the names of the folders that a file lies in, nearest first, the source's included."""
    above = [part.name for part in PurePosixPath(file).parents if part.name]
    return (*above, str(listing.root).rstrip("/").rpartition("/")[2])


def _rejected(listing: Listing, root: str, modality: Modality | None) -> Iterator[Unclassified]:
    for each in listing.rejections:
        if modality is None or each.modality in ("", modality):
            row = "" if each.row is None else f":{each.row}"
            kind = Modality(each.modality) if each.modality else None
            reason = f"{each.reason.value}: {each.detail}"
            yield Unclassified(f"{root}{each.path}{row}", kind, reason)


def _unknown(path: str) -> str:
    if not Path(path).exists():
        return f"{Reason.MISSING_FILE.value}: there is no such file or folder"
    return f"{Reason.UNSUPPORTED.value}: the ending is of no known kind; --modality says what it is"


def require_some(inputs: Inputs) -> None:
    """Refuse to go on with nothing, saying why there is nothing.

    Raises:
        InputError: There is no item.
    """
    if not any(len(asked) for asked in inputs.asked.values()):
        raise nothing_left(inputs.refused)


def nothing_left(refused: Sequence[Unclassified]) -> InputError:
    """Return the error for inputs of which none could be classified."""
    if not refused:
        return InputError("there is nothing to classify")
    first, more = refused[0], len(refused) - 1
    others = f", and {more} more" if more else ""
    return InputError(f"nothing could be classified: {first.item}: {first.reason}{others}")
