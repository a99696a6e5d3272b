"""ESC-50, FSD50K, VGGSound and AudioSet: classes, labels, files, folds and what is left out."""

import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.labels.audioset import read_audioset
from pentad.evaluation.tasks.labels.esc50 import read_esc50
from pentad.evaluation.tasks.labels.fsd50k import read_fsd50k
from pentad.evaluation.tasks.labels.vggsound import read_vggsound
from pentad.evaluation.tasks.labels.youtube import Clip, clip_stems
from pentad.evaluation.tasks.task import Direction, Kind, Task
from tests.evaluation.tasks.labels import trees


def relevant(task: Task) -> set[tuple[str, str]]:
    pairs = zip(task.qrels.queries.tolist(), task.qrels.items.tolist(), strict=True)
    return {(task.queries.ids[query], task.items.ids[item]) for query, item in pairs}


def edit(path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_esc50_keeps_folds_recordings_and_spelling(tmp_path):
    whole, small = read_esc50(trees.esc50(tmp_path))
    assert (whole.name, small.name) == ("esc50", "esc10")
    assert whole.queries.ids == ("dog", "chirping_birds"), "in the order of their targets"
    assert whole.queries.texts == ("dog", "chirping birds")
    assert whole.items.folds == (1, 1, 5, 5)
    assert whole.items.units == ("100032", "100038", "9032", "9032")
    assert whole.items.files[0] == tmp_path / "audio/1-100032-A-0.wav"
    assert relevant(whole) == {
        ("dog", "1-100032-A-0.wav"),
        ("chirping_birds", "1-100038-A-14.wav"),
        ("dog", "5-9032-A-0.wav"),
        ("dog", "5-9032-B-0.wav"),
    }
    assert small.queries.ids == ("dog",)
    assert small.license == "CC BY 3.0"
    assert whole.license == "CC BY-NC 3.0"
    assert whole.notes == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("src_file", "source", "src_file"),
        ("category", "fold", "fold"),
        ("1-100032-A-0.wav,1,", "1-100032-A-0.wav,one,", ":2 [fold]"),
        ("1,0,dog,True", "1,0,dog,maybe", "'maybe'"),
        ("5-9032-A-0.wav,5,0,", "5-9032-A-0.wav,5,3,", "'dog' has another target"),
        ("14,chirping_birds", "0,chirping_birds", "target 0 is 'dog'"),
        ("14,chirping_birds", "14,", "[category]"),
        ("5-9032-B-0.wav,5,0", "5-9032-A-0.wav,4,0", "another fold"),
    ],
)
def test_esc50_says_what_is_wrong(old, new, said, tmp_path):
    edit(trees.esc50(tmp_path) / "meta/esc50.csv", (old, new))
    with pytest.raises(InputError) as error:
        read_esc50(tmp_path)
    assert said in str(error.value)


def test_fsd50k_has_all_labels_of_a_clip(tmp_path):
    (task,) = read_fsd50k(trees.fsd50k(tmp_path))
    assert task.queries.ids == ("Boat_and_Water_vehicle", "Electric_guitar", "Guitar", "Music")
    assert task.queries.texts[0] == "boat and water vehicle"
    assert {query for query, item in relevant(task) if item == "37199"} == {
        "Electric_guitar",
        "Guitar",
        "Music",
    }
    assert task.metrics == (("map", "auc"), ("hit@1", "hit@5"))
    assert task.items.units == task.items.ids


def test_fsd50k_knows_no_label_outside_its_vocabulary(tmp_path):
    edit(trees.fsd50k(tmp_path) / "FSD50K.ground_truth/eval.csv", ("Guitar,Music", "Banjo,Music"))
    with pytest.raises(InputError, match=r"eval.csv:2 \[labels\].*'Banjo'"):
        read_fsd50k(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"), [("3,Music", "2,Music"), ("3,Music", "3,Guitar"), ("3,Music", "x,Music"),
                     ("3,Music,", "3,Music"), ("3,Music", "3,")]
)  # fmt: skip
def test_fsd50k_has_a_sound_vocabulary(old, new, tmp_path):
    edit(trees.fsd50k(tmp_path) / "FSD50K.ground_truth/vocabulary.csv", (old, new))
    with pytest.raises(InputError, match=r"vocabulary.csv:4"):
        read_fsd50k(tmp_path)


