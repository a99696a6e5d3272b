"""What is read from each published layout of captions."""

import json
from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.evaluation.tasks.captions import (
    audiocaps,
    clotho,
    coco_karpathy,
    flickr30k,
    msrvtt,
    msvd,
)
from pentad.evaluation.tasks.captions.captioned import METRICS, SEVERAL_METRICS
from pentad.evaluation.tasks.converter import Converter
from pentad.evaluation.tasks.task import Absent, Direction, Kind, Task
from tests.evaluation.tasks.captions import trees
from tests.evaluation.tasks.captions.trees import TREES, write


def read(converter: Converter, tree: trees.Tree, root: Path, **changed) -> Task:
    write(tree, root, **changed)
    assert converter.detect(root)
    (task,) = converter.read(root)
    return task


def matched(task: Task) -> dict[str, list[str]]:
    """Return file -> the captions that are relevant to it."""
    assert task.queries.texts is not None
    assert task.items.files is not None
    found: dict[str, list[str]] = {file.name: [] for file in task.items.files}
    for query, item in zip(task.qrels.queries, task.qrels.items, strict=True):
        found[task.items.files[item].name].append(task.queries.texts[query])
    return found


def test_coco_takes_the_test_part_with_all_of_its_captions(tmp_path: Path):
    task = read(coco_karpathy.CONVERTER, trees.COCO, tmp_path)
    assert (task.name, task.kind, task.split) == ("coco-karpathy", Kind.retrieval, "test")
    assert task.directions == (Direction.forward, Direction.reverse)
    assert task.metrics == (METRICS, SEVERAL_METRICS)
    assert matched(task) == {
        "COCO_val2014_000000391895.jpg": ["A man with a red helmet.", "A dirt path."],
        "COCO_val2014_000000000042.jpg": ["A dirt path."],
    }
    assert task.queries.ids[0] == "COCO_val2014_000000391895.jpg#770337"
    assert task.items.files == tuple(tmp_path / "val2014" / name for name in task.items.ids)
    assert task.items.units == task.items.ids
    assert task.notes[1] == "dataset_coco.json lists 2 files; the published split has 5,000"


def test_coco_pictures_may_lie_in_images_and_the_table_elsewhere(tmp_path: Path):
    moved = {
        f"images/{name}" if name.endswith(".jpg") else f"karpathy/{name}": content
        for name, content in trees.COCO.items()
    }
    assert len(read(coco_karpathy.CONVERTER, moved, tmp_path).items) == 2


@pytest.mark.parametrize("layout", ["flickr-json", "flickr-csv", "flickr-token", "flickr-results"])
def test_every_table_of_flickr30k_tells_the_same(tmp_path: Path, layout: str):
    task = read(flickr30k.CONVERTER, TREES[layout][1], tmp_path)
    plain = {
        name: [caption.replace(" .", ".") for caption in captions]
        for name, captions in matched(task).items()
    }
    assert plain == {
        "1007129816.jpg": ["The man with pierced ears.", "A man with glasses."],
        "1009434119.jpg": ["A dog runs."],
    }
    has_split = layout in {"flickr-json", "flickr-csv"}
    assert any("perhaps not those" in note for note in task.notes) is not has_split


def test_captions_of_flickr30k_without_a_split_are_no_benchmark(tmp_path: Path):
    write(trees.FLICKR_TOKEN, tmp_path, **{"test.txt": None})
    assert not flickr30k.CONVERTER.detect(tmp_path)
    with pytest.raises(InputError, match=r"it is not in this folder; expected test\.txt"):
        flickr30k.CONVERTER.read(tmp_path)
    assert not flickr30k.CONVERTER.detect(write({"results.csv": "a,b\n", "test.txt": "1\n"},
                                                tmp_path / "other"))  # fmt: skip


def test_sounds_of_audiocaps_are_found_under_the_names_that_are_met(tmp_path: Path):
    task = read(audiocaps.CONVERTER, trees.AUDIOCAPS, tmp_path)
    assert matched(task) == {
        "7fmOlUlwoNg.wav": ["Constant rattling noise and sharp vibrations", "A motor, rattling"],
        "Y6BJ455B1aAs.wav": ["A rocket flies by followed by a loud explosion"],
        "-oR4mHh9vX8_130.flac": ["Rain"],
        "103552.wav": ["Wind"],
        "ZsTZ7jqbd9M_10_20.mp4": ["A bird"],
    }
    assert task.items.ids[0] == "7fmOlUlwoNg_20"
    assert task.items.units is not None
    assert task.items.units[0] == "7fmOlUlwoNg"
    assert task.queries.ids[:2] == ("103549", "103550")
    assert task.absent == (Absent("gone_from_yt_30", "no audio named 'gone_from_yt' is there"),)
    assert "5 of 6 files are there; 1 captions of the others are left out with them" in task.notes


