"""Writes tiny copies of the E-MM1 data set, in every layout it is found in, with its traps.

    tree = make_emm1(tmp_path, layout="readme", captions=12, nn=2, triplets=24, eshot=True)
    tree.root, tree.folder("100m"), tree.path("100m", "infos/image.csv")
    tree.infos["100m", "image"]     what the tables say, as polars frames with our types
    tree.groups[1], tree.triplets

The tables are written with the standard library's csv module, so that reading them back is a test.
Traps inside: sparse text ids, infos in no order, ids of other files in the other split, captions
that look like numbers or hold quotes and line breaks, licences with commas, file ids that look like
numbers, audio that lies in ``video/``, captions no group uses, repeated and disputed triplets.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

GROUP_ORDER = ("video", "audio", "image", "points")
MEDIA = ("image", "audio", "video", "points")
FOLDERS = {
    "git": ("datasets/e-mm1_100m", "datasets/e-mm1_1m", "datasets/eshot"),
    "tree": ("e-mm1_100m", "e-mm1_1m", "eshot"),
    "readme": ("encord_phase_1_dataset", "encord_phase_2_dataset", "eshot"),
    "early": ("data/encord_phase_1_dataset", "data/encord_phase_2_dataset", "data/eshot"),
    "split": ("encord_split_1_dataset", "encord_split_2_dataset", "eshot"),
}
LAYOUTS = (*FOLDERS, "hub")
"""Folders of tables, and ``hub``: Parquet files with file names in the place of ids."""

TRAPPY_CAPTIONS = (
    "a dog barks",
    "null",
    "NA",
    "007",
    "1e5",
    "True",
    'someone says "stop, please" twice',
    "first line\nsecond line",
    "one line\r\nanother line",
    " spaces around ",
    '"',
    "犬が川のそばで吠える 🙂",
    "# not a comment",
    "=SUM(A1)",
    ", ",
    "NaN",
    "tab\there; semicolon",
    "",
)
LABELS = {1: "Good Match", 2: "Partial Match", 3: "Bad Match"}
PAIRS = (
    ("audio", "points"), ("image", "points"), ("video", "points"),
    ("audio", "image"), ("image", "audio"),
)  # fmt: skip
"""The pairs that were rated: paired, annotated. Audio and video, image and video never were."""

_SOURCES = {
    "image": (("COCO", "CC BY 4.0"), ("Google Conceptual Captions", "Free to use, see source")),
    "audio": (("AudioSet", "CC BY 4.0"), ("WavCaps", "Academic use")),
    "video": (("Valor", "CC BY-NC 4.0"), ("VidGen-1M", "CC BY 4.0")),
    "points": (("Objaverse", "ODC-By 1.0"), ("ABO", "CC BY 4.0")),
}
_TIMED = ("youtube_id", "start_time", "end_time")
_INFO_COLUMNS = {
    "image": ("file_id",),
    "audio": _TIMED,
    "video": ("youtube_id", "file_id", "start_time", "end_time"),
    "points": ("file_id",),
}

Row = dict[str, Any]


@dataclass
class Tree:
    """What was written.

    Attributes:
        root: What to open.
        layout: One of `LAYOUTS`.
        infos: (split, modality) -> the table in file order; text is one of the modalities.
        groups: Rank -> the table in file order.
        triplets: The table in file order.
        present: Media files that were written, relative to the root.
    """

    root: Path
    layout: str
    infos: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)
    groups: dict[int, pl.DataFrame] = field(default_factory=dict)
    triplets: pl.DataFrame = field(default_factory=pl.DataFrame)
    present: set[str] = field(default_factory=set)

    def folder(self, split: str) -> Path:
        """Return the folder of ``100m``, ``1m`` or ``eshot``."""
        return self.root / FOLDERS[self.layout][("100m", "1m", "eshot").index(split)]

    def path(self, split: str, name: str) -> Path:
        """Return a file of a split, such as ``infos/image.csv`` or ``nn_1/data_groups.csv``."""
        return self.folder(split) / name

    def item_path(self, split: str, modality: str, number: int) -> str | None:
        """Return where the file of an item belongs, as plain arithmetic; None for unknown ids."""
        table = self.infos[split, modality].filter(pl.col(f"encord_{modality}_id") == number)
        if table.is_empty():
            return None
        name, save_folder = table["file_name"][0], table["save_folder"][0]
        folders = ("audio", "video") if modality == "audio" else (modality,)
        inside = [f"{save_folder}/{folder}/{name}" for folder in folders]
        found = next((path for path in inside if path in self.present), inside[-1])
        return f"{self.root}/{found}"

    def caption(self, split: str, number: int) -> str | None:
        """Return a caption; None for unknown ids."""
        table = self.infos[split, "text"].filter(pl.col("encord_text_id") == number)
        return None if table.is_empty() else table["caption"][0]

    def expected_groups(
        self,
        nn: Sequence[int] = (1,),
        modalities: Sequence[str] = MEDIA,
        *,
        captions: bool = True,
        paths: bool = False,
    ) -> pl.DataFrame:
        """Return what ``groups`` should give, made row by row."""
        rows = []
        for rank in nn:
            for group in self.groups[rank].iter_rows(named=True):
                row = {"encord_text_id": group["encord_text_id"], "nn_index": rank}
                if captions:
                    row["caption"] = self.caption("100m", group["encord_text_id"])
                row |= {f"encord_{m}_id": group[f"encord_{m}_id"] for m in modalities}
                if paths:
                    row |= {
                        f"{m}_path": self.item_path("100m", m, group[f"encord_{m}_id"])
                        for m in modalities
                    }
                rows.append(row)
        return pl.DataFrame(rows, schema=group_schema(modalities, captions=captions, paths=paths))


def group_schema(
    modalities: Sequence[str] = MEDIA, *, captions: bool = True, paths: bool = False
) -> dict[str, Any]:
    """Return the columns and types that ``groups`` should have."""
    schema: dict[str, Any] = {"encord_text_id": pl.UInt32, "nn_index": pl.UInt16}
    if captions:
        schema["caption"] = pl.String
    schema |= {f"encord_{m}_id": pl.UInt32 for m in modalities}
    if paths:
        schema |= {f"{m}_path": pl.String for m in modalities}
    return schema


def make_emm1(
    root: Path,
    layout: str = "git",
    *,
    captions: int = 12,
    nn: int = 2,
    items: int = 8,
    triplets: int = 24,
    eshot: bool = False,
    media: bool = False,
    texts: Sequence[str] = TRAPPY_CAPTIONS,
    seed: int = 0,
) -> Tree:
    """Write a tree and return what is in it.

    Args:
        root: A folder; made if it is not there.
        layout: One of `LAYOUTS`. ``early`` has the older save_folder values and headers too.
        captions: Groups of each rank; 0 leaves the 100m split out.
        nn: How many ranks.
        items: Items of each modality and split.
        triplets: Rows of ``triplets.csv``; 0 leaves the 1m split out.
        eshot: Whether to write EShot: four sounds and four clouds in two categories.
        media: Whether to write media: files that hold their name, every fifth one absent.
        texts: Captions, taken in turn.
        seed: Of everything random.
    """
    rng = random.Random(seed)
    tree = Tree(root, layout)
    root.mkdir(parents=True, exist_ok=True)
    if captions:
        _make_infos(tree, "100m", items, captions, texts, rng)
        _make_groups(tree, nn, captions, rng)
    if triplets:
        _make_infos(tree, "1m", items, max(4, captions // 2), texts, rng)
        _make_triplets(tree, triplets, rng)
    if media:
        _write_media(tree)
    (_write_hub if layout == "hub" else _write_tables)(tree)
    if eshot and layout != "hub":
        _write_eshot(tree, media=media)
    return tree


def write_csv(
    path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]], *, end: str = "\n"
) -> Path:
    """Write a table with the standard library, None as an empty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator=end)
        writer.writerow(header)
        writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return path


