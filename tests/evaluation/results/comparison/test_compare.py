from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import MODALITIES
from pentad.evaluation.results.comparison.compare import MODALITY_PAIRS, compare_runs
from pentad.evaluation.results.comparison.comparison import Comparison, PairTest, Row, unique_names
from pentad.evaluation.results.store import Run
from pentad.evaluation.significance.bootstrap import paired_intervals
from pentad.evaluation.significance.holm import holm
from pentad.evaluation.significance.permutation import permutation_test
from tests.evaluation.results.runs import SUITE, run
from tests.progress_recorder import Recorder

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time


def three(folder: Path, **options: object) -> list[Run]:
    skills = {"weak": 0.2, "middling": 0.45, "strong": 1.0}
    return [run(folder / n, n, skill=s, **options) for n, s in skills.items()]  # type: ignore[arg-type]


def row(found: Comparison, task: str, subset: str) -> Row:
    (one,) = [r for r in found.rows if (r.task, r.subset) == (task, subset)]
    return one


def pairs_at(found: Comparison, where: str) -> dict[tuple[int, int], PairTest]:
    return {(t.first, t.second): t for t in found.tests if t.where == where}


def test_every_task_and_direction_of_every_run(tmp_path: Path) -> None:
    runs = three(tmp_path)
    found = compare_runs(runs)
    assert found.names == ("weak", "middling", "strong")
    assert [(r.task, r.subset) for r in found.rows][:2] == [
        ("clotho", "text_to_audio"),
        ("clotho", "audio_to_text"),
    ]
    assert {r.task for r in found.rows} == set(SUITE)
    one = row(found, "clotho", "text_to_audio")
    assert one.metric == "hit@1"
    assert one.complete
    cells = [r.tasks["clotho"].score("text_to_audio", "hit@1") for r in runs]
    assert list(one.cells) == cells
    assert found.gaps == ()


def test_differences_and_p_are_those_of_the_plain_functions(tmp_path: Path) -> None:
    runs = three(tmp_path, tasks=["clotho"])
    for metric in ("hit@5", "medr"):
        found = compare_runs(runs, metric=metric)
        name = row(found, "clotho", "text_to_audio").name
        test = pairs_at(found, name)[0, 1]
        one, two = (r.tasks["clotho"].directions[0] for r in runs[:2])
        number = list(map(str, one.metrics)).index(metric)
        value, low, high = paired_intervals(one, two)[number]
        assert test.difference.value == pytest.approx(value)
        assert test.difference.low == pytest.approx(low, abs=max(0.02, 0.2 * (high - low)))
        assert test.difference.high == pytest.approx(high, abs=max(0.02, 0.2 * (high - low)))
        assert test.p == pytest.approx(permutation_test(one, two)[number], abs=0.02)


def test_holm_within_each_family(tmp_path: Path) -> None:
    found = compare_runs(three(tmp_path))
    tasks, averages = found.families
    assert (tasks.name, tasks.tests) == ("tasks", 8 * 3)
    assert "8 rows x 3 pairs of runs" in tasks.what
    assert (averages.name, averages.tests) == ("averages", 5 * 3)
    rows = {r.name for r in found.rows}
    for inside in (True, False):
        tests = [t for t in found.tests if (t.where in rows) == inside]
        np.testing.assert_allclose([t.adjusted for t in tests], holm([t.p for t in tests]))


def test_an_average_counts_every_task_once_and_holds_its_pair(tmp_path: Path) -> None:
    runs = three(tmp_path)
    found = compare_runs(runs)
    every, *pairs = found.averages
    assert (every.name, every.tasks, every.of) == ("all tasks", tuple(sorted(SUITE)), 4)
    means = []
    for number in range(3):
        cells = [[r.cells[number] for r in found.rows if r.task == t] for t in sorted(SUITE)]
        means.append(np.mean([np.mean([c.value for c in task if c]) for task in cells]))
    values = [i.value for i in every.intervals if i]
    np.testing.assert_allclose(values, means)
    assert tuple(pair.name for pair in pairs) == MODALITY_PAIRS
    assert len(MODALITY_PAIRS) == 10
    assert {p.name for p in pairs if p.of} == {
        "text-image", "text-audio", "text-video", "audio-points"
    }  # fmt: skip
    assert {p.intervals for p in pairs if not p.of} == {(None, None, None)}


