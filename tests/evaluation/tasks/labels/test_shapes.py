"""ModelNet40, ScanObjectNN and Objaverse-LVIS, and the clouds that have to be unpacked."""

import json
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import DecodeError, InputError
from pentad.evaluation.tasks.labels import clouds
from pentad.evaluation.tasks.labels.clouds import Unpacked, unpack_clouds
from pentad.evaluation.tasks.labels.modelnet40 import is_modelnet40, read_modelnet40
from pentad.evaluation.tasks.labels.objaverse_lvis import read_objaverse_lvis
from pentad.evaluation.tasks.labels.scanobjectnn import CLASSES, read_scanobjectnn
from pentad.media.cloud_npy import read_cloud
from tests.evaluation.tasks.labels import trees
from tests.evaluation.tasks.labels.test_sounds import edit, relevant


def test_modelnet40_of_meshes_is_the_test_part(tmp_path):
    (task,) = read_modelnet40(trees.modelnet40_meshes(tmp_path))
    assert task.items.ids == ("airplane_0627", "night_stand_0201")
    assert len(task.queries) == 40
    assert "night stand" in task.queries.texts
    assert relevant(task) == {("airplane", "airplane_0627"), ("night_stand", "night_stand_0201")}
    assert task.notes[0] == "2 test shapes are on disk; the data set has 2,468"


def test_modelnet10_is_not_modelnet40(tmp_path):
    trees.write(tmp_path, {"chair/test/chair_0890.off": "OFF\n", "bed/test/bed_0516.off": "OFF\n"})
    assert not is_modelnet40(tmp_path)


def test_clouds_as_text_are_absent_with_the_way_out(tmp_path):
    with pytest.raises(InputError, match="pentad unpack"):
        read_modelnet40(trees.modelnet40_clouds(tmp_path))
    (tmp_path / "airplane/airplane_0627.npy").write_text("x")
    (task,) = read_modelnet40(tmp_path)
    assert task.items.ids == ("airplane_0627",)
    assert task.queries.ids == ("airplane", "night_stand")
    assert "pentad unpack" in task.absent[0].reason


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("modelnet40_test.txt", "airplane_0627", "aeroplane_0627", "modelnet40_test.txt:1"),
        ("modelnet40_test.txt", "airplane_0627", "airplane", "'airplane'"),
        ("modelnet40_shape_names.txt", "night_stand", "airplane", "there twice"),
    ],
)
def test_modelnet40_says_what_is_wrong(table, old, new, said, tmp_path):
    edit(trees.modelnet40_npy(tmp_path) / table, (old, new))
    with pytest.raises(InputError) as error:
        read_modelnet40(tmp_path)
    assert said in str(error.value)


def test_the_pickle_of_openshape_is_not_read_and_said_so(tmp_path):
    trees.write(tmp_path, {"modelnet40_shape_names.txt": "airplane\n", "test_pc.npy": b"\x93NUMPY",
                           "test_split.json": "[]"})  # fmt: skip
    with pytest.raises(InputError, match=r"test_pc\.npy is one pickle"):
        read_modelnet40(tmp_path)


def test_scanobjectnn_has_a_task_a_variant(tmp_path):
    whole, moved = read_scanobjectnn(trees.scanobjectnn(tmp_path))
    assert (whole.name, moved.name) == ("scanobjectnn-obj-bg", "scanobjectnn-pb-t50-rs")
    assert whole.queries.ids == CLASSES
    assert relevant(whole) == {("chair", "036_00009"), ("bag", "014_00018")}
    assert moved.items.units == ("036_00009",) * 5
    assert moved.items.ids[4] == "036_00009_4"
    assert [absent.id for absent in moved.absent] == [f"014_00018_{n}" for n in range(5)]
    assert "5 of 10 objects are on disk" in moved.notes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\t4\tt", "\t15\tt", "main_split.txt:1"),
        ("\t4\tt", "\tchair\tt", "main_split.txt:1"),
        ("\t4\tt", "\t4\tx", "main_split.txt:1"),
        ("\t4\tt", " 4 t", "main_split.txt:1"),
        (".bin\t4", ".ply\t4", "main_split.txt:1"),
        ("\tt", "", "lists nothing"),
    ],
)
def test_scanobjectnn_says_what_is_wrong(old, new, said, tmp_path):
    edit(trees.scanobjectnn(tmp_path) / "main_split.txt", (old, new))
    with pytest.raises(InputError) as error:
        read_scanobjectnn(tmp_path)
    assert said in str(error.value)


def test_a_variant_that_is_not_unpacked_does_not_hide_the_others(tmp_path, caplog):
    root = trees.scanobjectnn(tmp_path)
    for path in root.glob("PB_T50_RS/chair/*.npy"):
        path.rename(path.with_suffix(".bin"))
    assert [task.name for task in read_scanobjectnn(root)] == ["scanobjectnn-obj-bg"]
    assert "scanobjectnn-pb-t50-rs" in caplog.text


