import json
import logging
from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.evaluation.results.comparison import figure
from pentad.evaluation.results.comparison.compare import compare_runs
from pentad.evaluation.results.comparison.comparison import Comparison
from pentad.evaluation.results.comparison.data import flat_rows, to_json
from pentad.evaluation.results.comparison.figure import dots_of, draw_scores
from pentad.evaluation.results.comparison.tables import latex, markdown, plain
from pentad.evaluation.results.comparison.write import write_comparison
from tests.evaluation.results.runs import run


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("runs")
    return compare_runs(
        [
            run(folder / "a", "weak_one", skill=0.2, parameters=0),
            run(folder / "b", "strong", skill=1.0, parameters=2_000_000_000),
            run(folder / "c", "few & far", skill=0.4, parameters=None, tasks=["coco", "clotho"]),
        ]
    )


def test_all_files(found: Comparison, tmp_path: Path) -> None:
    names = sorted(path.name for path in write_comparison(found, tmp_path / "out"))
    assert names == [
        "compare.csv", "compare.json", "compare.md", "compare.parquet", "compare.tex",
        "score_vs_size.png", "score_vs_size.svg",
    ]  # fmt: skip
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == names
    frame = pl.read_parquet(tmp_path / "out/compare.parquet")
    assert pl.read_csv(tmp_path / "out/compare.csv").columns == frame.columns
    assert json.loads((tmp_path / "out/compare.json").read_text()) == to_json(found)


def test_the_same_comparison_gives_the_same_bytes(found: Comparison, tmp_path: Path) -> None:
    for name in "ab":
        write_comparison(found, tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_rows_for_programs(found: Comparison) -> None:
    rows = flat_rows(found)
    tasks = [r for r in rows if r["kind"] == "task"]
    assert len(tasks) == 8 * 3
    missing = [r for r in tasks if r["value"] is None]
    assert {(r["task"], r["run"], r["status"]) for r in missing} == {
        ("eshot", "few & far", "no result"),
        ("msrvtt", "few & far", "no result"),
    }
    every = [r for r in rows if r["pair"] == "all tasks"]
    assert [(r["tasks"], r["of_tasks"]) for r in every] == [(2, 4)] * 3
    assert [r["best"] for r in every] == [False, True, False]
    assert [r["parameters"] for r in every] == [0, 2_000_000_000, None]


def test_json_names_the_better_one(found: Comparison) -> None:
    value = to_json(found)
    test = next(t for t in value["tests"] if (t["where"], t["first"]) == ("all tasks", "weak_one"))
    assert test["better"] == test["second"] == "strong"
    assert test["adjusted_p"] >= test["p"]
    assert [f["correction"] for f in value["families"]] == ["holm", "holm"]
    assert value["baseline"] is None


def test_the_page_says_what_is_missing(found: Comparison) -> None:
    page = markdown(found, figure="score_vs_size.svg")
    assert "![Average score against number of parameters](score_vs_size.svg)" in page
    line = next(t for t in page.splitlines() if t.startswith("| all tasks"))
    assert "2 of 4" in line
    assert line.count("**") == 2
    assert "few & far has no result of 2 of 4 tasks: eshot, msrvtt" in page
    line = next(t for t in page.splitlines() if t.startswith("| eshot"))
    assert "missing" in line
    assert "no run has a task of text-points" in page
    assert "less 8 of runs without a score" in page
    assert "2B" in page
    assert "unknown" in page


def test_the_terminal_has_stars(found: Comparison) -> None:
    text = plain(found)
    assert "**" not in text
    line = next(t for t in text.splitlines() if t.startswith("all tasks"))
    assert line.count(" *") == 1


def test_latex_is_bold_and_escaped(found: Comparison) -> None:
    text = latex(found)
    assert r"\textbf{" in text
    assert r"weak\_one" in text
    assert r"few \& far" in text
    assert "**" not in text
    assert text.count(r"\begin{tabular}") == text.count(r"\bottomrule") == 2


def test_many_runs_are_shown_four_at_a_time(tmp_path: Path) -> None:
    runs = [run(tmp_path / str(n), f"m{n}", skill=0.1 * n, tasks=["coco"]) for n in range(9)]
    found = compare_runs(runs)
    text = plain(found)
    assert text.count("\ntask ") == 3
    assert max(map(len, text.splitlines())) < 250
    assert "differences are significant" in text
    signs = plain(compare_runs(runs, baseline="m4"))
    assert "better or worse than m4" in signs


def test_one_run_has_no_tests(tmp_path: Path) -> None:
    found = compare_runs([run(tmp_path, tasks=["coco"])])
    page = markdown(found)
    assert "## Tests" not in page
    assert "Bold" not in page


def test_runs_of_unknown_size_are_named_below(found: Comparison, tmp_path: Path) -> None:
    assert [dot.name for dot in dots_of(found)] == ["weak_one", "strong"]
    draw_scores(found, tmp_path)
    svg = (tmp_path / "score_vs_size.svg").read_text()
    for words in (">weak_one<", ">strong<", "few &amp; far: 0.", "2 of 4 tasks", ">none<", ">2B<"):
        assert words in svg, words
    assert (tmp_path / "score_vs_size.png").read_bytes().startswith(b"\x89PNG")


def test_where_nothing_can_be_drawn_the_rest_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [run(tmp_path / t, t, tasks=[t]) for t in ("coco", "clotho")]
    apart = compare_runs(runs)
    unknown = compare_runs([run(tmp_path / "u", parameters=None, tasks=["coco"])])
    out = tmp_path / "out"
    write_comparison(compare_runs(runs[:1]), out)
    assert (out / "score_vs_size.svg").exists()
    with caplog.at_level(logging.WARNING, "pentad"):
        names = {path.name for path in write_comparison(apart, out)}
        write_comparison(unknown, out)
        monkeypatch.setattr(figure, "has_matplotlib", lambda: False)
        write_comparison(compare_runs(runs[:1]), out)
    assert "compare.md" in names
    assert not list(out.glob("score_vs_size*"))  # an old picture would be of something else
    texts = [record.getMessage() for record in caplog.records]
    assert "no task that all runs have" in texts[0]
    assert "number of parameters is known" in texts[1]
    assert "pentad[figures]" in texts[2]
    with pytest.raises(MissingExtra):
        draw_scores(apart, out)


def test_a_name_may_hold_any_sign(tmp_path: Path) -> None:
    found = compare_runs([run(tmp_path, "$x_1$ <b> | \\", tasks=["coco"])])
    write_comparison(found, tmp_path / "out")
    assert "$x_1$ &lt;b&gt; | \\" in (tmp_path / "out/score_vs_size.svg").read_text()


def test_a_file_is_no_folder(found: Comparison, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="name a folder"):
        write_comparison(found, tmp_path / "x")


def test_a_terminal_has_stars_and_no_bold(found: Comparison) -> None:
    text = plain(found)
    assert "A star is behind what is better" in text
    assert "bold" not in text.lower()
    assert "Bold is better" in markdown(found)


def test_tests_name_directions_as_people_do(found: Comparison) -> None:
    assert "text_to_" not in plain(found)
    assert {test["where"] for test in to_json(found)["tests"]} >= {"coco text_to_image hit@1"}