def test_the_best_is_marked_only_beyond_chance(tmp_path: Path) -> None:
    found = compare_runs(three(tmp_path))
    assert found.best("all tasks") == 2
    close = [run(tmp_path / n, n, skill=0.5) for n in ("a", "b")]
    found = compare_runs(close)
    values = [i.value for i in found.averages[0].intervals if i]
    assert values[0] != values[1]
    assert all(found.best(r.name) is None for r in found.rows)


def test_lower_ranks_are_better_and_have_no_average(tmp_path: Path) -> None:
    found = compare_runs(three(tmp_path), metric="medr")
    name = row(found, "coco", "text_to_image").name
    test = pairs_at(found, name)[0, 2]
    assert test.difference.value > 0
    assert test.better() == 2
    every = found.averages[0]
    assert every.tasks == ()
    assert every.intervals == (None, None, None)
    assert all("depends on the size of the pool" in line for line in every.why)
    assert [family.name for family in found.families] == ["tasks"]


def test_a_missing_task_is_shown_and_never_averaged_away(tmp_path: Path) -> None:
    runs = [
        run(tmp_path / "all", "all", skill=0.3),
        run(tmp_path / "few", "few", skill=0.6, tasks=["coco", "clotho"]),
        run(tmp_path / "one", "one", skill=0.6, options={"msrvtt": {"both": False}}),
    ]
    found = compare_runs(runs)
    missing = row(found, "eshot", "audio_to_points")
    assert missing.cells[1] is None
    assert missing.missing == ("", "no result", "")
    assert row(found, "msrvtt", "video_to_text").missing[2] == "not in this direction"
    every = found.averages[0]
    assert (every.tasks, every.of) == (("clotho", "coco"), 4)
    assert "few has no result of 2 of 4 tasks: eshot, msrvtt" in found.gaps
    assert "one, msrvtt, video -> text: not in this direction" in found.gaps
    # the average is what those who have less would get as well
    same = compare_runs([run(tmp_path / n, n, skill=s, tasks=["coco", "clotho"]) for n, s in
                         (("all2", 0.3), ("few2", 0.6))])  # fmt: skip
    assert same.averages[0].of == 2
    # those that have the task are still tested against each other
    assert set(pairs_at(found, missing.name)) == {(0, 2)}
    assert found.families[0].what == "7 rows x 3 pairs of runs, less 6 of runs without a score"


def test_nothing_in_common(tmp_path: Path) -> None:
    runs = [run(tmp_path / t, t, tasks=[t]) for t in ("coco", "clotho")]
    found = compare_runs(runs)
    assert found.averages[0].intervals == (None, None)
    assert found.tests == ()
    assert found.families == ()


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"revision": "r2"}, "other revisions of the task: r1 and r2"),
        ({"clips": 39}, "other pools"),
    ],
)
def test_other_revisions_and_pools_are_not_compared(
    tmp_path: Path, option: dict[str, object], words: str
) -> None:
    runs = [
        run(tmp_path / "a", "a"),
        run(tmp_path / "b", "b", skill=0.9, options={"clotho": option}),
    ]
    found = compare_runs(runs)
    unlike = row(found, "clotho", "text_to_audio")
    assert all(unlike.cells)
    assert words in unlike.unlike
    assert not pairs_at(found, unlike.name)
    assert found.averages[0].tasks == ("coco", "eshot", "msrvtt")
    assert any(line.startswith("clotho, text -> audio: not compared") for line in found.gaps)
    assert any(words in line for line in found.averages[0].why)


