from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.sources.emm1.eshot import EShot, find_eshot, load_eshot
from tests.eshot_trees import (
    CLASSES,
    file_id,
    make_eshot,
    rows_of,
    write_audio,
    write_categories,
    write_cloud,
    write_file,
    write_points,
)

OID = "ab" * 32
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 84407\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_eshot(tmp_path / "eshot")


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as error:
        load_eshot(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


def names_of(eshot: EShot, modality: str) -> dict[str, set[str]]:
    """Return class -> file names, found by row."""
    names = eshot.table(modality)["file_name"].to_list()
    return {name: {names[row] for row in rows} for name, rows in eshot.rows(modality).items()}


# ------------------------------------------------------------------------------------------ tables


def test_rows_are_those_of_the_info_tables(tree: Path) -> None:
    eshot = load_eshot(tree)
    for modality in ("audio", "points"):
        with (tree / f"eshot_{modality}_info.csv").open() as file:
            rows = [row["file_name"] for row in csv.DictReader(file)]
        assert eshot.table(modality)["file_name"].to_list() == rows
        assert [path.name for path in eshot.paths(modality)] == rows
    assert eshot.categories == tuple(sorted(CLASSES))
    assert names_of(eshot, "audio") == {
        name: {f"clip-{row}.mp4" for row in rows} for name, rows in rows_of(0).items()
    }
    assert names_of(eshot, "points") == {
        name: {f"{file_id(row)}.npy" for row in rows} for name, rows in rows_of(1).items()
    }
    assert dict(eshot.only_in) == {}
    assert len(eshot.unclassed("audio")) == 0


def test_clouds_by_number_by_digits_and_by_file_id_are_the_same(tree: Path) -> None:
    by_file_id = load_eshot(tree)
    number = {file_id(row): row for rows in rows_of(1).values() for row in rows}
    listed = json.loads((tree / "category_to_point_ids.json").read_text())
    for convert in (number.get, lambda name: str(number[name])):
        ids = {name: [convert(each) for each in ids] for name, ids in listed.items()}
        write_categories(tree, "point", ids)
        found = load_eshot(tree)
        for name in CLASSES:
            assert np.array_equal(found.points_rows[name], by_file_id.points_rows[name])


def test_a_string_is_a_file_id_before_it_is_a_number(tmp_path: Path) -> None:
    write_audio(tmp_path, [(0, "a.mp4", "eshot")])
    write_points(tmp_path, [(7, "8", "a.npy"), (8, "7", "b.npy")])
    write_categories(tmp_path, "audio", {"a": [0], "b": [0]})
    write_categories(tmp_path, "point", {"a": ["7"], "b": [7]})
    found = load_eshot(tmp_path)
    assert found.points_rows["a"].tolist() == [1]
    assert found.points_rows["b"].tolist() == [0]


def test_older_names_of_columns(tree: Path) -> None:
    new = load_eshot(tree)
    path = tree / "eshot_points_info.csv"
    text = path.read_text().replace("eshot_point_id,file_id", "eshot_points_id,object_id")
    path.write_text(text)
    old = load_eshot(tree)
    assert old.points.equals(new.points)
    assert old.points.columns == ["eshot_point_id", "file_id", "file_name", "save_folder"]


def test_a_byte_order_mark_is_no_part_of_anything(tree: Path) -> None:
    for path in tree.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_eshot(tree).categories == tuple(sorted(CLASSES))


def test_a_missing_save_folder_is_eshot(tree: Path) -> None:
    path = tree / "eshot_audio_info.csv"
    rows = [line.rpartition(",")[0] for line in path.read_text().splitlines()]
    path.write_text("\n".join(rows) + "\n")
    assert set(load_eshot(tree).audio["save_folder"]) == {"eshot"}


def test_an_item_of_two_classes_is_in_both(tree: Path) -> None:
    path = tree / "category_to_audio_ids.json"
    ids = json.loads(path.read_text())
    ids["bell"].append(ids["airplane"][0])
    path.write_text(json.dumps(ids))
    found = load_eshot(tree)
    assert set(found.audio_rows["bell"]) & set(found.audio_rows["airplane"])


def test_items_of_no_class_are_told_apart(tree: Path) -> None:
    path = tree / "category_to_audio_ids.json"
    ids = json.loads(path.read_text())
    lost = ids["airplane"].pop()
    path.write_text(json.dumps(ids))
    found = load_eshot(tree)
    assert found.audio["eshot_audio_id"].gather(found.unclassed("audio")).to_list() == [lost]


def test_a_category_of_one_file_is_no_class(tree: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tree / "category_to_audio_ids.json"
    ids = json.loads(path.read_text())
    ids["flute"] = ids.pop("bell")
    path.write_text(json.dumps(ids))
    found = load_eshot(tree)
    assert found.categories == ("airplane", "cat", "drum", "engine")
    assert found.only_in == {
        "flute": "category_to_audio_ids.json",
        "bell": "category_to_point_ids.json",
    }
    assert found.audio_rows.keys() == found.points_rows.keys() == set(found.categories)
    assert "'flute' is only in category_to_audio_ids.json" in caplog.text


# ------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize("name", sorted({"eshot_audio_info.csv", "category_to_point_ids.json"}))
def test_a_missing_file_is_named(tree: Path, name: str) -> None:
    (tree / name).unlink()
    assert refusal(tree).startswith(f"{tree / name}: there is no such")


@pytest.mark.parametrize("number", range(4))
def test_pointers_of_git_lfs(tree: Path, number: int) -> None:
    path = sorted(tree.iterdir())[number]
    path.write_text(POINTER)
    said = refusal(tree)
    assert said.startswith(f"{path}: this is a Git LFS pointer")
    assert "84,407 bytes" in said


@pytest.mark.parametrize(
    ("kind", "categories", "expected"),
    [
        ("audio", {"a": [5]}, "category 'a': no row of the info table has the id 5"),
        ("point", {"a": ["ff"]}, "category 'a': no row of the info table has the id 'ff'"),
        ("point", {"a": [1.5]}, "category 'a'; expected ids"),
        ("audio", {"a": [True]}, "got True"),
        ("audio", {"a": [[100]]}, "got [100]"),
        ("audio", {"a": [None]}, "got None"),
        ("audio", {"a": []}, "category 'a' is empty"),
        ("audio", {"a": 100}, "category 'a'; expected a list of ids, got int"),
        ("audio", {"a": "100"}, "category 'a'; expected a list of ids, got str"),
        ("audio", {"a": [100, 100]}, "category 'a' names an item twice; got 100"),
        ("point", {"a": [0, file_id(0)]}, "category 'a' names an item twice"),
        ("audio", {}, "got an empty object"),
        ("audio", [1], "got list"),
        ("audio", {"z\nz": [100]}, "no category is in both"),
    ],
)
def test_bad_categories(tree: Path, kind: str, categories: object, expected: str) -> None:
    write_categories(tree, kind, categories)
    said = refusal(tree)
    assert expected in said
    assert said.startswith(str(tree))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "not JSON"),
        (b'{"a": [100],\n"b": [}', ".json:2: not JSON"),
        (b'{"a": [100], "a": [101]}', "category 'a' is there twice"),
        (b"\xff\xfe{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_bad_json(tree: Path, text: bytes, expected: str) -> None:
    write_file(tree / "category_to_audio_ids.json", text)
    assert expected in refusal(tree)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(1, "a.mp4", "eshot"), (1, "b.mp4", "eshot")], ":3 [eshot_audio_id]: id 1 is also"),
        ([("", "a.mp4", "eshot")], ":2 [eshot_audio_id]: the id is empty"),
        ([("x", "a.mp4", "eshot")], ":2 [eshot_audio_id]: not an id"),
        ([], "the table has no rows"),
        ([(1, "a.mp4", "../other")], "[save_folder]: leads out"),
        ([(1, "a.mp4", "/etc")], "[save_folder]: leads out"),
    ],
)
def test_bad_rows(tree: Path, rows: list[tuple], expected: str) -> None:
    write_audio(tree, rows)
    assert expected in refusal(tree)