def write_frame(path: Path, frame: pl.DataFrame) -> Path:
    """Write a frame with the standard library."""
    return write_csv(path, frame.columns, frame.iter_rows())


def write_pointer(path: Path, size: int = 264_370_076) -> Path:
    """Put a Git LFS pointer in the place of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize {size}\n"
    )
    return path


def edit_lines(path: Path, change: Mapping[int, str | None]) -> None:
    """Replace lines of a text file by number, from 1; None removes one."""
    lines = path.read_text(encoding="utf-8").split("\n")
    kept = [change.get(n, line) for n, line in enumerate(lines, 1)]
    path.write_text("\n".join(line for line in kept if line is not None), encoding="utf-8")


def exchange_roles(tree: Tree) -> None:
    """Write ``triplets.csv`` as copies of mid-October 2025 have it: the two roles swapped."""
    paired = {"paired_modality": "annotated_modality", "encord_paired_id": "encord_annotated_id"}
    swapped = tree.triplets.rename(paired | {new: old for old, new in paired.items()})
    tree.triplets = swapped.select(tree.triplets.columns)
    write_frame(tree.path("1m", "triplets.csv"), tree.triplets)


# ------------------------------------------------------------------------------------------ items


def _make_infos(
    tree: Tree, split: str, items: int, captions: int, texts: Sequence[str], rng: random.Random
) -> None:
    for modality in MEDIA:
        ids = rng.sample(range(items + 3), items)
        rows = [_item(tree, split, modality, number, place) for place, number in enumerate(ids)]
        schema = {f"encord_{modality}_id": pl.UInt32, **dict.fromkeys(list(rows[0])[1:], pl.String)}
        schema |= {c: pl.Float64 for c in ("start_time", "end_time") if c in schema}
        tree.infos[split, modality] = pl.DataFrame(rows, schema=schema)
    numbers = sorted({0, *rng.sample(range(1, 3 * captions + 9), captions + 2)})
    sources = [source for m in ("audio", "image", "video") for source in _SOURCES[m]]
    rows = [
        {
            "encord_text_id": number,
            "source_dataset": sources[place % len(sources)][0],
            "dataset_license": sources[place % len(sources)][1],
            "caption": texts[place % len(texts)],
        }
        for place, number in enumerate(numbers)
    ]
    schema = {"encord_text_id": pl.UInt32, **dict.fromkeys(list(rows[0])[1:], pl.String)}
    tree.infos[split, "text"] = pl.DataFrame(rows, schema=schema)


def _item(tree: Tree, split: str, modality: str, number: int, place: int) -> Row:
    source, license_ = _SOURCES[modality][place % 2]
    only = {
        "early": {"100m": "phase_1_only", "1m": "phase_2_only"},
    }.get(tree.layout, {"100m": "e-mm1_100m_only", "1m": "e-mm1_1m_only"})[split]
    shared = place % 4 == 1
    stem = f"{'both' if shared else split}-{modality}-{place}"
    cells: dict[str, Any] = {
        "youtube_id": f"-{stem}",
        "file_id": ("007", "1e5", "null", f"https://example.org/{stem}.jpg?w=8,h=8")[place % 4],
        "start_time": 10.0 + place,
        "end_time": 20.0 + place,
    }
    if modality == "video" and source == "VidGen-1M":
        cells |= {"youtube_id": "", "start_time": None, "end_time": None}
    ending = {"image": ".jpg", "points": ".npy"}.get(modality, ".mp4")
    return {
        f"encord_{modality}_id": number,
        "source_dataset": source,
        "dataset_license": license_,
        **{name: cells[name] for name in _INFO_COLUMNS[modality]},
        "file_name": stem + ending,
        "save_folder": "shared" if shared else only,
    }


def _ids(tree: Tree, split: str, modality: str) -> list[int]:
    return tree.infos[split, modality][f"encord_{modality}_id"].to_list()


def _make_groups(tree: Tree, nn: int, captions: int, rng: random.Random) -> None:
    text_ids = sorted(rng.sample(_ids(tree, "100m", "text"), captions))
    for rank in range(1, nn + 1):
        columns: Row = {"encord_text_id": text_ids}
        for modality in GROUP_ORDER:
            known = _ids(tree, "100m", modality)
            columns[f"encord_{modality}_id"] = [rng.choice(known) for _ in text_ids]
        frame = pl.DataFrame(columns).cast(pl.UInt32)
        tree.groups[rank] = frame.with_columns(pl.lit(rank, dtype=pl.UInt32).alias("nn_index"))


def _make_triplets(tree: Tree, n: int, rng: random.Random) -> None:
    texts = tree.infos["1m", "text"]
    native = {source: m for m in MEDIA for source, _ in _SOURCES[m]}
    rows: list[Row] = []
    place = 0
    while len(rows) < n:
        caption = texts.row(place % texts.height, named=True)
        paired = native[caption["source_dataset"]]
        others = [b for a, b in PAIRS if a == paired]
        annotated = others[place // texts.height % len(others)]
        row = {
            "encord_text_id": caption["encord_text_id"],
            "paired_modality": paired,
            "annotated_modality": annotated,
            "encord_paired_id": rng.choice(_ids(tree, "1m", paired)),
            "encord_annotated_id": rng.choice(_ids(tree, "1m", annotated)),
            "annotation": rng.choice((1, 2, 3)),
        }
        rows.append(row)
        if place % 5 == 0:
            rows.append(row)
        if place % 7 == 0:
            rows.append(row | {"annotation": row["annotation"] % 3 + 1})
        place += 1
    schema = {
        "encord_text_id": pl.UInt32, "paired_modality": pl.String, "annotated_modality": pl.String,
        "encord_paired_id": pl.UInt32, "encord_annotated_id": pl.UInt32, "annotation": pl.UInt8,
    }  # fmt: skip
    tree.triplets = pl.DataFrame(rows[:n], schema=schema)


# ------------------------------------------------------------------------------------------ files


def _write_tables(tree: Tree) -> None:
    for (split, modality), frame in tree.infos.items():
        write_frame(tree.path(split, f"infos/{modality}.csv"), _whole_times(frame))
    for rank, frame in tree.groups.items():
        write_frame(tree.path("100m", f"nn_{rank}/data_groups.csv"), frame)
    if tree.triplets.height:
        names = tree.triplets.columns
        if tree.layout == "early":
            names = [EARLY_HEADER.get(name, name) for name in names]
        write_csv(tree.path("1m", "triplets.csv"), names, tree.triplets.iter_rows())
        mapping = [
            (c, "No Match" if tree.layout == "early" and c == 3 else LABELS[c]) for c in LABELS
        ]
        write_csv(tree.path("1m", "annotation_mapping.csv"), ("annotation", "label"), mapping)


EARLY_HEADER = {
    "paired_modality": "modality_1",
    "annotated_modality": "modality_2",
    "encord_paired_id": "encord_modality_1_id",
    "encord_annotated_id": "encord_modality_2_id",
}


def _whole_times(frame: pl.DataFrame) -> pl.DataFrame:
    times = [c for c in ("start_time", "end_time") if c in frame.columns]
    return frame.with_columns(pl.col(times).cast(pl.Int64)) if times else frame


def _write_media(tree: Tree) -> None:
    """Write a file for four items of five, and one sound of the 100m split also in ``audio/``."""
    for (_, modality), frame in tree.infos.items():
        if modality == "text":
            continue
        for place, row in enumerate(frame.iter_rows(named=True)):
            if place % 5 == 4:
                continue
            folder = "video" if modality == "audio" and place != 2 else modality
            inside = f"{row['save_folder']}/{folder}/{row['file_name']}"
            path = tree.root / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(row["file_name"])
            tree.present.add(inside)


def _write_eshot(tree: Tree, *, media: bool) -> None:
    folder = tree.folder("eshot")
    audio = [
        (n, f"yt{n}", 10 * n, 10 * n + 10, f"yt{n}_{10 * n}.mp4", "eshot") for n in (2, 0, 3, 1)
    ]
    points = [(n, f"{n:032x}", f"{n:032x}.npy", "eshot") for n in (1, 3, 0, 2)]
    names = ("youtube_id", "start_time", "end_time", "file_name", "save_folder")
    key = "object_id" if tree.layout == "early" else "file_id"
    write_csv(folder / "eshot_audio_info.csv", ("eshot_audio_id", *names), audio)
    header = ("eshot_point_id", key, "file_name", "save_folder")
    write_csv(folder / "eshot_points_info.csv", header, points)
    sounds = {"dog": [3, 0], "bell_(metal)": [1, 2]}
    clouds = {"bell_(metal)": [f"{n:032x}" for n in (2, 3)], "dog": [f"{n:032x}" for n in (0, 1)]}
    (folder / "category_to_audio_ids.json").write_text(json.dumps(sounds))
    (folder / "category_to_point_ids.json").write_text(json.dumps(clouds))
    for inside, rows in (("audio", audio), ("points", points)) if media else ():
        for row in rows:
            path = tree.root / "eshot" / inside / row[-2]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(row[-2])


def _write_hub(tree: Tree) -> None:
    data = tree.root / "data"
    data.mkdir()
    for rank, frame in tree.groups.items():
        wide = frame
        for modality in ("text", *GROUP_ORDER):
            facts = tree.infos["100m", modality]
            names = ["source_dataset", "dataset_license", "file_name", "save_folder"]
            kept = [name for name in names if name in facts.columns]
            facts = facts.select(
                f"encord_{modality}_id",
                *(pl.col(name).alias(f"{name}_{modality}") for name in kept),
                *(["caption"] if modality == "text" else []),
            )
            wide = wide.join(facts, on=f"encord_{modality}_id", how="left", maintain_order="left")
        wide = wide.with_columns(pl.col("nn_index").cast(pl.Int64))
        columns = [c for c in wide.columns if not c.startswith("encord_")]
        wide.select(columns).write_parquet(data / f"nn_{rank:02d}.parquet")
    if tree.triplets.height:
        _write_hub_ratings(tree, data)


def _write_hub_ratings(tree: Tree, data: Path) -> None:
    for pair in PAIRS:
        rows = []
        for row in tree.triplets.iter_rows(named=True):
            if (row["paired_modality"], row["annotated_modality"]) != pair:
                continue
            places = [
                (tree.item_path("1m", m, row[f"encord_{side}_id"]) or "")[len(str(tree.root)) + 1 :]
                for side, m in zip(("paired", "annotated"), pair, strict=True)
            ]
            rows.append(
                {
                    "caption": tree.caption("1m", row["encord_text_id"]),
                    "annotation_str": LABELS[row["annotation"]],
                    "paired_file_path": places[0],
                    "annotated_file_path": places[1],
                }
            )
        if rows:
            pl.DataFrame(rows).write_parquet(data / f"{pair[0]}_to_{pair[1]}.parquet")
