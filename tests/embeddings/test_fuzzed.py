"""Shards and records that somebody tampered with, checksums included: refused, never believed."""

from __future__ import annotations

import json
import random
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import PentadError, StoreError
from pentad.embeddings.embed import embed_workspace, load_embeddings
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.frames import FrameEmbeddings
from pentad.embeddings.shards import ShardFolder
from pentad.embeddings.work import EmbedOptions
from pentad.encoders.protocol import space_of
from pentad.store.records import describe_files
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.embeddings.toy import Namer, painted
from tests.store.killing import content

pytestmark = pytest.mark.slow

NAMES = ("blue", "green", "pink")
HUGE = (1 << 40, 3)


def header(shape: tuple[int, ...], descr: str) -> bytes:
    """Return the head of a .npy file, and no array."""
    from io import BytesIO

    buffer = BytesIO()
    told = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, told)
    return buffer.getvalue()


def saved(array: np.ndarray) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


CONTENTS: dict[str, bytes] = {
    "nothing": b"",
    "no array": b"PK\x03\x04 not an array",
    "a header alone": header((3, 3), "<f2"),
    "a huge shape": header(HUGE, "<f2"),
    "a negative shape": header((-3, 3), "<f2"),
    "a header that never ends": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + b" " * 200,
    "another type": saved(np.zeros((3, 3), np.complex128)),
    "objects": saved(np.array([{"a": 1}], dtype=object)),
    "too many rows": saved(np.zeros((9, 3), np.float16)),
    "one axis more": saved(np.zeros((3, 3, 1), np.float16)),
    "columns together": saved(np.asfortranarray(np.zeros((3, 3), np.float16))),
    "more than the array": saved(np.zeros((3, 3), np.float16)) + b"more",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = painted(tmp_path, *NAMES)
    bring_up_to_date(made)
    return made


def bring_up_to_date(workspace: Workspace) -> int:
    with workspace.writing():
        items = workspace.catalog().items("image")
        return embed_workspace(workspace, items, Namer(), options=EmbedOptions(workers=1)).encoded


def folder_of(workspace: Workspace) -> Path:
    return workspace.root / "embeddings" / space_of(Namer()) / "image"


def forge(folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """Give a record the checksums of whatever lies there, and change it besides."""
    path = folder / "00000.json"
    record = json.loads(path.read_text())
    record["files"] = describe_files(folder, record["files"])
    change(record)
    path.write_text(json.dumps(record))


def grown(before: int) -> int:
    """Return by how many MiB the most memory of this process has grown."""
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10


@pytest.mark.parametrize("what", CONTENTS)
@pytest.mark.parametrize(
    "name",
    ["", *(pytest.param(n, marks=pytest.mark.slow) for n in (".ids", ".prints", ".classes"))],
)
def test_a_forged_array_is_not_believed_and_its_shard_is_made_again(workspace, name, what):
    folder, before = folder_of(workspace), content(workspace.root / "embeddings")
    (folder / f"00000{name}.npy").write_bytes(CONTENTS[what])
    forge(folder)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(StoreError, match="damaged; run 'pentad embed' again"):
        load_embeddings(workspace, space_of(Namer()), "image")
    assert grown(memory) < 50
    assert bring_up_to_date(workspace) == 3
    assert content(workspace.root / "embeddings") == before


RECORDS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no rows": lambda r: r.pop("rows"),
    "rows as text": lambda r: r.update(rows="3"),
    "huge rows": lambda r: r.update(rows=1 << 60),
    "negative rows": lambda r: r.update(rows=-1),
    "another width": lambda r: r.update(dim=4),
    "refusals that are none": lambda r: r.update(failed=[[1]]),
    "a reason that is none": lambda r: r.update(failed=[[0, "00", "because", ""]]),
    "refusals as text": lambda r: r.update(failed="none"),
}


@pytest.mark.parametrize("what", RECORDS)
def test_a_forged_record_is_not_believed(workspace, what):
    before = content(workspace.root / "embeddings")
    forge(folder_of(workspace), RECORDS[what])
    assert ShardFolder(folder_of(workspace)).read(0) is None
    assert bring_up_to_date(workspace) == 3
    assert content(workspace.root / "embeddings") == before


@pytest.mark.parametrize("name", ["../../../escaped.npy", "/etc/hostname", "", ".."])
def test_a_record_cannot_lead_out_of_its_folder(workspace, name):
    forge(folder_of(workspace), lambda r: r["files"].update({name: {"bytes": 1, "sha256": "0"}}))
    assert ShardFolder(folder_of(workspace)).record(0) is None
    assert verify(workspace)
    assert bring_up_to_date(workspace) == 3
    assert verify(workspace) == []


def test_ids_that_do_not_ascend_are_not_believed(workspace):
    np.save(folder_of(workspace) / "00000.ids.npy", np.array([2, 1, 0], np.uint32))
    forge(folder_of(workspace))
    assert ShardFolder(folder_of(workspace)).read(0) is None


def test_records_of_noise_end_in_a_line_or_in_what_was_there(workspace):
    folder, chance = folder_of(workspace), random.Random(0)
    whole = (folder / "00000.json").read_bytes()
    before = content(workspace.root / "embeddings")
    said: list[str] = []
    for _ in range(300):
        noisy = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            noisy[chance.randrange(len(noisy))] = chance.randrange(256)
        (folder / "00000.json").write_bytes(noisy)
        try:
            load_embeddings(workspace, space_of(Namer()), "image")
        except PentadError as error:
            said.append(str(error))
    assert len(said) > 100
    assert all(len(line.splitlines()) == 1 for line in said)
    bring_up_to_date(workspace)
    assert content(workspace.root / "embeddings") == before


@pytest.mark.parametrize("what", CONTENTS)
@pytest.mark.parametrize("name", ["vectors.npy", "ids.npy"])
def test_saved_embeddings_are_not_believed_either(tmp_path, name, what):
    Embeddings.from_array(np.ones((3, 3)), modality="image", space="s").save(tmp_path)
    (tmp_path / name).write_bytes(CONTENTS[what])
    record = json.loads((tmp_path / "embeddings.json").read_text())
    record["files"] = describe_files(tmp_path, record["files"])
    (tmp_path / "embeddings.json").write_text(json.dumps(record))
    with pytest.raises(StoreError, match="damaged"):
        Embeddings.load(tmp_path)


@pytest.mark.parametrize("what", CONTENTS)
@pytest.mark.parametrize("name", ["", ".ids", ".offsets"])
def test_saved_frames_are_not_believed_either(tmp_path, name, what):
    frames = [np.ones((2, 3)), np.ones((1, 3))]
    FrameEmbeddings.from_list(frames, modality="audio", space="s").save(tmp_path)
    (tmp_path / f"00000{name}.npy").write_bytes(CONTENTS[what])
    record = json.loads((tmp_path / "00000.json").read_text())
    record["files"] = describe_files(tmp_path, record["files"])
    (tmp_path / "00000.json").write_text(json.dumps(record))
    with pytest.raises(StoreError, match="damaged"):
        FrameEmbeddings.load(tmp_path)