def test_vggsound_has_sounds_videos_and_both(tmp_path):
    heard, seen, both = read_vggsound(trees.vggsound(tmp_path))
    assert [task.name for task in (heard, seen, both)] == [
        "vggsound",
        "vggsound-video",
        "vggsound-av",
    ]
    assert heard.queries.ids == (
        "heart sounds, heartbeat",
        "people marching",
        "waterfall burbling",
        "wind noise",
    ), "classes of the training part too"
    assert heard.items.ids == ("---g-f_I2yQ_000001", "B5KE79I2f-A_000188", "0_8-g2rof7E_000049")
    assert heard.items.units == ("---g-f_I2yQ", "B5KE79I2f-A", "0_8-g2rof7E")
    assert [absent.id for absent in heard.absent] == ["B5KE79I2f-A_000220"]
    assert heard.notes == (
        "sound tracks of video files: 2",
        "3 of 4 clips are on disk",
        "1 of 4 classes have none of them",
    )
    assert seen.items.ids == ("---g-f_I2yQ_000001", "B5KE79I2f-A_000188")
    assert seen.templates != heard.templates
    assert both.kind is Kind.retrieval
    assert (both.queries.modality, both.items.modality) == (Modality.VIDEO, Modality.AUDIO)
    assert both.directions == (Direction.forward, Direction.reverse)
    assert relevant(both) == {(id_, id_) for id_ in seen.items.ids}
    assert both.templates == ()
    assert "2 of 4 clips are on disk" in both.notes


def test_a_sound_file_goes_before_the_sound_track(tmp_path):
    trees.write(trees.vggsound(tmp_path), {"wav/---g-f_I2yQ_000001.wav": "x"})
    heard, seen, both = read_vggsound(tmp_path)
    assert heard.items.files[0] == tmp_path / "wav/---g-f_I2yQ_000001.wav"
    assert seen.items.files[0] == tmp_path / "clips/---g-f_I2yQ_000001.mp4"
    assert both.items.files[0] == tmp_path / "wav/---g-f_I2yQ_000001.wav"
    assert both.queries.files[0] == tmp_path / "clips/---g-f_I2yQ_000001.mp4"


def test_sounds_alone_make_one_task(tmp_path):
    trees.write(tmp_path, {"vggsound.csv": trees.VGGSOUND, "---g-f_I2yQ.wav": "x"})
    (task,) = read_vggsound(tmp_path)
    assert task.items.ids == ("---g-f_I2yQ_000001",)


def test_videos_of_the_training_part_are_no_task(tmp_path):
    files = {"vggsound.csv": trees.VGGSOUND, "---g-f_I2yQ.wav": "x", "--0PQM4-hqg_000030.mp4": "x"}
    assert [task.name for task in read_vggsound(trees.write(tmp_path, files))] == ["vggsound"]


def test_the_name_of_the_video_is_no_clip_where_it_has_several(tmp_path):
    files = {"vggsound.csv": trees.VGGSOUND, "B5KE79I2f-A.wav": "x", "0_8-g2rof7E.wav": "x"}
    (task,) = read_vggsound(trees.write(tmp_path, files))
    assert task.items.ids == ("0_8-g2rof7E_000049",)


def test_a_clip_with_two_labels_has_both_and_says_so(tmp_path):
    trees.vggsound(tmp_path)
    edit(tmp_path / "vggsound.csv", ("\n0_8", "\n---g-f_I2yQ,1,wind noise,test\n0_8"))
    task = read_vggsound(tmp_path)[0]
    assert {query for query, item in relevant(task) if item.startswith("---")} == {
        "people marching",
        "wind noise",
    }
    assert "items with several labels in several rows: 1; all of them count" in task.notes


def test_a_header_is_no_clip(tmp_path):
    before = read_vggsound(trees.vggsound(tmp_path))[0].revision
    (tmp_path / "vggsound.csv").write_text(f"youtube_id,start,label,split\n{trees.VGGSOUND}")
    assert read_vggsound(tmp_path)[0].revision == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"heart sounds, heartbeat"', "heart sounds, heartbeat", "vggsound.csv:5"),
        ('heartbeat"', "heartbeat", "vggsound.csv:5"),
        ("188,", "soon,", "'soon'"),
        ("188,", "-188,", "'-188'"),
        ("188,", "nan,", "'nan'"),
        ("188,", "1e400,", "'1e400'"),
        (",test\n0_8", ",val\n0_8", "'val'"),
        ("wind noise", "", "the label is blank"),
        (",test", ",train", "lists nothing"),
    ],
)
def test_vggsound_says_what_is_wrong(old, new, said, tmp_path):
    edit(trees.vggsound(tmp_path) / "vggsound.csv", (old, new))
    with pytest.raises(InputError) as error:
        read_vggsound(tmp_path)
    assert said in str(error.value)


def test_audioset_finds_files_of_several_namings(tmp_path):
    heard, seen, both = read_audioset(trees.audioset(tmp_path))
    assert heard.items.ids == ("--4gqARaEJE_0", "--BfvyPmVMo_20000", "-0RWZT-miFs_420000")
    assert [path.name for path in heard.items.files] == [
        "Y--4gqARaEJE.wav",
        "--BfvyPmVMo_20.flac",
        "-0RWZT-miFs_420000_430000.mp4",
    ]
    assert heard.queries.ids == ("Domestic animals, pets", "Squeak", "Hammer")
    assert heard.queries.texts == ("domestic animals, pets", "squeak", "hammer")
    assert relevant(heard) == {
        ("Domestic animals, pets", "--4gqARaEJE_0"),
        ("Squeak", "--4gqARaEJE_0"),
        ("Hammer", "--BfvyPmVMo_20000"),
        ("Hammer", "-0RWZT-miFs_420000"),
    }
    assert seen.items.ids == both.items.ids == ("-0RWZT-miFs_420000",)