def test_scanobjectnn_of_hdf5_says_what_to_run(tmp_path):
    trees.write(tmp_path, {"main_split/test_objectdataset.h5": b"\x89HDF"})
    with pytest.raises(InputError, match="have to be unpacked: pentad unpack "):
        read_scanobjectnn(tmp_path)


def test_scanobjectnn_as_published_is_absent_with_the_way_out(tmp_path):
    with pytest.raises(InputError, match="pentad unpack"):
        read_scanobjectnn(trees.scanobjectnn_raw(tmp_path))


def test_objaverse_finds_objects_in_any_folder(tmp_path):
    (task,) = read_objaverse_lvis(trees.objaverse(tmp_path))
    assert task.queries.ids == ("Band_Aid", "bat_(animal)")
    assert task.queries.texts == ("Band Aid", "bat (animal)")
    assert task.items.ids == ("a" * 32, "c" * 32)
    assert [absent.id for absent in task.absent] == ["b" * 32]
    assert "2 of 3 objects are on disk" in task.notes


def test_three_tables_of_objaverse_say_the_same(tmp_path):
    rows = [{"uid": uid, "category": name, "group": "000-023", "data_path": "/x.npy"}
            for name, uids in trees.LVIS.items() for uid in uids]  # fmt: skip
    lines = [
        f"{n},{row['category']},{row['uid']},/p/{row['uid']}.npy" for n, row in enumerate(rows)
    ]
    tables = {
        "lvis-annotations.json": json.dumps(trees.LVIS),
        "meta_data/split/lvis.json": json.dumps(rows),
        "lvis_testset.txt": "\n".join(lines),
    }
    found = set()
    for number, (name, content) in enumerate(tables.items()):
        root = trees.write(tmp_path / str(number), {name: content, f"{'a' * 32}.npy": "x"})
        found.add(read_objaverse_lvis(root)[0].revision)
    assert len(found) == 1


def test_a_cloud_goes_before_a_mesh(tmp_path):
    trees.write(trees.objaverse(tmp_path), {f"clouds/{'a' * 32}.npy": "x"})
    task = read_objaverse_lvis(tmp_path)[0]
    assert task.items.files[0] == tmp_path / f"clouds/{'a' * 32}.npy"
    assert "files: 1 .glb, 1 .npy" in task.notes


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", "3", "[3]", '[{"uid": "a"}]', '[{"uid": 3, "category": "x"}]', '{"x": "y"}',
     '{"x": [null]}', '{"": ["a"]}', '{"x": ["a b"]}', "[" * 100_000],
)  # fmt: skip
def test_annotations_of_another_form_are_one_line(content, tmp_path):
    trees.write(tmp_path, {"lvis-annotations.json": content, "a.npy": "x"})
    with pytest.raises(InputError) as error:
        read_objaverse_lvis(tmp_path)
    assert "\n" not in str(error.value)


def test_a_cut_archive_is_one_line(tmp_path):
    table = trees.objaverse(tmp_path) / "lvis-annotations.json.gz"
    for data in (table.read_bytes()[:-12], b"not gzip"):
        table.write_bytes(data)
        with pytest.raises(InputError, match=r"lvis-annotations\.json\.gz"):
            read_objaverse_lvis(tmp_path)


def test_clouds_as_text_are_unpacked_and_read_in_their_place(tmp_path):
    source, target = trees.modelnet40_clouds(tmp_path / "a"), tmp_path / "b"
    assert unpack_clouds(source, target) == Unpacked(2, 0)
    (task,) = read_modelnet40(target)
    assert task.items.ids == ("airplane_0627", "night_stand_0201")
    xyz, rgb = read_cloud(task.items.files[0])
    np.testing.assert_allclose(xyz, [[-0.09879, -0.1823, 0.1638]] * 2, rtol=1e-6)
    assert rgb is None
    assert unpack_clouds(source, target) == Unpacked(0, 2)


def test_objects_are_unpacked_with_and_without_what_is_around_them(tmp_path):
    found = unpack_clouds(trees.scanobjectnn_raw(tmp_path / "a"), tmp_path / "b")
    assert found == Unpacked(4, 0)
    whole, alone = read_scanobjectnn(tmp_path / "b")
    assert (whole.name, alone.name) == ("scanobjectnn-obj-bg", "scanobjectnn-obj-only")
    xyz, rgb = read_cloud(whole.items.files[0])
    assert xyz.tolist() == [[1, 2, 3], [4, 5, 6]]
    np.testing.assert_allclose(rgb * 255, [[10, 20, 30], [40, 50, 60]], rtol=1e-5)
    assert read_cloud(alone.items.files[0])[0].tolist() == [[1, 2, 3]]
    assert read_cloud(alone.items.files[1])[0].tolist() == [[4, 5, 6]]


def packed(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, content, allow_pickle=True)


def test_the_clouds_of_openshape_are_unpacked(tmp_path):
    xyz = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    packed(tmp_path / "a/xyz_label.npy", {"xyz": xyz, "label": np.array([4, 0])})
    assert unpack_clouds(tmp_path / "a", tmp_path / "b") == Unpacked(2, 0)
    (task,) = read_scanobjectnn(tmp_path / "b")
    assert task.name == "scanobjectnn-openshape"
    assert relevant(task) == {("chair", "chair/00000"), ("bag", "bag/00001")}
    assert read_cloud(tmp_path / "b/openshape/bag/00001.npy")[0].tolist() == xyz[1].tolist()


