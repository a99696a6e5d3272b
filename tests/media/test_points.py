from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pentad.core.errors import DecodeError, Reason
from pentad.media.decode import decode
from pentad.media.geometry import NEUTRAL, fan
from pentad.media.types import DecodeOptions, Points, Views
from tests.media.makers import COLORS, CUBE, MAKERS, QUADS, gltf_tree, make, write_glb


def points(path: Path) -> Points:
    return decode(path, "points")


def reason(path: Path) -> Reason:
    with pytest.raises(DecodeError) as refusal:
        points(path)
    return refusal.value.reason


@pytest.mark.parametrize("name", MAKERS["points"])
def test_each_format_gives_the_cube(tmp_path: Path, name: str) -> None:
    found = points(make(tmp_path, "points", name))
    corners = found.xyz - found.xyz.min(axis=0)
    assert sorted(set(map(tuple, corners.tolist()))) == sorted(map(tuple, CUBE.tolist()))
    assert found.xyz.dtype == np.float32
    if name == "a.npy":
        assert found.faces is None
    else:
        assert found.faces.shape == (12, 3)
        assert found.faces.dtype == np.int32


@pytest.mark.parametrize("name", MAKERS["points"])
def test_each_format_can_be_sampled_and_drawn(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, "points", name)
    sample = decode(path, "points", DecodeOptions(points=100), seed=3)
    assert isinstance(sample, Points)
    assert sample.xyz.shape == (100, 3)
    assert sample.faces is None
    views = decode(path, "points", DecodeOptions(views=3, view_size=32), seed=3)
    assert isinstance(views, Views)
    assert views.images.shape == (3, 32, 32, 3)


