from __future__ import annotations

import json
import tarfile
from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError
from pentad.publish.publish import publish_emm1
from pentad.sources.emm1.dataset import Emm1, open_emm1
from tests.emm1_trees import Tree, make_emm1, write_frame
from tests.publish.helpers import content, record, samples

PARTS = ["video.mp4", "audio.mp4", "image.jpg", "points.npy", "txt", "json"]


def publish(ds: Emm1, out: Path, **options: object) -> dict[str, int]:
    summary = publish_emm1(ds, out, to="webdataset", nn=[1], shard_size=7, **options)  # type: ignore[arg-type]
    return dict(summary.tables)


def test_a_sample_is_what_its_row_says(tree: Tree, ds: Emm1, out: Path) -> None:
    publish(ds, out)
    rows = tree.groups[1].with_row_index("row").rows(named=True)
    found = samples(out, "nn_1")
    assert found
    for key, parts in found.items():
        row = rows[int(key.removeprefix("nn1_"))]
        assert list(parts) == PARTS
        said = json.loads(parts["json"])
        assert (said["row"], said["nn_index"], said["text"]["id"]) == (
            row["row"], 1, row["encord_text_id"],
        )  # fmt: skip
        assert parts["txt"].decode() == tree.caption("100m", row["encord_text_id"])
        for modality in ("video", "audio", "image", "points"):
            number = row[f"encord_{modality}_id"]
            path = tree.item_path("100m", modality, number)
            assert path is not None
            part = next(name for name in parts if name.startswith(modality))
            assert parts[part] == Path(path).read_bytes()
            assert said[modality]["id"] == number
            assert said[modality]["file_name"] == Path(path).name


def test_rows_without_a_file_are_dropped_and_counted(tree: Tree, ds: Emm1, out: Path) -> None:
    tables = publish(ds, out)
    whole = len(ds.groups(1, only_present=True).collect())
    dropped = record(out)["tables"]["nn_1"]["dropped"]
    assert tables == {"nn_1": whole}
    assert len(samples(out, "nn_1")) == whole
    assert sum(dropped.values()) == 40 - whole > 0


def test_partial_samples_on_request(ds: Emm1, out: Path) -> None:
    assert publish(ds, out, allow_partial=True) == {"nn_1": 40}
    found = samples(out, "nn_1")
    assert len(found) == 40
    assert any(len(parts) < len(PARTS) for parts in found.values())
    assert all({"txt", "json"} <= set(parts) for parts in found.values())


def test_triplets_become_samples_of_two_files(ds: Emm1, out: Path) -> None:
    publish_emm1(ds, out, to="webdataset", split="1m", allow_partial=True)
    found = samples(out, "triplets")
    rows = ds.triplets(labels=True).collect().rows(named=True)
    assert len(found) == len(rows)
    for (key, parts), row in zip(found.items(), rows, strict=True):
        said = json.loads(parts["json"])
        assert key.startswith("triplets_")
        assert said["paired"]["modality"] == row["paired_modality"]
        assert said["annotated"]["id"] == row["encord_annotated_id"]
        assert (said["annotation"], said["annotation_name"]) == (row["annotation"], row["label"])


def test_shards_are_plain_and_the_same_each_time(ds: Emm1, tmp_path: Path) -> None:
    publish(ds, tmp_path / "a")
    publish(ds, tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")
    with tarfile.open(tmp_path / "a/nn_1-000000.tar") as tar:
        for member in tar:
            assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")
            assert member.pax_headers == {}


def test_the_webdataset_package_reads_it(ds: Emm1, out: Path) -> None:
    import webdataset

    publish(ds, out)
    expected = samples(out, "nn_1")
    read = {}
    for path in sorted(out.glob("nn_1-*.tar")):
        with path.open("rb") as file:
            found = webdataset.tariterators.tar_file_iterator(file)
            for sample in webdataset.tariterators.group_by_keys(
                {**entry, "__url__": path.name} for entry in found
            ):
                read[sample["__key__"]] = {
                    k: v for k, v in sample.items() if not k.startswith("__")
                }
    assert read == expected


def test_a_stopped_run_goes_on_where_it_was(
    ds: Emm1, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(ds, tmp_path / "whole")
    out, writer = tmp_path / "out", "pentad.publish.webdataset.ShardWriter._fill"
    from pentad.publish.webdataset import ShardWriter

    fill, calls = ShardWriter._fill, []

    def failing(self, tar, chunk):  # type: ignore[no-untyped-def]
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return fill(self, tar, chunk)

    monkeypatch.setattr(writer, failing)
    with pytest.raises(KeyboardInterrupt):
        publish(ds, out)
    assert sorted(p.name for p in out.iterdir()) == [
        "nn_1-000000.json", "nn_1-000000.tar", "nn_1-000001.json", "nn_1-000001.tar", "record.json",
    ]  # fmt: skip
    stamp = (out / "nn_1-000000.tar").stat().st_mtime_ns
    publish(ds, out)
    assert (out / "nn_1-000000.tar").stat().st_mtime_ns == stamp
    assert content(out) == content(tmp_path / "whole")


def test_a_damaged_shard_is_written_again(ds: Emm1, tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(ds, out)
    before = content(out)
    (out / "nn_1-000002.tar").write_bytes(b"")
    publish(ds, out)
    assert content(out) == before


def test_names_that_lead_elsewhere_are_missing_files(tmp_path: Path, out: Path) -> None:
    tree = make_emm1(tmp_path / "in", captions=6, items=3, triplets=0, media=True)
    (tree.root / "secret.jpg").write_text("secret")
    images = tree.infos["100m", "image"].with_columns(
        file_name=pl.Series(["../../secret.jpg", "/etc/passwd", ".."]),
        save_folder=pl.Series(["shared", "shared", "../../.."]),
    )
    write_frame(tree.path("100m", "infos/image.csv"), images)
    ds = open_emm1(tree.root, media_root=tree.root)
    with pytest.raises(InputError, match=r"no group is left to write; left out: .* missing file"):
        publish(ds, out)
    assert not out.exists()
    publish(ds, out, allow_partial=True)
    assert not any("image" in part for s in samples(out, "nn_1").values() for part in s)


def test_one_file_in_many_groups_is_in_each_of_them(ds: Emm1, out: Path) -> None:
    publish(ds, out, modalities=["points"])
    clouds = [parts["points.npy"] for parts in samples(out, "nn_1").values()]
    assert len(set(clouds)) < len(clouds)


def test_only_items_of_written_samples_are_attributed(ds: Emm1, out: Path) -> None:
    publish(ds, out)
    listed = pl.read_csv(out / "attribution.csv", infer_schema=False)
    for modality in ("video", "audio", "image", "points"):
        parts = samples(out, "nn_1").values()
        used = {str(json.loads(sample["json"])[modality]["id"]) for sample in parts}
        assert set(listed.filter(pl.col("modality") == modality)["id"]) == used
