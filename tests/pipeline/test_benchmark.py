"""A model on the benchmarks of a folder: what is scored, kept, skipped, missing and flagged."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.modality import Modality
from pentad.evaluation.results.store import read_run
from pentad.evaluation.tasks.neutral_write import write_task
from pentad.evaluation.tasks.task import Direction, Entries, Kind, Qrels, Task
from pentad.evaluation.tasks.trec import read_run as read_trec
from pentad.pipeline.benchmark import BenchmarkOptions, benchmark, models_by_modality
from pentad.store.outputs import held_folder
from tests.embeddings.toy import COLOURS, Toy, paint
from tests.evaluation.colors import Colors, PicturesOnly, registered

NAMES = ("red", "green", "blue", "white")


@pytest.fixture
def colors() -> Iterator[None]:
    with registered():
        yield


def pictures(root: Path) -> Entries:
    files = [root / f"{name}.png" for name in NAMES]
    for name, file in zip(NAMES, files, strict=True):
        paint(file, name)
    return Entries(Modality.IMAGE, tuple(f"{n}.png" for n in NAMES), files=tuple(files))


def caption_task(root: Path, name: str = "captions") -> Task:
    """Two captions a picture; every caption names its color."""
    texts = tuple(f"{way} {color}" for color in NAMES for way in ("a field of", "all is"))
    captions = Entries(Modality.TEXT, tuple(f"c{i}" for i in range(8)), texts)
    qrels = Qrels(np.arange(8), np.arange(8) // 2, np.ones(8, np.int64))
    return Task(
        name, Kind.retrieval, "test", "1" * 16, captions, pictures(root), qrels,
        (Direction.forward, Direction.reverse), (("hit@1", "medr"), ("hit@1", "recall@2")),
    )  # fmt: skip


def class_task(root: Path, name: str = "classes") -> Task:
    classes = Entries(Modality.TEXT, tuple(n.upper() for n in NAMES), NAMES)
    qrels = Qrels(np.arange(4), np.arange(4), np.ones(4, np.int64))
    return Task(
        name, Kind.classification, "test", "2" * 16, classes, pictures(root), qrels,
        (Direction.reverse, Direction.forward), (("accuracy@1", "accuracy@2"), ("map", "auc")),
        templates=("a photo of {}", "{}"),
    )  # fmt: skip


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    for make in (caption_task, class_task):
        folder = tmp_path / "suite" / make.__name__
        task = make(folder / "media")
        write_task(task, folder, root=folder)
    return tmp_path / "suite"


def run(suite: Path, out: Path, model: object = None, **options: object):  # type: ignore[no-untyped-def]
    models = models_by_modality([(None, model or Colors())])  # type: ignore[list-item]
    tasks = options.pop("tasks", ())
    how = BenchmarkOptions(workers=1, **options)  # type: ignore[arg-type]
    return benchmark(suite, models, out, name="colors", tasks=tasks, options=how)  # type: ignore[arg-type]


def states(summary) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {each.task: each.state for each in summary.outcomes if each.state != "missing"}


def test_a_run_over_what_is_there(suite: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    summary = run(suite, out, depth=2)
    assert states(summary) == {"captions": "scored", "classes": "scored"}
    missing = [each for each in summary.outcomes if each.state == "missing"]
    assert {"clotho", "esc50", "eshot"} < {each.task for each in missing}
    assert all(each.reason.startswith("needs ") for each in missing)
    found = read_run(out)
    tasks = found.tasks
    assert tasks["captions"].score("text_to_image", "hit@1").value == 1  # type: ignore[union-attr]
    assert tasks["captions"].score("text_to_image", "medr").value == 1  # type: ignore[union-attr]
    assert tasks["classes"].score("image_to_text", "accuracy@1").value == 1  # type: ignore[union-attr]
    assert found.info.encode_seconds.keys() == {"text", "image"}
    assert tasks["classes"].templates
    for name in ("results.csv", "results.parquet", "results.tex", "report.md"):
        assert (out / name).is_file()
    trec = read_trec(out / "runs" / "captions.text_to_image.trec")
    assert trec.of(0)[0].tolist()[0] == "red.png"
    assert len(trec.of(0)[0]) == 2
    top = pl.read_parquet(out / "top" / "captions.image_to_text.parquet")
    first = top.filter(pl.col("rank") <= 2)
    assert set(first["grade"]) == {1}
    entries = pl.read_parquet(out / "entries" / "classes.parquet")
    assert entries.filter(pl.col("side") == "item")["id"].to_list() == [f"{n}.png" for n in NAMES]


def test_running_again_keeps_what_is_scored(suite: Path, tmp_path: Path) -> None:
    out, model = tmp_path / "run", Colors()
    run(suite, out, model)
    seen = len(model.seen)
    assert set(states(run(suite, out, model)).values()) == {"kept"}
    assert len(model.seen) == seen
    assert set(states(run(suite, out, model, again=True)).values()) == {"scored"}
    paint(suite / "caption_task" / "media" / "red.png", "blue")
    with pytest.raises(InputError, match="another model"):
        run(suite, out, Toy("other"))


def test_one_task_by_name(suite: Path, tmp_path: Path) -> None:
    assert states(run(suite, tmp_path / "run", tasks=("classes",))) == {"classes": "scored"}
    with pytest.raises(UnknownName, match="did you mean 'classes'"):
        run(suite, tmp_path / "run", tasks=("class",))
    with pytest.raises(InputError, match="EShot is not in this folder"):
        run(suite, tmp_path / "run", tasks=("eshot",))


def test_a_model_without_text_is_told_what_it_lacks(suite: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="captions, classes: the model does not encode text"):
        run(suite, tmp_path / "run", PicturesOnly())
    with pytest.raises(InputError, match="no such folder"):
        run(suite / "nowhere", tmp_path / "run")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="none lies in it"):
        run(tmp_path / "empty", tmp_path / "run")


def test_two_spaces_are_not_compared(suite: Path, tmp_path: Path) -> None:
    models = models_by_modality([(Modality.IMAGE, PicturesOnly()), (None, Colors())])
    with pytest.raises(InputError, match="are in two spaces, colors-"):
        benchmark(suite, models, tmp_path / "run", name="mixed")


def test_models_are_chosen_by_modality() -> None:
    one, other = Colors(), PicturesOnly()
    chosen = models_by_modality([(None, one), (Modality.IMAGE, other)])
    assert (chosen[Modality.TEXT], chosen[Modality.IMAGE]) == (one, other)
    with pytest.raises(InputError, match="cannot encode text"):
        models_by_modality([(Modality.TEXT, other)])
    with pytest.raises(InputError, match="no model"):
        models_by_modality([])


def test_a_function_of_the_user(suite: Path, tmp_path: Path) -> None:
    def embed(inputs: list[object], modality: str) -> np.ndarray:  # type: ignore[type-arg]
        names = inputs if modality == "text" else [path.stem for path in inputs]  # type: ignore[attr-defined]
        return np.array([[0.1 + (color in str(n)) for color in COLOURS] for n in names])

    found = run(suite, tmp_path / "run", embed)
    assert set(states(found).values()) == {"scored"}
    info = read_run(tmp_path / "run").info
    assert info.parameters is None
    assert info.spaces["text"].endswith("embed")


def test_a_broken_picture_is_left_out_and_counted(suite: Path, tmp_path: Path) -> None:
    (suite / "class_task" / "media" / "blue.png").write_bytes(b"nothing")
    run(suite, tmp_path / "run", tasks=("classes",))
    result = read_run(tmp_path / "run").tasks["classes"]
    assert result.absent == {"corrupt": 1} or sum(result.absent.values()) == 1
    assert len(result.subsets["image_to_text"].queries) == 3


def test_what_training_has_is_flagged(suite: Path, tmp_path: Path) -> None:
    train = tmp_path / "train"
    paint(train / "red.png", "red")
    (train / "red.txt").write_text("All is GREEN.\n")
    run(suite, tmp_path / "run", train=train, tasks=("captions", "classes"))
    tasks = read_run(tmp_path / "run").tasks
    # The picture that is all red has two captions; the caption of the green one is one more.
    assert tasks["captions"].leaked == {"text_to_image": 3, "image_to_text": 2}
    assert tasks["classes"].leaked == {"image_to_text": 1, "text_to_image": 1}
    assert (tmp_path / "run" / "leakage" / "captions").is_dir()
    assert "flagged as seen in training" in (tmp_path / "run" / "report.md").read_text()


def test_what_training_has_can_be_left_out(suite: Path, tmp_path: Path) -> None:
    train = tmp_path / "train"
    paint(train / "red.png", "red")
    (train / "red.txt").write_text("something else\n")
    run(suite, tmp_path / "run", train=train, drop_leaked=True)
    result = read_run(tmp_path / "run").tasks["captions"]
    assert len(result.subsets["text_to_image"].queries) == 6
    assert result.subsets["text_to_image"].excluded == 2
    assert any("left out" in note for note in result.notes)


def test_flags_and_runs_that_are_asked_for_later(suite: Path, tmp_path: Path) -> None:
    train, out = tmp_path / "train", tmp_path / "run"
    paint(train / "red.png", "red")
    (train / "red.txt").write_text("something else\n")
    run(suite, out)
    assert set(states(run(suite, out, depth=2)).values()) == {"scored"}
    assert set(states(run(suite, out, depth=2)).values()) == {"kept"}
    assert set(states(run(suite, out, train=train)).values()) == {"scored"}
    assert read_run(out).tasks["captions"].leaked["text_to_image"] == 2
    assert set(states(run(suite, out, train=train)).values()) == {"kept"}
    assert set(states(run(suite, out, train=train, drop_leaked=True)).values()) == {"scored"}
    assert len(read_run(out).tasks["captions"].subsets["text_to_image"].queries) == 6
    assert set(states(run(suite, out, train=train, drop_leaked=True)).values()) == {"kept"}
    assert set(states(run(suite, out, train=train)).values()) == {"scored"}
    assert set(states(run(suite, out)).values()) == {"kept"}


def test_what_can_be_refused_is_refused_before_anything_is_embedded(
    suite: Path, tmp_path: Path
) -> None:
    model = Colors()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="file: this is a file; name a folder"):
        run(suite, tmp_path / "file", model)
    with pytest.raises(InputError, match="file: this is a file; name its folder"):
        run(tmp_path / "file", tmp_path / "run", model)
    with pytest.raises(InputError, match="nobody knows what leaked; expected --train"):
        run(suite, tmp_path / "run", model, drop_leaked=True)
    assert not model.seen
    assert not (tmp_path / "run").exists()


def test_names_with_blanks_cost_the_trec_run_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "suite" / "blank"
    task = class_task(folder / "media")
    ids = ("dark red", *task.queries.ids[1:])
    write_task(replace(task, queries=replace(task.queries, ids=ids)), folder, root=folder)
    out = tmp_path / "run"
    assert set(states(run(tmp_path / "suite", out, depth=2)).values()) == {"scored"}
    assert any("no TREC run of image -> text" in n for n in read_run(out).tasks["classes"].notes)
    assert set(states(run(tmp_path / "suite", out, depth=2)).values()) == {"kept"}


def test_two_directions_between_texts_are_told_before_they_are_embedded(tmp_path: Path) -> None:
    folder, model = tmp_path / "suite" / "texts", Colors()
    task = caption_task(folder / "media")
    both = replace(task, items=replace(task.queries, ids=tuple("abcdefgh")))
    write_task(both, folder, root=folder)
    with pytest.raises(InputError, match="two directions of text -> text have one name"):
        run(tmp_path / "suite", tmp_path / "run", model)
    assert not model.seen


def test_macro_accuracy_and_classes(suite: Path, tmp_path: Path) -> None:
    # Two pictures are called red, and one of them is blue: 3 of 4 right, and 2.5 of 3 classes.
    folder = suite / "class_task"
    task = class_task(folder / "media")
    paint(folder / "media" / "green.png", "blue")
    qrels = Qrels(np.array([0, 0, 2, 3]), np.arange(4), np.ones(4, np.int64))
    write_task(replace(task, qrels=qrels), folder, root=folder, replace=True)
    run(suite, tmp_path / "run", tasks=("classes",))
    result = read_run(tmp_path / "run").tasks["classes"]
    score = result.score("image_to_text", "accuracy@1")
    assert score is not None
    assert score.macro is not None
    assert (score.value, score.macro.value) == (0.75, pytest.approx(2.5 / 3))
    assert set(result.subsets["image_to_text"].classes) == {"RED", "BLUE", "WHITE"}  # type: ignore[arg-type]
    assert result.subsets["text_to_image"].classes is None
    table = pl.read_csv(tmp_path / "run" / "classes.csv")
    red = table.filter(pl.col("class") == "RED", pl.col("metric") == "accuracy@1")
    assert red.select("n", "value").row(0) == (2, 0.5)
    rows = pl.read_csv(tmp_path / "run" / "results.csv")
    assert rows["macro"].drop_nulls().to_list()[0] == pytest.approx(2.5 / 3)
    page = (tmp_path / "run" / "report.md").read_text()
    assert "macro [95 % interval]" in page
    assert "least of 3 classes: RED 0.500 (of 2)" in page


def test_a_second_process_in_one_folder_is_told(suite: Path, tmp_path: Path) -> None:
    with held_folder(tmp_path / "run"), pytest.raises(StoreError, match="another process"):
        run(suite, tmp_path / "run")