class TestNpy:
    @pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4"])
    @pytest.mark.parametrize("scale", [1, 255])
    def test_floats_and_colours(self, tmp_path: Path, dtype: str, scale: int) -> None:
        rows = np.concatenate([CUBE, CUBE * scale], axis=1).astype(dtype)
        np.save(tmp_path / "a.npy", np.asfortranarray(rows))
        found = points(tmp_path / "a.npy")
        assert np.array_equal(found.xyz, CUBE)
        assert np.array_equal(found.rgb, (CUBE * 255).astype(np.uint8))

    def test_no_colours(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", CUBE)
        assert points(tmp_path / "a.npy").rgb is None

    @pytest.mark.parametrize(
        "array", [np.zeros((9, 4)), np.zeros(9), np.zeros((9, 3), int), np.zeros((2, 3, 3))]
    )
    def test_other_arrays_are_not_clouds(self, tmp_path: Path, array: np.ndarray) -> None:
        np.save(tmp_path / "a.npy", array)
        assert reason(tmp_path / "a.npy") is Reason.UNSUPPORTED

    def test_pickles_are_not_opened(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", np.array([{"xyz": 1}], object), allow_pickle=True)
        assert reason(tmp_path / "a.npy") is Reason.UNSUPPORTED

    def test_an_absurd_shape(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", CUBE)
        data = (tmp_path / "a.npy").read_bytes()
        data = data.replace(b"(8, 3), }" + b" " * 11, b"(800000000000, 3), }")
        (tmp_path / "a.npy").write_bytes(data)
        assert reason(tmp_path / "a.npy") in {Reason.TRUNCATED, Reason.TOO_LARGE}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (np.empty((0, 3)), Reason.EMPTY),
        (np.zeros((2, 3)), Reason.TOO_SMALL),
        (np.full((50, 3), 7.0), Reason.CONSTANT),
        (np.full((50, 3), np.nan), Reason.NON_FINITE),
        (np.arange(30).reshape(10, 3) * 1e300, Reason.NON_FINITE),
    ],
)
def test_what_no_cloud_may_be(tmp_path: Path, rows: np.ndarray, expected: Reason) -> None:
    np.save(tmp_path / "a.npy", rows.astype(np.float64))
    assert reason(tmp_path / "a.npy") is expected


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pentad.media.geometry.MAX_POINTS", 7)
    for name in MAKERS["points"]:
        assert reason(make(tmp_path, "points", name)) is Reason.TOO_LARGE


class TestGltf:
    def test_node_transforms_and_base_colour(self, tmp_path: Path) -> None:
        found = points(write_glb(tmp_path / "a.glb"))
        assert np.array_equal(found.xyz, CUBE + np.float32([5, 0, 0]))
        assert (found.rgb == (255, 0, 0)).all()

    def test_nested_turned_and_scaled(self, tmp_path: Path) -> None:
        tree, _ = gltf_tree()
        half = float(np.sqrt(0.5))
        tree["nodes"] = [
            {"children": [1], "translation": [0, 0, 1], "rotation": [0, half, 0, half]},
            {"mesh": 0, "scale": [2, 1, 1]},
        ]
        found = points(write_glb(tmp_path / "a.glb", tree)).xyz
        # Twice as long along x, then a quarter turn about y takes x to -z and z to x.
        x, y, z = CUBE.T
        assert np.allclose(found, np.stack([z, y, 1 - 2 * x], axis=1), atol=1e-6)

    def test_one_mesh_placed_twice(self, tmp_path: Path) -> None:
        tree, _ = gltf_tree()
        tree["nodes"] = [{"mesh": 0}, {"mesh": 0, "translation": [0, 9, 0]}]
        tree["scenes"] = [{"nodes": [0, 1]}]
        found = points(write_glb(tmp_path / "a.glb", tree))
        assert np.array_equal(found.xyz, np.concatenate([CUBE, CUBE + np.float32([0, 9, 0])]))
        assert found.faces.shape == (24, 3)

    def test_vertex_colours(self, tmp_path: Path) -> None:
        tree, data = gltf_tree()
        rgba = np.concatenate([COLORS, np.full((8, 1), 255, np.uint8)], axis=1).tobytes()
        tree["bufferViews"].append({"buffer": 0, "byteOffset": len(data), "byteLength": 32})
        tree["buffers"][0]["byteLength"] += 32
        tree["accessors"].append(
            {"bufferView": 2, "componentType": 5121, "count": 8, "type": "VEC4", "normalized": True}
        )
        tree["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"] = 2
        del tree["meshes"][0]["primitives"][0]["material"]
        found = points(write_glb(tmp_path / "a.glb", tree, data + rgba))
        assert np.array_equal(found.rgb, COLORS)

    def test_a_texture_is_sampled_at_the_corners(self, tmp_path: Path) -> None:
        tree, data = gltf_tree()
        uv = (CUBE[:, :2] * 0.9 + 0.05).astype("<f4").tobytes()
        file = BytesIO()
        Image.fromarray(
            np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], np.uint8)
        ).save(file, "PNG")
        tree["bufferViews"].append({"buffer": 0, "byteOffset": len(data), "byteLength": len(uv)})
        tree["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(data) + len(uv), "byteLength": len(file.getvalue())}
        )
        data += uv + file.getvalue()
        tree["buffers"][0]["byteLength"] = len(data)
        tree["accessors"].append(
            {"bufferView": 2, "componentType": 5126, "count": 8, "type": "VEC2"}
        )
        tree["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = 2
        tree["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
        tree["textures"], tree["images"] = [{"source": 0}], [{"bufferView": 3}]
        found = points(write_glb(tmp_path / "a.glb", tree, data))
        of = {(0, 0): [255, 0, 0], (1, 0): [0, 255, 0], (0, 1): [0, 0, 255], (1, 1): [9, 9, 9]}
        assert found.rgb.tolist() == [of[int(x), int(y)] for x, y, _ in CUBE]

    @pytest.mark.parametrize(("mode", "triangles"), [(4, 12), (5, 34), (6, 34), (0, None), (1, 0)])
    def test_kinds_of_primitives(self, tmp_path: Path, mode: int, triangles: int | None) -> None:
        tree, _ = gltf_tree()
        tree["meshes"][0]["primitives"][0]["mode"] = mode
        path = write_glb(tmp_path / "a.glb", tree)
        if triangles == 0:
            assert reason(path) is Reason.EMPTY
        elif triangles is None:
            assert points(path).faces is None
        else:
            assert len(points(path).faces) == triangles

    @pytest.mark.parametrize("lost", [["scene", "scenes"], ["scene", "scenes", "nodes"]])
    def test_scenes_and_nodes_may_be_absent(self, tmp_path: Path, lost: list[str]) -> None:
        tree, _ = gltf_tree()
        for key in lost:
            del tree[key]
        assert len(points(write_glb(tmp_path / "a.glb", tree)).xyz) == 8

    def test_a_matrix_in_columns(self, tmp_path: Path) -> None:
        tree, _ = gltf_tree()
        tree["nodes"] = [{"mesh": 0, "matrix": [2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 7, 0, 1]}]
        found = points(write_glb(tmp_path / "a.glb", tree)).xyz
        assert np.array_equal(found, CUBE * np.float32([2, 1, 1]) + np.float32([0, 7, 0]))

    def test_parts_without_colour_are_grey_beside_coloured_ones(self, tmp_path: Path) -> None:
        tree, _ = gltf_tree()
        plain = {"attributes": {"POSITION": 0}, "indices": 1}
        tree["meshes"][0]["primitives"].append(plain)
        found = points(write_glb(tmp_path / "a.glb", tree)).rgb
        assert (found[:8] == (255, 0, 0)).all()
        assert (found[8:] == NEUTRAL).all()
        tree["meshes"][0]["primitives"] = [plain]
        assert points(write_glb(tmp_path / "b.glb", tree)).rgb is None

    def test_factors_are_linear_light(self, tmp_path: Path) -> None:
        tree, _ = gltf_tree()
        tree["materials"] = [{"pbrMetallicRoughness": {"baseColorFactor": [0.5, 0.002, 0, 1]}}]
        assert points(write_glb(tmp_path / "a.glb", tree)).rgb[0].tolist() == [188, 7, 0]

    def test_a_stride_of_0_is_none(self, tmp_path: Path) -> None:
        tree, _ = gltf_tree()
        tree["bufferViews"][0]["byteStride"] = 0
        assert len(points(write_glb(tmp_path / "a.glb", tree)).xyz) == 8
        tree["bufferViews"][0]["byteStride"] = 12
        assert len(points(write_glb(tmp_path / "a.glb", tree)).xyz) == 8

    def test_more_texture_than_is_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree, data = gltf_tree()
        file = BytesIO()
        Image.new("RGB", (64, 64), (9, 99, 199)).save(file, "PNG")
        uri = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        plain = tree["meshes"][0]["primitives"][0]
        plain["attributes"]["TEXCOORD_0"] = 0
        tree["images"] = [{"uri": uri}] * 3
        tree["textures"] = [{"source": i} for i in range(3)]
        tree["materials"] = [
            {"pbrMetallicRoughness": {"baseColorTexture": {"index": i}}} for i in range(3)
        ]
        tree["meshes"][0]["primitives"] = [plain | {"material": i % 3} for i in range(6)]
        monkeypatch.setattr("pentad.media.gltfscene._TEXTURE_BYTES", 1)
        found = points(write_glb(tmp_path / "a.glb", tree, data))
        assert (found.rgb == (9, 99, 199)).all()

    def test_json_with_a_data_uri_or_a_file_beside_it(self, tmp_path: Path) -> None:
        _, data = gltf_tree()
        (tmp_path / "data file.bin").write_bytes(data)
        inline = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
        for uri in (inline, "data%20file.bin"):
            (tmp_path / "a.gltf").write_text(json.dumps(gltf_tree(uri)[0]))
            assert np.array_equal(points(tmp_path / "a.gltf").xyz, CUBE + np.float32([5, 0, 0]))

    @pytest.mark.parametrize("uri", ["../outside.bin", "%2e%2e/outside.bin", "/etc/passwd", "link"])
    def test_no_file_outside_its_folder(self, tmp_path: Path, uri: str) -> None:
        (tmp_path / "outside.bin").write_bytes(gltf_tree()[1])
        folder = tmp_path / "models"
        folder.mkdir()
        (folder / "link").symlink_to(tmp_path / "outside.bin")
        (folder / "a.gltf").write_text(json.dumps(gltf_tree(uri)[0]))
        assert reason(folder / "a.gltf") is Reason.OUTSIDE_ROOT

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("accessors", 0, "count"), 10**12),
            (("accessors", 0, "count"), 9),
            (("accessors", 0, "count"), -1),
            (("accessors", 0, "count"), "many"),
            (("accessors", 0, "byteOffset"), 10**9),
            (("accessors", 0, "componentType"), 5125000),
            (("accessors", 0, "bufferView"), 77),
            (("accessors", 0, "type"), "VEC2"),
            (("accessors", 0, "sparse"), {"count": 1}),
            (("bufferViews", 0, "byteStride"), 10**9),
            (("bufferViews", 0, "byteLength"), 10**9),
            (("buffers", 0, "byteLength"), 10**9),
            (("buffers", 0), None),
            (("nodes", 0, "children"), [0]),
            (("nodes", 0, "mesh"), 3),
            (("nodes", 0, "mesh"), True),
            (("nodes", 0, "scale"), [1e39, 1e39, 1e39]),
            (("nodes", 0, "matrix"), [1, 2, 3]),
            (("nodes",), {}),
            (("scenes", 0, "nodes"), []),
            (("meshes", 0, "primitives", 0, "mode"), 1),
            (("meshes", 0, "primitives", 0, "indices"), 0),
            (("asset", "version"), "1.0"),
            (("extensionsRequired",), ["KHR_draco_mesh_compression"]),
        ],
    )
    def test_impossible_documents(self, tmp_path: Path, path: tuple, value: object) -> None:
        tree, _ = gltf_tree()
        place = tree
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        assert reason(write_glb(tmp_path / "a.glb", tree)) is not None