def test_audiocaps_is_read_as_aac_datasets_lays_it_out(tmp_path: Path):
    moved = {
        "csv_files_v1/test.csv": trees.AUDIOCAPS["test.csv"],
        "audio_32000Hz/test/7fmOlUlwoNg_20.flac": "",
    }
    assert read(audiocaps.CONVERTER, moved, tmp_path).items.ids == ("7fmOlUlwoNg_20",)


def test_a_sound_comes_before_a_video_of_the_same_clip(tmp_path: Path):
    both = trees.AUDIOCAPS | {"7fmOlUlwoNg.mp4": "", "audio/ZsTZ7jqbd9M.mp3": ""}
    files = read(audiocaps.CONVERTER, both, tmp_path).items.files
    assert files is not None
    assert [file.name for file in files if file.name[0] in "7Z"] == [
        "7fmOlUlwoNg.wav", "ZsTZ7jqbd9M.mp3",
    ]  # fmt: skip


def test_another_test_csv_is_not_audiocaps(tmp_path: Path):
    assert not audiocaps.CONVERTER.detect(write({"test.csv": "id,text\n1,a\n"}, tmp_path))


def test_clotho_has_five_captions_a_sound_and_ids_without_blanks(tmp_path: Path):
    task = read(clotho.CONVERTER, trees.CLOTHO, tmp_path)
    assert task.split == "evaluation"
    assert task.items.ids == ("Santa_Motor.wav", "Radio_Garble.wav")
    assert matched(task)["Santa Motor.wav"] == [
        "A machine whines", "A person uses a tool", "A tool, turning", "A saw", "A drill",
    ]  # fmt: skip
    assert task.queries.ids[4] == "Santa_Motor.wav#5"


def test_msrvtt_has_one_caption_a_clip(tmp_path: Path):
    task = read(msrvtt.CONVERTER, trees.MSRVTT, tmp_path)
    assert task.split == "1k-A"
    assert task.metrics == (METRICS, METRICS)
    assert task.queries.ids == ("ret0", "ret1")
    assert matched(task) == {
        "video9770.mp4": ["a person is connecting something to system"],
        "video9771.mp4": ["a little girl does gymnastics"],
    }


def test_msvd_keeps_equal_captions_and_resamples_videos(tmp_path: Path):
    task = read(msvd.CONVERTER, trees.MSVD, tmp_path)
    assert matched(task) == {
        "mv89psg6zh4_33_46.avi": ["A bird is bathing in a sink."] * 2,
        "mv89psg6zh4_60_66.avi": ["A faucet is running."],
        "_O9kWD8nuRU_45_49.avi": ["Two men are talking."],
    }
    assert task.items.units == ("mv89psg6zh4", "mv89psg6zh4", "_O9kWD8nuRU")


def test_msvd_takes_the_english_rows_of_the_table(tmp_path: Path):
    task = read(msvd.CONVERTER, trees.MSVD_CSV, tmp_path)
    assert matched(task) == {
        "mv89psg6zh4_33_46.avi": ["A bird in a sink", "A bird,\nsplashing"],
        "mv89psg6zh4_60_66.avi": [],
        "_O9kWD8nuRU_45_49.avi": ["Two men are talking."],
    }
    assert any(note.startswith("1 clips have no caption") for note in task.notes)


def test_pickled_captions_are_never_read(tmp_path: Path):
    write(trees.MSVD, tmp_path, **{"AllVideoDescriptions.txt": None, "raw-captions.pkl": b"\x80"})
    assert msvd.CONVERTER.detect(tmp_path)
    with pytest.raises(InputError, match="pickled captions are not read; put"):
        msvd.CONVERTER.read(tmp_path)


def changed_image(**changed) -> str:
    content = json.loads(trees.COCO["dataset_coco.json"])
    content["images"][0] |= changed
    return json.dumps(content)


