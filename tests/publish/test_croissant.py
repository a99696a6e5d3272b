from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pentad.publish.publish import publish_emm1
from pentad.sources.emm1.dataset import Emm1

FORMS = ("emm1", "huggingface", "webdataset")


def description(out: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((out / "croissant.json").read_text())
    return value


@pytest.mark.parametrize("to", FORMS)
@pytest.mark.parametrize("split", ["100m", "1m"])
def test_every_file_is_listed_with_its_hash(ds: Emm1, out: Path, to: str, split: str) -> None:
    publish_emm1(ds, out, to=to, split=split, allow_partial=to == "webdataset")
    found = description(out)
    files = [e for e in found["distribution"] if e["@type"] == "cr:FileObject"]
    for entry in files:
        data = (out / entry["contentUrl"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert entry["contentSize"] == f"{len(data)} B"
    own = {"croissant.json", "record.json"}
    listed = {entry["@id"] for entry in files}
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    shard_records = {n for n in there if n.endswith(".json") and n not in own}
    assert listed == there - own - shard_records
    assert found["license"][0] == "https://opendatacommons.org/licenses/by/1-0/"
    assert "https://creativecommons.org/licenses/by/4.0/" in found["license"]


def test_it_can_be_left_out(ds: Emm1, out: Path) -> None:
    publish_emm1(ds, out, croissant=False)
    assert not (out / "croissant.json").exists()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("to", FORMS)
@pytest.mark.parametrize("split", ["100m", "1m"])
def test_mlcroissant_finds_no_fault_and_loads_every_record(
    ds: Emm1, out: Path, to: str, split: str
) -> None:
    import mlcroissant

    summary = publish_emm1(ds, out, to=to, split=split)
    data = mlcroissant.Dataset(jsonld=out / "croissant.json")
    assert not data.metadata.issues.errors
    assert not data.metadata.issues.warnings
    for records in data.metadata.record_sets:
        table = records.uuid.removesuffix("-captions").removesuffix("-descriptions")
        assert len(list(data.records(records.uuid))) == summary.tables[table], records.uuid


@pytest.mark.filterwarnings("ignore")
def test_records_of_the_parquet_are_its_rows(ds: Emm1, out: Path) -> None:
    import mlcroissant

    publish_emm1(ds, out, to="huggingface", nn=[1], shard_size=15)
    frame = pl.read_parquet(sorted((out / "data/nn_1").iterdir()))
    data = mlcroissant.Dataset(jsonld=out / "croissant.json")
    key = "nn_1/encord_text_id"
    records = {record[key]: record for record in data.records("nn_1")}
    assert len(records) == len(frame)
    for row in frame.iter_rows(named=True):
        found = records[row["encord_text_id"]]
        assert {k.removeprefix("nn_1/"): _plain(v) for k, v in found.items()} == row


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