class TestObj:
    def test_materials_give_colours(self, tmp_path: Path) -> None:
        path = make(tmp_path, "points", "a.obj")
        (tmp_path / "a.mtl").write_text("newmtl red\nKd 1 0 0\n")
        path.write_text(path.read_text().replace("f ", "usemtl red\nf ", 1))
        path.write_text("mtllib a.mtl\n" + path.read_text())
        assert (points(path).rgb == (255, 0, 0)).all()

    def test_textures_give_colours(self, tmp_path: Path) -> None:
        texture = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], np.uint8)
        Image.fromarray(texture).save(tmp_path / "map.png")
        (tmp_path / "a.mtl").write_text("newmtl m\nmap_Kd map.png\n")
        corners = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0.2 0.2\nvt 0.8 0.2\nvt 0.2 0.8\n"
        path = tmp_path / "a.obj"
        path.write_text(f"mtllib a.mtl\nusemtl m\n{corners}f 1/1 2/2 3/3\n")
        found = points(path)
        pairs = zip(found.xyz.tolist(), found.rgb.tolist(), strict=True)
        colors = {tuple(xyz): rgb for xyz, rgb in pairs}
        assert colors == {(0, 0, 0): [0, 0, 255], (1, 0, 0): [9, 9, 9], (0, 1, 0): [255, 0, 0]}

    def test_vertex_colours(self, tmp_path: Path) -> None:
        path = make(tmp_path, "points", "a.obj")
        lines = path.read_text().splitlines()
        lines[:8] = [f"v {x} {y} {z} {x} {y} {z}" for x, y, z in CUBE]
        path.write_text("\n".join(lines))
        assert np.array_equal(points(path).rgb, (CUBE * 255).astype(np.uint8))

    def test_a_material_elsewhere_is_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "secret.mtl").write_text("newmtl red\nKd 1 0 0\n")
        (tmp_path / "models").mkdir()
        path = make(tmp_path / "models", "points", "a.obj")
        path.write_text("mtllib ../secret.mtl\nusemtl red\n" + path.read_text())
        rgb = points(path).rgb
        assert rgb is None or not (rgb == (255, 0, 0)).all()

    def test_vertices_alone_are_a_cloud(self, tmp_path: Path) -> None:
        path = make(tmp_path, "points", "a.obj")
        path.write_text("".join(x for x in path.read_text().splitlines(True) if x[0] == "v"))
        assert points(path).faces is None

    @pytest.mark.parametrize("line", ["f 1 2 99", "f 1 2 x", "v 1 2", "v nan 0 0"])
    def test_wrong_lines(self, tmp_path: Path, line: str) -> None:
        path = make(tmp_path, "points", "a.obj")
        path.write_text(path.read_text() + line + "\n")
        try:
            found = points(path)
        except DecodeError:
            return
        assert found.faces.max() < len(found.xyz)