@pytest.mark.parametrize("column", ["eshot_audio_id", "file_name"])
def test_a_missing_column(tree: Path, column: str) -> None:
    path = tree / "eshot_audio_info.csv"
    path.write_text(path.read_text().replace(column, "other"))
    assert f"[{column}]: this column is missing" in refusal(tree)


def test_a_file_id_of_two_rows_matters_only_where_it_is_asked_for(tmp_path: Path) -> None:
    write_audio(tmp_path, [(0, "a.mp4", "eshot")])
    write_points(tmp_path, [(0, "x", "a.npy"), (1, "x", "b.npy")])
    write_categories(tmp_path, "audio", {"a": [0]})
    write_categories(tmp_path, "point", {"a": [1]})
    assert load_eshot(tmp_path).points_rows["a"].tolist() == [1]
    write_categories(tmp_path, "point", {"a": ["x"]})
    assert "several rows of the info table have the file_id 'x'" in refusal(tmp_path)


def test_another_modality_is_refused(tree: Path) -> None:
    with pytest.raises(UnknownName, match="'image'"):
        load_eshot(tree).rows("image")


# ------------------------------------------------------------------------------------------- media


@pytest.mark.parametrize("clouds", ["points", "point-clouds"])
def test_media_below_the_root(tmp_path: Path, clouds: str) -> None:
    media = tmp_path / "media"
    tables = make_eshot(tmp_path / "tables", media=media, clouds=clouds)
    eshot = load_eshot(tables, media_root=media)
    for modality, folder in (("audio", "audio"), ("points", clouds)):
        assert eshot.present(modality).all()
        assert all(p.is_file() and p.parent.name == folder for p in eshot.paths(modality))
    (media / "eshot" / clouds / f"{file_id(0)}.npy").unlink()
    fresh = load_eshot(tmp_path / "tables", media_root=media)
    assert fresh.points["file_id"].gather(fresh.missing("points")).to_list() == [file_id(0)]