def test_against_a_baseline(tmp_path: Path) -> None:
    runs = three(tmp_path)
    for name in ("middling", str(tmp_path / "middling")):
        found = compare_runs(runs, baseline=name)
        assert found.baseline == 1
        assert {(t.first, t.second) for t in found.tests} == {(0, 1), (2, 1)}
    assert found.against_baseline("all tasks", 2) == "+"
    assert found.against_baseline("all tasks", 0) == "-"
    assert found.against_baseline("all tasks", 1) == ""
    assert found.best("all tasks") is None  # the others were not tested against each other
    with pytest.raises(UnknownName, match="did you mean 'middling'"):
        compare_runs(runs, baseline="midling")


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    runs = [run(tmp_path / d / "r", "same", tasks=["coco"]) for d in "ab"]
    found = compare_runs(runs)
    assert found.names == (f"same ({tmp_path / 'a' / 'r'})", f"same ({tmp_path / 'b' / 'r'})")
    assert compare_runs(runs, baseline=str(tmp_path / "b" / "r")).baseline == 1
    for name in ("same", "r"):
        with pytest.raises(InputError, match="several runs are called"):
            compare_runs(runs, baseline=name)
    assert unique_names(["x", "y", "x"], ["1", "2", "3"]) == ["x (1)", "y", "x (3)"]


def test_one_run_alone(tmp_path: Path) -> None:
    found = compare_runs([run(tmp_path, "alone")])
    assert found.tests == ()
    assert found.averages[0].intervals[0] is not None
    assert found.best("all tasks") is None


def test_equal_runs_differ_by_nothing(tmp_path: Path) -> None:
    first = run(tmp_path / "a", "a")
    second = replace(first, folder=tmp_path / "b")
    found = compare_runs([first, second])
    assert {(t.p, t.adjusted, t.difference) for t in found.tests} == {(1.0, 1.0, (0.0, 0.0, 0.0))}


def test_the_order_of_runs_turns_signs_only(tmp_path: Path) -> None:
    runs = three(tmp_path)[:2]
    one, two = compare_runs(runs), compare_runs(runs[::-1])
    for a, b in zip(one.tests, two.tests, strict=True):
        assert a.where == b.where
        assert a.p == b.p
        assert a.difference.value == pytest.approx(-b.difference.value)
        assert a.difference.low == pytest.approx(-b.difference.high)


def test_other_tasks_of_a_suite_change_nothing_of_a_row(tmp_path: Path) -> None:
    runs = three(tmp_path)
    fewer = [replace(r, results=r.results[:1]) for r in runs]
    name = "clotho text_to_audio hit@1"
    one, two = (pairs_at(compare_runs(r), name) for r in (runs, fewer))
    for pair, test in one.items():
        assert (test.p, test.difference) == (two[pair].p, two[pair].difference)


def test_the_metric_must_be_somewhere(tmp_path: Path) -> None:
    runs = three(tmp_path, tasks=["coco"])
    with pytest.raises(InputError, match=r"no run has the metric hit@7; expected hit@1, hit@5"):
        compare_runs(runs, metric="hit@7")
    with pytest.raises(UnknownName):
        compare_runs(runs, metric="hut@7")
    without = [run(tmp_path / "x", "x", tasks=["coco"], options={"coco": {"metrics": ["hit@1"]}})]
    found = compare_runs([*runs[:1], *without], metric="hit@5")
    assert found.rows[0].missing == ("", "no hit@5")


def test_bad_lists_of_runs(tmp_path: Path) -> None:
    one = run(tmp_path / "a", "a", tasks=["coco"])
    with pytest.raises(InputError, match="at least one run"):
        compare_runs([])
    with pytest.raises(InputError, match="given twice"):
        compare_runs([one, one])


def test_progress_counts_rows(tmp_path: Path) -> None:
    recorder = Recorder()
    compare_runs(three(tmp_path)[:2], progress=recorder)
    assert (recorder.done, recorder.total) == (8, 8)


def test_pairs_of_modalities_are_in_the_usual_order() -> None:
    order: Sequence[str] = [m.value for m in MODALITIES]
    for pair in MODALITY_PAIRS:
        a, b = pair.split("-")
        assert order.index(a) < order.index(b)


def test_a_task_that_is_part_of_another_counts_once(tmp_path: Path) -> None:
    runs = [run(tmp_path / n, n, tasks=["clotho", "esc10", "esc50"]) for n in "ab"]
    every = compare_runs(runs).averages[0]
    assert every.tasks == ("clotho", "esc50")
    assert every.why == ("esc10: its items are those of esc50",)
    alone = [run(tmp_path / f"{n}10", n, tasks=["clotho", "esc10"]) for n in "ab"]
    assert compare_runs(alone).averages[0].tasks == ("clotho", "esc10")