@pytest.mark.parametrize("corners", [3, 4, 5, 9])
def test_polygons_become_fans(corners: int) -> None:
    polygons = np.arange(2 * corners).reshape(2, corners)
    expected = [[p[0], p[i], p[i + 1]] for p in polygons.tolist() for i in range(1, corners - 1)]
    assert fan(polygons).tolist() == expected


class TestOff:
    def test_colours(self, tmp_path: Path) -> None:
        rows = [f"{x} {y} {z} {x * 255:.0f} 0 0 255" for x, y, z in CUBE]
        (tmp_path / "a.off").write_text("\n".join(["COFF # a cube", "8 0 0", *rows]))
        assert points(tmp_path / "a.off").rgb.tolist() == [[int(x * 255), 0, 0] for x, *_ in CUBE]

    @pytest.mark.parametrize("head", ["OFF 8 6 12", "OFF\n# counts\n8 6 12"])
    def test_counts_on_either_line(self, tmp_path: Path, head: str) -> None:
        rows = [
            *(f"{x} {y} {z}" for x, y, z in CUBE),
            *("4 " + " ".join(map(str, q)) for q in QUADS),
        ]
        (tmp_path / "a.off").write_text("\n".join([head, *rows]))
        assert points(tmp_path / "a.off").faces.shape == (12, 3)

    @pytest.mark.parametrize(
        "text",
        [
            "OFF",
            "OFF\n",
            "OFF\n1e12 4 0\n",
            "OFF\n999999999999 1 0\n0 0 0\n",
            "OFF\n3 1 0\n0 0 0\n0 1 0\n1 0 0\n9 0 1\n",
        ],
    )
    def test_wrong_counts(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "a.off").write_text(text)
        assert reason(tmp_path / "a.off") is not None


def test_a_binary_stl_that_begins_like_ascii(tmp_path: Path) -> None:
    path = make(tmp_path, "points", "a.stl")
    path.write_bytes(b"solid cube".ljust(80) + path.read_bytes()[80:])
    assert points(path).faces.shape == (12, 3)


def test_an_stl_that_claims_four_billion_triangles(tmp_path: Path) -> None:
    path = make(tmp_path, "points", "a.stl")
    data = path.read_bytes()
    path.write_bytes(data[:80] + b"\xff\xff\xff\xff" + data[84:])
    assert reason(path) is Reason.TRUNCATED