def test_media_beside_the_tables_and_sounds_among_videos(tmp_path: Path) -> None:
    folder = make_eshot(tmp_path / "git" / "eshot-tables")
    write_file(folder / "audio" / "clip-0.mp4", b"here")
    write_file(tmp_path / "media" / "eshot" / "video" / "clip-1.mp4", b"there")
    eshot = load_eshot(folder, media_root=tmp_path / "media")
    found = {path.name: path for path in eshot.paths("audio")}
    assert found["clip-0.mp4"] == folder / "audio" / "clip-0.mp4"
    assert found["clip-1.mp4"] == tmp_path / "media" / "eshot" / "video" / "clip-1.mp4"
    assert found["clip-2.mp4"] == tmp_path / "media" / "eshot" / "audio" / "clip-2.mp4"
    assert eshot.present("audio").sum() == 2


def test_items_are_the_present_media_by_row(tmp_path: Path) -> None:
    media = tmp_path / "media"
    folder = make_eshot(tmp_path / "tables", media=media)
    gone = media / "eshot" / "points" / f"{file_id(1)}.npy"
    gone.rename(write_cloud(folder / "points" / gone.name, 0))
    (media / "eshot" / "points" / f"{file_id(2)}.npy").unlink()
    eshot = load_eshot(folder, media_root=media)
    items = eshot.items("points")
    assert np.array_equal(items.ids, np.flatnonzero(eshot.present("points")))
    assert len(items) == eshot.points.height - 1
    every = eshot.paths("points")
    assert items.paths() == [every[row] for row in items.ids]
    assert items.frame["bytes"].to_list() == [path.stat().st_size for path in items.paths()]
    assert len(set(items.fingerprints)) == len(items)
    concepts = dict(zip(items.ids.tolist(), items.frame["concept"], strict=True))
    for name, rows in eshot.points_rows.items():
        assert {concepts[row] for row in rows.tolist() if row in concepts} == {name}


def test_without_media_there_are_no_items(tree: Path) -> None:
    eshot = load_eshot(tree)
    assert len(eshot.items("audio")) == 0
    assert len(eshot.missing("audio")) == eshot.audio.height
    assert eshot.paths("points")[0].parent == tree.parent / "eshot" / "points"


# ------------------------------------------------------------------------------------------ finding


@pytest.mark.parametrize("place", ["datasets/eshot", "eshot", "data/eshot", "e-mm1/eshot", "."])
def test_the_folder_is_found_in_every_layout(tmp_path: Path, place: str) -> None:
    folder = make_eshot(tmp_path / place)
    assert find_eshot(tmp_path).resolve() == folder.resolve()


def test_a_folder_of_media_alone_is_not_it(tmp_path: Path) -> None:
    write_file(tmp_path / "eshot" / "audio" / "a.mp4", b"x")
    folder = make_eshot(tmp_path / "datasets" / "eshot")
    assert find_eshot(tmp_path) == folder


def test_nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no part of E-MM1"):
        find_eshot(tmp_path)
    (tmp_path / "e-mm1_1m").mkdir()
    (tmp_path / "e-mm1_1m" / "triplets.csv").write_text("a\n")
    with pytest.raises(InputError, match="the eshot part of E-MM1 is not here"):
        find_eshot(tmp_path)
    monkeypatch.delenv("ROOT_DATA_PATH", raising=False)
    with pytest.raises(InputError, match="ROOT_DATA_PATH"):
        find_eshot()
    monkeypatch.setenv("ROOT_DATA_PATH", str(make_eshot(tmp_path)))
    assert find_eshot() == tmp_path


@pytest.mark.external
def test_the_published_sizes(shared: Path) -> None:
    eshot = load_eshot(find_eshot(shared / "emm1_sample" / "small"))
    assert (eshot.audio.height, eshot.points.height, len(eshot.categories)) == (1758, 1741, 112)
    assert sum(map(len, eshot.audio_rows.values())) == 1758
    assert sum(map(len, eshot.points_rows.values())) == 1741