@pytest.mark.parametrize(
    ("layout", "name", "content", "expected"),
    [
        ("coco", "dataset_coco.json", '{"images": 3}', " [images]: there is no list of images"),
        ("coco", "dataset_coco.json", '{"images": [3]}', " [images]: image 1 is no object"),
        ("coco", "dataset_coco.json", '{"images": []}', ": no clip of the split 'test' is listed"),
        ("coco", "dataset_coco.json", b'{"images": "\xff"}', ": not JSON"),
        ("coco", "dataset_coco.json", "[]", ": not a JSON object"),
        ("coco", "dataset_coco.json", changed_image(split=None), " [split]: image 1: text is"),
        ("coco", "dataset_coco.json", changed_image(filename=3), " [filename]: image 1: text is"),
        ("coco", "dataset_coco.json", changed_image(sentences=[]), " [sentences]: image 1: not"),
        ("coco", "dataset_coco.json", changed_image(sentences=["x"]), " [sentences]: image 1: not"),
        ("coco", "dataset_coco.json", changed_image(sentences=[{"raw": 1, "sentid": 1}]),
         " [raw]: image 1: text is missing here; got 1"),
        ("coco", "dataset_coco.json", changed_image(filename="COCO_val2014_000000000042.jpg"),
         " [filename]: image 3: this picture is there already"),
        ("flickr-csv", "flickr_annotations_30k.csv", "raw,split,filename\n[,test,a.jpg\n",
         ":2 [raw]: not a JSON list of captions"),
        ("flickr-csv", "flickr_annotations_30k.csv", "raw,filename\n[],a.jpg\n",
         " [split]: this column is missing; got columns 'raw', 'filename'"),
        ("flickr-token", "results_20130124.token", "1007129816.jpg\tx\n", ":1: not a caption"),
        ("flickr-token", "results_20130124.token", "1.jpg#0\tx\n1.jpg#0\ty\n", ":2: this caption"),
        ("flickr-token", "test.txt", "5\n", ":1: results_20130124.token has no captions of this"),
        ("flickr-results", "results.csv", "image_name| comment\n1.jpg x\n", ":2: not a caption"),
        ("audiocaps", "test.csv", "audiocap_id,youtube_id,start_time\n1,a,2\n", " [caption]: this"),
        ("audiocaps", "test.csv", "audiocap_id,youtube_id,start_time,caption\n1,a,x,y\n",
         ":2 [start_time]: not a whole number of seconds; got 'x'"),
        ("audiocaps", "test.csv", "audiocap_id,youtube_id,start_time,caption\n1,../a,1,y\n",
         ":2 [youtube_id]: a name with slashes leads elsewhere"),
        ("audiocaps", "test.csv", "audiocap_id,youtube_id,start_time,caption\n1,7fmOlUlwoNg,1,\n",
         ":2 [caption]: text is missing here"),
        ("audiocaps", "test.csv",
         "audiocap_id,youtube_id,start_time,caption\n1,7fmOlUlwoNg,1,a\n1,7fmOlUlwoNg,1,b\n",
         ":2: this id is there already; got '1'"),
        ("audiocaps", "test.csv", "audiocap_id,youtube_id,start_time,caption\n1,a\n",
         ":2: this row does not fit the header; expected 4 cells, got 2"),
        ("clotho", "clotho_captions_evaluation.csv", "", ": the table is empty"),
        ("clotho", "clotho_captions_evaluation.csv", "file_name,caption_1\na,b\n", " [caption_2]"),
        ("clotho", "clotho_captions_evaluation.csv", 'file_name,caption_1\n"a,b\n', " [caption_2]"),
        ("clotho", "clotho_captions_evaluation.csv",
         trees.CLOTHO["clotho_captions_evaluation.csv"] + 'x.wav,"a\n', ":4: not a row of a table"),
        ("clotho", "clotho_captions_evaluation.csv",
         trees.CLOTHO["clotho_captions_evaluation.csv"] + "Radio Garble.wav,a,b,c,d,e\n",
         ":4 [file_name]: this file is there already"),
        ("clotho", "clotho_captions_evaluation.csv",
         trees.CLOTHO["clotho_captions_evaluation.csv"].encode() + b"x.wav,a,b,c,d,\xe9\n",
         ":4: byte 0xe9 is not valid here; save the file as UTF-8"),
        ("clotho", "clotho_captions_evaluation.csv",
         trees.CLOTHO["clotho_captions_evaluation.csv"] + "../x.wav,a,b,c,d,e\n",
         ":4 [file_name]: a name with slashes leads elsewhere"),
        ("msrvtt", "MSRVTT_JSFUSION_test.csv",
         "key,video_id,sentence\nret0,video1,x\nret0,video9770,y\nret0,video9771,z\n",
         ":4: this id is there already; got 'ret0'"),
        ("msvd", "test_list.txt", "../x\n", ":1: a name with slashes leads elsewhere"),
        ("msvd", "AllVideoDescriptions.txt", "mv89psg6zh4_33_46\n", ":1: not a clip and its"),
        ("msvd-csv", "MSR Video Description Corpus.csv", "VideoID,Start\n1,2\n", " [End]: this"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(
    tmp_path: Path, layout: str, name: str, content: str | bytes, expected: str
):
    benchmark, tree = TREES[layout]
    write(tree, tmp_path, **{name: content})
    converters = (audiocaps, clotho, coco_karpathy, flickr30k, msrvtt, msvd)
    (converter,) = (m.CONVERTER for m in converters if m.CONVERTER.name == benchmark)
    with pytest.raises(InputError) as caught:
        converter.read(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / name}{expected}")


def test_a_picture_whose_name_leads_out_is_absent(tmp_path: Path):
    task = read(coco_karpathy.CONVERTER, trees.COCO, tmp_path / "coco",
                **{"dataset_coco.json": changed_image(filename="../../x.jpg")})  # fmt: skip
    assert task.items.ids == ("COCO_val2014_000000000042.jpg",)
    assert "'..' is not allowed" in task.absent[0].reason