def test_classes_of_one_name_are_told_apart_by_their_code(tmp_path):
    edit(trees.audioset(tmp_path) / "class_labels_indices.csv", ('"Squeak"', '"Hammer"'))
    task = read_audioset(tmp_path)[0]
    assert task.queries.ids[1:] == ("Hammer (/m/07q6cd_)", "Hammer (/m/03l9g)")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"/m/068hy,/m/07q6cd_"', "/m/068hy,/m/07q6cd_", "eval_segments.csv:4"),
        ("/m/07q6cd_", "/m/unknown", "'/m/unknown'"),
        ("20.000, 30.000", "30.000, 20.000", "ends before"),
        ('"/m/068hy,/m/07q6cd_"', '""', "''"),
        ("# YTID", "YTID", "'start_seconds'"),
    ],
)
def test_audioset_says_what_is_wrong(old, new, said, tmp_path):
    edit(trees.audioset(tmp_path) / "eval_segments.csv", (old, new))
    with pytest.raises(InputError) as error:
        read_audioset(tmp_path)
    assert said in str(error.value)


def test_audioset_needs_its_classes(tmp_path):
    (trees.audioset(tmp_path) / "class_labels_indices.csv").unlink()
    with pytest.raises(InputError, match=r"no class_labels_indices\.csv"):
        read_audioset(tmp_path)


def test_segments_of_comments_alone_are_one_line(tmp_path):
    (trees.audioset(tmp_path) / "eval_segments.csv").write_text("# YTID, start_seconds\n")
    with pytest.raises(InputError, match="no rows"):
        read_audioset(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["v_000030", "v_30", "v_30000", "v_30_40", "v_30000_40000", "v_30.000", "v_30.000_40.000",
     "v_30.0", "v_000030_000040", "Yv", "Yv_30", "v"],
)  # fmt: skip
def test_names_of_a_clip(name):
    assert name in clip_stems(Clip("v", 30.0, 40.0), alone=True)


def test_names_of_a_clip_between_seconds():
    names = clip_stems(Clip("v", 30.5, 40.5), alone=False)
    bare = ("v_30500_40500", "v_30.500_40.500", "v_30.5_40.5", "v_30500", "v_30.500", "v_30.5")
    assert names == (*bare, *(f"Y{name}" for name in bare))


def test_a_whole_start_is_written_in_all_ways_whatever_the_end():
    assert {"v_20", "v_000020", "v_20000_27500"} <= {*clip_stems(Clip("v", 20, 27.5), alone=False)}


def test_esc10_alone_may_be_missing(tmp_path):
    for path in trees.esc50(tmp_path).glob("audio/*-0.wav"):
        path.unlink()
    assert [task.name for task in read_esc50(tmp_path)] == ["esc50"]


def test_links_to_folders_are_told(tmp_path):
    trees.write(tmp_path / "elsewhere", {"---g-f_I2yQ_000001.wav": "x"})
    root = trees.write(tmp_path / "root", {"vggsound.csv": trees.VGGSOUND, "0_8-g2rof7E.wav": "x"})
    (root / "audio").symlink_to(tmp_path / "elsewhere")
    task = read_vggsound(root)[0]
    assert task.items.ids == ("0_8-g2rof7E_000049",)
    assert "not entered, being links or not readable: audio" in task.notes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2,/m/03l9g", "1,/m/03l9g", "there twice"),
        ("2,/m/03l9g", "2,/m/068hy", "there twice"),
        ("2,/m/03l9g", "two,/m/03l9g", "[index]"),
        ("display_name", "name", "[display_name]"),
        (trees.CLASS_LABELS, "index,mid,display_name\n", "no rows"),
    ],
)
def test_audioset_has_sound_classes(old, new, said, tmp_path):
    edit(trees.audioset(tmp_path) / "class_labels_indices.csv", (old, new))
    with pytest.raises(InputError) as error:
        read_audioset(tmp_path)
    assert said in str(error.value)


def test_no_clip_with_both_is_no_search_between_them(tmp_path):
    """A sound that leads outside, with a video of its own, and another sound alone."""
    files = {
        "vggsound.csv": trees.VGGSOUND,
        "v/---g-f_I2yQ_000001.mp4": "x",
        "0_8-g2rof7E.wav": "x",
    }
    root = trees.write(tmp_path / "root", files)
    (tmp_path / "outside.wav").write_text("x")
    (root / "---g-f_I2yQ_000001.wav").symlink_to(tmp_path / "outside.wav")
    tasks = read_vggsound(root)
    assert [task.name for task in tasks] == ["vggsound", "vggsound-video"]
