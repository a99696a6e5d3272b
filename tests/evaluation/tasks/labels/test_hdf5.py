"""ScanObjectNN and ModelNet40 out of HDF5 files, and HDF5 files that were made to harm."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.evaluation.tasks.labels import hdf5
from pentad.evaluation.tasks.labels.clouds import Unpacked, unpack_clouds
from pentad.evaluation.tasks.labels.modelnet40 import CLASSES as SHAPES
from pentad.evaluation.tasks.labels.scanobjectnn import CLASSES
from pentad.evaluation.tasks.registry import find_tasks, get_task
from pentad.media.cloud_npy import read_cloud
from tests.evaluation.tasks.labels import trees
from tests.evaluation.tasks.labels.h5_files import BG, MOVED, VARIANTS, cut, points, save, scan
from tests.evaluation.tasks.labels.test_sounds import relevant


def modelnet(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "shape_names.txt").write_text("".join(f"{name}\n" for name in SHAPES))
    (root / "test_files.txt").write_text("data/ply_data_test0.h5\ndata/ply_data_test1.h5\n")
    for number, labels in enumerate(([0, 39], [23])):
        with h5py.File(root / f"ply_data_test{number}.h5", "w") as file:
            form = {"compression": "gzip", "shuffle": True}
            file.create_dataset("data", data=points(len(labels)), **form)
            file.create_dataset("label", data=np.array(labels, np.uint8)[:, None], **form)
    save(root / "ply_data_train0.h5", data=points(1), label=np.array([1]))
    return root


@pytest.mark.parametrize("name", VARIANTS)
def test_each_variant_is_a_task(name, tmp_path):
    source = scan(tmp_path / "a" / name)
    scan(source.with_name("training_objectdataset.h5"))
    assert unpack_clouds(tmp_path / "a", tmp_path / "b") == Unpacked(3, 0)
    (task,) = get_task("scanobjectnn", tmp_path / "b")
    assert task.name == f"scanobjectnn-{VARIANTS[name]}-2048"
    assert task.queries.ids == CLASSES
    assert task.items.ids == ("chair/00000", "bag/00001", "chair/00002")
    assert relevant(task) == {(id_.partition("/")[0], id_) for id_ in task.items.ids}
    assert any("2,048 points" in note for note in task.notes)
    assert any("too narrow" in note for note in task.notes) == (name == MOVED)
    with h5py.File(source) as file:
        for row, path in enumerate(task.items.files):
            xyz, rgb = read_cloud(path)
            np.testing.assert_array_equal(xyz, file["data"][row])
            assert rgb is None
    assert unpack_clouds(tmp_path / "a", tmp_path / "b") == Unpacked(0, 3)


def test_variants_lie_beside_one_another_below_the_folder_that_was_named(tmp_path):
    for name in VARIANTS:
        scan(tmp_path / "a/h5_files" / name)
    unpack_clouds(tmp_path / "a", tmp_path / "b")
    assert len(get_task("scanobjectnn", tmp_path / "b")) == 3
    unpack_clouds(tmp_path / "a/h5_files/main_split", tmp_path / "c")
    tasks = [task.name for task in get_task("scanobjectnn", tmp_path / "c")]
    assert tasks == ["scanobjectnn-obj-bg-2048", "scanobjectnn-pb-t50-rs-2048"]


@pytest.mark.parametrize("below", ["", "modelnet40_ply_hdf5_2048"])
def test_modelnet40_is_a_task(below, tmp_path):
    source = modelnet(tmp_path / "a" / below)
    assert unpack_clouds(tmp_path / "a", tmp_path / "b") == Unpacked(3, 0)
    (task,) = get_task("modelnet40", tmp_path / "b")
    assert task.name == "modelnet40"
    assert task.queries.ids == SHAPES
    assert task.items.ids == ("airplane/0_00000", "xbox/0_00001", "night_stand/1_00000")
    assert task.notes[:2] == (
        "objects are those of the published HDF5 files, of 2,048 points each",
        "objects.txt lists 3 shapes; the data set has 2,468",
    )
    with h5py.File(source / "ply_data_test1.h5") as file:
        np.testing.assert_array_equal(read_cloud(task.items.files[2])[0], file["data"][0])
    assert [found.name for found in find_tasks(tmp_path / "b").found] == ["modelnet40"]


def test_a_copy_that_was_cut_short_shows_what_is_absent(tmp_path):
    scan(tmp_path / "a" / BG)
    unpack_clouds(tmp_path / "a", tmp_path / "b")
    (tmp_path / "b/OBJ_BG_2048/chair/00002.npy").unlink()
    (task,) = get_task("scanobjectnn", tmp_path / "b")
    assert [absent.id for absent in task.absent] == ["chair/00002"]


def test_an_object_with_nan_costs_itself_alone(tmp_path):
    data = points(2)
    data[1, 5, 0] = np.nan
    save(tmp_path / "a" / BG, data=data, label=np.array([1, 2]))
    done = unpack_clouds(tmp_path / "a", tmp_path / "b")
    assert done.clouds == 1
    assert [name for name, _ in done.refused] == ["OBJ_BG_2048/box/00001.npy"]
    (task,) = get_task("scanobjectnn", tmp_path / "b")
    assert [absent.id for absent in task.absent] == ["box/00001"]


@pytest.mark.parametrize(
    ("name", "make"), [("scanobjectnn", lambda root: scan(root / BG)), ("modelnet40", modelnet)]
)
def test_a_folder_of_h5_alone_says_what_to_run(name, make, tmp_path):
    source = tmp_path / "my data"
    make(source)
    with pytest.raises(InputError) as error:
        get_task(name, source)
    assert f"pentad unpack '{source}' '{source}-npy'" in str(error.value)
    (found,) = find_tasks(tmp_path).found
    assert found.name == name
    assert "pentad unpack" in found.error


def link(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        save(path.with_name("other.h5"), data=points(1))
        save(path, label=np.array([0]))
        with h5py.File(path, "a") as file:
            file["inner"] = points(1)
            file["data"] = make(path.with_name("other.h5"))

    return write


def virtual(path: Path) -> None:
    save(path.with_name("other.h5"), data=points(1))
    layout = h5py.VirtualLayout(shape=(1, 2048, 3), dtype="f4")
    layout[:] = h5py.VirtualSource(path.with_name("other.h5"), "data", shape=(1, 2048, 3))
    save(path, label=np.array([0]))
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("data", layout)


def external(path: Path) -> None:
    raw = path.with_name("raw.bin")
    save(path, label=np.array([0]))
    raw.write_bytes(points(1).tobytes())
    with h5py.File(path, "a") as file:
        file.create_dataset(
            "data", (1, 2048, 3), "f4", external=[(str(raw), 0, raw.stat().st_size)]
        )


def huge(path: Path, **form: object) -> None:
    save(path, label=np.zeros(1 << 25, np.uint8))
    with h5py.File(path, "a") as file:
        file.create_dataset("data", (1 << 25, 2048, 3), "f4", chunks=(1, 2048, 3), **form)


def pieces(path: Path) -> None:
    save(path, label=np.array([0]))
    with h5py.File(path, "a") as file:
        file.create_dataset("data", (1, 2048, 3), "f4", maxshape=(None, 2048, 3),
                            chunks=(1 << 15, 2048, 3))  # fmt: skip


def group(path: Path) -> None:
    save(path, label=np.array([0]))
    with h5py.File(path, "a") as file:
        file.create_group("data")


def scaled(path: Path) -> None:
    save(path, label=np.array([0]))
    with h5py.File(path, "a") as file:
        file.create_dataset("data", (1, 2048, 3), "i4", scaleoffset=4)


def with_(**datasets: object) -> Callable[[Path], object]:
    return lambda path: save(path, **datasets)


ONE = np.array([0])
HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no data": (with_(label=ONE), "no dataset 'data'"),
    "no label": (with_(data=points(1)), "no dataset 'label'"),
    "a group": (group, "is no dataset"),
    "fewer points": (with_(data=points(1)[:, :1024], label=ONE), "'data' is something else"),
    "four columns": (with_(data=np.zeros((1, 2048, 4)), label=ONE), "'data' is something else"),
    "flat": (with_(data=points(1)[0], label=ONE), "'data' is something else"),
    "a number": (with_(data=3.0, label=ONE), "'data' is something else"),
    "nothing": (with_(data=h5py.Empty("f4"), label=ONE), "'data' is something else"),
    "whole numbers": (with_(data=np.zeros((1, 2048, 3), int), label=ONE), "i8"),
    "long floats": (with_(data=np.zeros((1, 2048, 3), np.longdouble), label=ONE), "f16"),
    "texts": (with_(data=points(1), label=np.array([b"chair"])), "'label' is something else"),
    "other texts": (with_(data=points(1), label=["chair"]), "'label' is something else"),
    "float labels": (with_(data=points(1), label=np.zeros(1)), "'label' is something else"),
    "too few labels": (with_(data=points(2), label=ONE), "'label' is something else"),
    "wide labels": (with_(data=points(1), label=np.zeros((1, 2), int)), "'label' is something"),
    "a class too many": (with_(data=points(1), label=np.array([15])), "of no class"),
    "a class below": (with_(data=points(1), label=np.array([-1])), "of no class"),
    "none": (with_(data=np.zeros((0, 2048, 3), "f4"), label=np.zeros(0, int)), "not a number of"),
    "external link": (link(lambda other: h5py.ExternalLink(other, "/data")), "link to elsewhere"),
    "soft link": (link(lambda _: h5py.SoftLink("/inner")), "link to elsewhere"),
    "loop": (link(lambda _: h5py.SoftLink("/data")), "link to elsewhere"),
    "virtual": (virtual, "lies in other files"),
    "external data": (external, "lies in other files"),
    "huge": (huge, "not a number of objects"),
    "huge pieces": (pieces, "in pieces of"),
    "another filter": (scaled, "compressed in a way"),
    "half": (lambda path: cut(path, 0.5), "not a whole HDF5 file"),
    "its head": (lambda path: cut(path, 0.001), "not a whole HDF5 file"),
    "text": (lambda path: trees.write(path.parent, {path.name: "hello"}), "not a whole HDF5"),
    "empty": (lambda path: trees.write(path.parent, {path.name: ""}), "0 bytes"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_one_line_and_leaves_nothing(case, tmp_path):
    make, said = HOSTILE[case]
    (tmp_path / "a" / BG).parent.mkdir(parents=True)
    make(tmp_path / "a" / BG)
    with pytest.raises(InputError) as error:
        unpack_clouds(tmp_path / "a", tmp_path / "b")
    assert said in str(error.value)
    assert BG in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "b").exists()


def test_damaged_data_are_one_line(tmp_path):
    path = modelnet(tmp_path / "a") / "ply_data_test0.h5"
    with h5py.File(path) as file:
        stored = file["data"].id.get_chunk_info(0)
    data = bytearray(path.read_bytes())
    data[stored.byte_offset : stored.byte_offset + stored.size] = b"\xff" * stored.size
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"ply_data_test0\.h5: not a whole HDF5 file"):
        unpack_clouds(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, "no shape_names.txt"),
        ("airplane\n../../etc\n", "not a class of ModelNet40"),
        ("airplane\nairplane\n", "there twice"),
        ("airplane\n", "of no class"),
        ("\n", "names no class"),
    ],
)
def test_names_of_shapes_have_to_be_those(names, said, tmp_path):
    path = modelnet(tmp_path / "a") / "shape_names.txt"
    path.unlink()
    if names is not None:
        path.write_text(names)
    with pytest.raises(InputError, match=said):
        unpack_clouds(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize("line", ["../../x/00000", "chair/../x", "couch/00000", "chair", "chair/x"])
def test_a_list_of_something_else_is_one_line(line, tmp_path):
    trees.write(tmp_path, {"OBJ_BG_2048/objects.txt": f"{line}\n"})
    with pytest.raises(InputError, match=r"objects\.txt:1"):
        get_task("scanobjectnn", tmp_path)


def test_objects_of_another_file_are_not_mixed_in(tmp_path):
    scan(tmp_path / "a" / BG)
    unpack_clouds(tmp_path / "a", tmp_path / "b")
    scan(tmp_path / "a" / BG, (1, 2))
    with pytest.raises(InputError, match="another folder"):
        unpack_clouds(tmp_path / "a", tmp_path / "b")


def test_a_file_whose_variant_is_open_is_refused(tmp_path):
    scan(tmp_path / "a/data/test_objectdataset.h5")
    with pytest.raises(InputError, match="which variant"):
        unpack_clouds(tmp_path / "a", tmp_path / "b")


def test_without_h5py_the_install_line_is_said(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name == "h5py":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    scan(tmp_path / "a" / BG)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[hdf5\]'"):
        unpack_clouds(tmp_path / "a", tmp_path / "b")


def test_several_slabs_keep_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5, "_SLAB", 2)
    path = scan(tmp_path / "a" / BG, (1, 2, 3, 1, 2))
    unpack_clouds(tmp_path / "a", tmp_path / "b")
    with h5py.File(path) as file:
        there = read_cloud(tmp_path / "b/OBJ_BG_2048/box/00004.npy")[0]
        np.testing.assert_array_equal(there, file["data"][4])
