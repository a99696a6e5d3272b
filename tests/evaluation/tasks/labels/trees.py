"""Tiny folders of each classification benchmark, written by hand after their own descriptions."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

ESC50 = """\
filename,fold,target,category,esc10,src_file,take
1-100032-A-0.wav,1,0,dog,True,100032,A
1-100038-A-14.wav,1,14,chirping_birds,False,100038,A
5-9032-A-0.wav,5,0,dog,True,9032,A
5-9032-B-0.wav,5,0,dog,True,9032,B
"""
FSD50K_EVAL = """\
fname,labels,mids
37199,"Electric_guitar,Guitar,Music","/m/02sgy,/m/0342h,/m/04rlf"
175151,"Electric_guitar,Guitar,Music","/m/02sgy,/m/0342h,/m/04rlf"
253463,Boat_and_Water_vehicle,/m/019jd
"""
FSD50K_VOCABULARY = """\
0,Boat_and_Water_vehicle,/m/019jd
1,Electric_guitar,/m/02sgy
2,Guitar,/m/0342h
3,Music,/m/04rlf
"""
VGGSOUND = """\
---g-f_I2yQ,1,people marching,test
--0PQM4-hqg,30,waterfall burbling,train
B5KE79I2f-A,188,wind noise,test
B5KE79I2f-A,220,wind noise,test
0_8-g2rof7E,49,"heart sounds, heartbeat",test
"""
EVAL_SEGMENTS = """\
# Segments csv created Sun Mar  5 10:54:25 2017
# num_ytids=3, num_segs=3, num_unique_labels=3, num_positive_labels=4
# YTID, start_seconds, end_seconds, positive_labels
--4gqARaEJE, 0.000, 10.000, "/m/068hy,/m/07q6cd_"
--BfvyPmVMo, 20.000, 30.000, "/m/03l9g"
-0RWZT-miFs, 420.000, 430.000, "/m/03l9g"
"""
CLASS_LABELS = """\
index,mid,display_name
0,/m/068hy,"Domestic animals, pets"
1,/m/07q6cd_,"Squeak"
2,/m/03l9g,"Hammer"
"""
SPLIT = "036_00009.bin\t4\tt\n014_00018.bin\t0\tt\n005_00020.bin\t0\n"
LVIS = {"bat_(animal)": ["a" * 32, "b" * 32], "Band_Aid": ["c" * 32]}


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files, by their path below a root."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def esc50(root: Path) -> Path:
    names = [line.split(",")[0] for line in ESC50.splitlines()[1:]]
    return write(root, {"meta/esc50.csv": ESC50, **{f"audio/{name}": "x" for name in names}})


def fsd50k(root: Path) -> Path:
    clips = {f"FSD50K.eval_audio/{name}.wav": "x" for name in (37199, 175151, 253463)}
    truth = {"eval.csv": FSD50K_EVAL, "vocabulary.csv": FSD50K_VOCABULARY}
    return write(root, {**{f"FSD50K.ground_truth/{n}": t for n, t in truth.items()}, **clips})


def vggsound(root: Path) -> Path:
    names = ("---g-f_I2yQ_000001.mp4", "B5KE79I2f-A_000188.mp4", "0_8-g2rof7E_000049.wav")
    return write(root, {"vggsound.csv": VGGSOUND, **{f"clips/{name}": "x" for name in names}})


def audioset(root: Path) -> Path:
    names = ("Y--4gqARaEJE.wav", "--BfvyPmVMo_20.flac", "-0RWZT-miFs_420000_430000.mp4")
    tables = {"eval_segments.csv": EVAL_SEGMENTS, "class_labels_indices.csv": CLASS_LABELS}
    return write(root, {**tables, **{f"eval/{name}": "x" for name in names}})


def modelnet40_meshes(root: Path) -> Path:
    names = ("airplane/test/airplane_0627", "airplane/train/airplane_0001",
             "night_stand/test/night_stand_0201")  # fmt: skip
    return write(root, {f"{name}.off": "OFF\n" for name in names})


def modelnet40_clouds(root: Path) -> Path:
    """As PointNet++ publishes them: text."""
    lists = {
        "modelnet40_shape_names.txt": "airplane\nnight_stand\n",
        "modelnet40_test.txt": "airplane_0627\nnight_stand_0201\n",
        "modelnet40_train.txt": "airplane_0001\n",
    }
    point = "-0.098790,-0.182300,0.163800,0.829000,-0.557200,-0.048180\n"
    clouds = ("airplane/airplane_0627.txt", "night_stand/night_stand_0201.txt")
    return write(root, {**lists, **dict.fromkeys(clouds, 2 * point)})


def modelnet40_npy(root: Path) -> Path:
    modelnet40_clouds(root)
    for path in sorted(root.glob("*/*.txt")):
        path.rename(path.with_suffix(".npy"))
    return root


def scanobjectnn(root: Path) -> Path:
    """As it is here after unpacking."""
    names = ["object_dataset/chair/036_00009", "object_dataset/bag/014_00018"]
    names += [f"PB_T50_RS/chair/036_00009_{number}" for number in range(5)]
    return write(root, {"main_split.txt": SPLIT, **{f"{name}.npy": "x" for name in names}})


def scanobjectnn_raw(root: Path) -> Path:
    """As it is published: .bin objects of two points, the second of the room around them."""
    points = [[1, 2, 3, 0, 0, 1, 10, 20, 30, 32, 5], [4, 5, 6, 0, 0, 1, 40, 50, 60, 7, 1]]
    data = np.array([2, *points[0], *points[1]], dtype="<f4").tobytes()
    labels = "036\t00009\tchair\t32\n014\t00018\tbag\t7\n"
    lists = {"main_split.txt": SPLIT, "training_data/object_labels.txt": labels}
    names = ("chair/036_00009.bin", "bag/014_00018.bin")
    return write(root, {**lists, **{f"object_dataset/{name}": data for name in names}})


def objaverse(root: Path) -> Path:
    table = gzip.compress(json.dumps(LVIS).encode())
    objects = {f"glbs/000-023/{'a' * 32}.glb": "x", f"glbs/000-100/{'c' * 32}.glb": "x"}
    return write(root, {"lvis-annotations.json.gz": table, **objects})


TREES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "esc50": ("esc50", esc50),
    "fsd50k": ("fsd50k", fsd50k),
    "vggsound": ("vggsound", vggsound),
    "audioset": ("audioset", audioset),
    "modelnet40 meshes": ("modelnet40", modelnet40_meshes),
    "modelnet40 clouds": ("modelnet40", modelnet40_clouds),
    "modelnet40 npy": ("modelnet40", modelnet40_npy),
    "scanobjectnn": ("scanobjectnn", scanobjectnn),
    "scanobjectnn raw": ("scanobjectnn", scanobjectnn_raw),
    "objaverse-lvis": ("objaverse-lvis", objaverse),
}
"""Name of the tree -> name of its converter, and what writes it."""
READABLE = tuple(name for name in TREES if name not in ("modelnet40 clouds", "scanobjectnn raw"))