@pytest.mark.parametrize(
    "content",
    [
        {"xyz": np.zeros((2, 4, 3))},
        {"xyz": np.zeros((2, 4)), "label": np.zeros(2, int)},
        {"xyz": np.zeros((2, 4, 3)), "label": np.zeros(3, int)},
        {"xyz": np.zeros((2, 4, 3)), "label": np.full(2, 15)},
        {"xyz": np.zeros((2, 4, 3)), "label": np.zeros(2)},
        {"xyz": np.zeros((2, 0, 3)), "label": np.zeros(2, int)},
    ],
)
def test_other_pickles_are_refused(content, tmp_path):
    packed(tmp_path / "a/xyz_label.npy", content)
    with pytest.raises(InputError, match="xyz_label"):
        unpack_clouds(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize(
    "values", [[], [2.0], [2.0, *range(11)], [1.0, *range(10)], [1.0, *[float("nan")] * 11]]
)
def test_broken_objects_are_refused(values, tmp_path):
    path = tmp_path / "chair.bin"
    path.write_bytes(np.array(values, dtype="<f4").tobytes())
    with pytest.raises(DecodeError):
        clouds.read_object(path)


@pytest.mark.parametrize("text", ["", "1,2\n", "1,2,3\n1,2\n", "1,2,x\n", "1,2,inf\n", "1 2 3\n"])
def test_broken_texts_are_refused(text, tmp_path):
    path = tmp_path / "airplane.txt"
    path.write_text(text)
    with pytest.raises(DecodeError):
        clouds.read_text_cloud(path)


def test_lists_are_copied_as_they_are(tmp_path):
    lists = {"names.txt": "a, b, c\n", "split.json": "[]", "LICENSE": "x"}
    trees.write(trees.modelnet40_clouds(tmp_path / "a"), lists)
    unpack_clouds(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b/names.txt").read_text() == "a, b, c\n"
    assert (tmp_path / "b/split.json").read_text() == "[]"
    assert not (tmp_path / "b/LICENSE").exists()


def test_a_broken_object_costs_itself_alone(tmp_path):
    trees.write(trees.scanobjectnn_raw(tmp_path / "a"), {"object_dataset/bag/014_00018.bin": "x"})
    found = unpack_clouds(tmp_path / "a", tmp_path / "b")
    assert found.clouds == 2
    assert {name for name, _ in found.refused} == {
        "object_dataset/bag/014_00018.npy",
        "object_dataset_nobg/bag/014_00018.npy",
    }


def test_a_copy_is_not_made_within_the_original(tmp_path):
    root = trees.scanobjectnn_raw(tmp_path)
    with pytest.raises(InputError, match="in the original"):
        unpack_clouds(root, root / "npy")


@pytest.mark.parametrize("name", ["a", "not there"])
def test_a_folder_without_clouds_is_one_line(name, tmp_path):
    trees.write(tmp_path / "a", {"notes.txt": "hello\n", "data.h5": "x"})
    with pytest.raises(InputError):
        unpack_clouds(tmp_path / name, tmp_path / "b")


def test_pickles_of_more_are_refused_by_what_they_are(tmp_path):
    path = tmp_path / "xyz_label.npy"
    np.save(path, np.zeros((2, 3)))
    with pytest.raises(DecodeError, match="not a pickled dict"):
        clouds.read_packed(path)
    path.write_bytes(b"\x93NUMPY\x01\x00\x05")
    with pytest.raises(DecodeError, match="npy"):
        clouds.read_packed(path)


def test_colors_of_openshape_are_kept(tmp_path):
    xyz = np.ones((1, 2, 3), np.float32)
    packed(tmp_path / "xyz_label.npy", {"xyz": xyz, "rgb": xyz / 2, "label": np.array([1])})
    ((name, rows),) = clouds.read_packed(tmp_path / "xyz_label.npy")
    assert name == "bin"
    assert rows.tolist() == [[1, 1, 1, 0.5, 0.5, 0.5]] * 2


def test_an_object_without_points_of_its_own_is_refused(tmp_path):
    path = trees.scanobjectnn_raw(tmp_path) / "object_dataset/chair/036_00009.bin"
    with pytest.raises(DecodeError, match="no point of instance 99"):
        clouds.read_object(path, 99)


def test_a_list_of_objects_of_another_form_is_one_line(tmp_path):
    root = trees.scanobjectnn_raw(tmp_path / "a")
    edit(root / "training_data/object_labels.txt", ("chair\t32", "chair 32"))
    with pytest.raises(InputError, match=r"object_labels\.txt:1"):
        unpack_clouds(root, tmp_path / "b")


def test_a_text_of_two_numbers_a_line_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("1,2\n")
    with pytest.raises(DecodeError, match="2 numbers a line"):
        clouds.read_text_cloud(tmp_path / "a.txt")
