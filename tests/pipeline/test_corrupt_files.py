"""Files that cannot be used: the run goes on without them, and every one is listed with why."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError, Reason
from pentad.pipeline.build import build
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.pipeline.shared import PAIR, K, part_of_world, results, rows_of, write_rows

pytestmark = [pytest.mark.usefixtures("short"), pytest.mark.slow]

COUNT = 10
SUFFIX = {"image": "png", "audio": "wav", "video": "mp4", "points": "ply"}


def truncated(whole: bytes, number: int) -> bytes:
    return whole[: 60 + number]


def garbage(whole: bytes, number: int) -> bytes:
    return np.random.default_rng(number).bytes(2000)


def empty(whole: bytes, number: int) -> bytes:
    return b""


def text(whole: bytes, number: int) -> bytes:
    return f"this is the text number {number}, whatever its name says".encode() * 20


def ply_with_nan(whole: bytes, number: int) -> bytes:
    header, _, body = whole.partition(b"end_header\n")
    values = bytearray(body)
    values[15 * number : 15 * number + 4] = struct.pack("<f", float("nan"))
    return header + b"end_header\n" + bytes(values)


def ply_of_nan_alone(whole: bytes, number: int) -> bytes:
    rows = "nan nan nan\n" * (number + 1)
    return (
        f"ply\nformat ascii 1.0\nelement vertex {number + 1}\n"
        f"property float x\nproperty float y\nproperty float z\nend_header\n{rows}"
    ).encode()


KINDS = {
    "truncated": truncated,
    "garbage": garbage,
    "empty": empty,
    "text": text,
}
POINT_KINDS = {"nan": ply_with_nan, "all-nan": ply_of_nan_alone}


def spoil(world: Path, modality: str) -> set[str]:
    """Add ten broken files of each kind to a modality, captioned like the others."""
    rows = rows_of(world, modality)
    whole = (world / modality / "files" / rows[0]["file_name"]).read_bytes()
    names = set()
    for kind, make in (KINDS | (POINT_KINDS if modality == "points" else {})).items():
        for number in range(COUNT):
            name = f"{kind}-{number}.{SUFFIX[modality]}"
            (world / modality / "files" / name).write_bytes(make(whole, number))
            names.add(name)
            rows.append({**rows[number % 4], "file_name": name})
    write_rows(world, modality, rows)
    return names


@pytest.fixture
def spoilt(little_world: Path, tmp_path: Path) -> tuple[Path, dict[str, set[str]]]:
    """A world of six good files and forty to sixty broken ones of each modality."""
    world = part_of_world(little_world, tmp_path / "world", SUFFIX, items=6)
    return world, {modality: spoil(world, modality) for modality in SUFFIX}


def test_a_build_ends_well_and_lists_every_broken_file_with_its_reason(spoilt, tmp_path):
    world, broken = spoilt
    result = build(world, tmp_path / "ws", k=2)
    for modality, names in broken.items():
        listed = [r for r in result.rejections if r.modality == modality]
        assert {Path(r.path).name for r in listed} == names
        assert len(listed) == len(names)
        assert result.items[modality].added == 6
        assert result.items[modality].encoded == 6
        assert result.items[modality].rejected == len(names)
    assert all(r.detail and r.stage in ("source", "decode") for r in result.rejections)
    assert Workspace.open(tmp_path / "ws").rejections() == result.rejections
    assert result.models[-1] == "unified"
    assert verify(Workspace.open(tmp_path / "ws")) == []
    kind_of = {(r.modality, Path(r.path).name.split("-")[0]): r.reason for r in result.rejections}
    assert {kind_of[m, "empty"] for m in SUFFIX} == {Reason.EMPTY_FILE}
    assert kind_of["points", "nan"] is Reason.NON_FINITE
    assert {kind_of[m, "text"] for m in SUFFIX} <= {Reason.CORRUPT, Reason.UNSUPPORTED}


def test_broken_files_change_no_byte_of_what_is_made_of_the_others(little_world, tmp_path):
    (tmp_path / "a").mkdir()
    clean = part_of_world(little_world, tmp_path / "a/world", PAIR, items=8)
    build(clean, tmp_path / "a/ws", k=2)
    dirty = tmp_path / "b/world"
    shutil.copytree(clean, dirty)
    rows = rows_of(dirty, "image")
    (dirty / "image/files/zzz.png").write_bytes(b"no picture")
    write_rows(dirty, "image", [*rows, {**rows[0], "file_name": "zzz.png"}])
    build(dirty, tmp_path / "b/ws", k=2)
    left, right = results(tmp_path / "a/ws"), results(tmp_path / "b/ws")
    groups = [name for name in left if name.startswith("groups/") and name.endswith(".parquet")]
    arrays = [name for name in left if name.endswith((".npy", ".safetensors"))]
    assert groups
    assert arrays
    assert {name: left[name] for name in groups + arrays} == {
        name: right[name] for name in groups + arrays
    }


def test_a_mended_file_leaves_the_list_and_enters_the_groups(pair):
    world = pair.parent / "world"
    name = rows_of(world, "image")[0]["file_name"]
    path = world / "image/files" / name
    whole = path.read_bytes()
    path.write_bytes(whole[:70])
    broken = build(world, pair, k=K)
    assert [Path(r.path).name for r in broken.rejections] == [name]
    again = build(world, pair, k=K)
    assert again.rejections == broken.rejections
    assert again.items["image"].encoded == 0
    path.write_bytes(whole)
    mended = build(world, pair, k=K)
    assert mended.rejections == []
    assert mended.items["image"].encoded == 1


def test_a_caption_file_with_broken_rows_is_used_for_the_rest(little_world, tmp_path):
    world = part_of_world(little_world, tmp_path / "world", PAIR, items=6)
    rows = rows_of(world, "image")
    bad = [{**rows[0], "file_name": "missing.png"}, {**rows[0], "caption": "  "}, rows[0]]
    write_rows(world, "image", [*rows, *bad])
    result = build(world, tmp_path / "ws", k=2)
    assert {r.reason for r in result.rejections} == {
        Reason.MISSING_FILE,
        Reason.EMPTY_CAPTION,
        Reason.DUPLICATE,
    }
    assert result.items["image"].added == 6


def test_a_modality_that_is_broken_altogether_is_left_out(little_world, tmp_path):
    world = part_of_world(little_world, tmp_path / "world", PAIR, items=8)
    for path in (world / "audio/files").iterdir():
        path.write_bytes(b"no sound")
    result = build(world, tmp_path / "ws", k=2)
    assert result.items["audio"].added == 0
    assert result.items["audio"].rejected == 8
    assert {m for s in result.report.scores for m in (s.query, s.corpus)} == {"text", "image"}
    assert not (tmp_path / "ws/neighbors/default/audio.parquet").exists()
    assert build(world, tmp_path / "ws", k=2).items["audio"].encoded == 0


def test_a_folder_in_which_nothing_can_be_decoded_is_refused_with_a_reason(little_world, tmp_path):
    world = part_of_world(little_world, tmp_path / "world", ["image"], items=3)
    for path in (world / "image/files").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(InputError, match="captioned items"):
        build(world, tmp_path / "ws", k=2)
    assert len(Workspace.open(tmp_path / "ws").rejections()) == 3
