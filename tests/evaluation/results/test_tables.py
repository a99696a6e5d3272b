from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.results.names import modalities_of, pair_of, people_direction
from pentad.evaluation.results.parameters import people_count, people_seconds
from pentad.evaluation.results.tables import interval_text, run_page, write_tables
from tests.evaluation.results.runs import run


def test_tables_of_a_run(tmp_path: Path) -> None:
    found = run(tmp_path, "a_model")
    names = [path.name for path in write_tables(found)]
    assert names == ["results.csv", "results.parquet", "results.tex", "report.md"]
    frame = pl.read_parquet(tmp_path / "results.parquet")
    assert frame.height == 4 * 2 * 4
    assert pl.read_csv(tmp_path / "results.csv").columns == frame.columns
    row = frame.filter(task="clotho", direction="text_to_audio", metric="hit@5").row(0, named=True)
    score = found.tasks["clotho"].score("text_to_audio", "hit@5")
    assert score is not None
    assert (row["value"], row["low"], row["high"]) == (score.value, score.low, score.high)
    assert (row["n"], row["pool"], row["units"], row["absent"]) == (120, 40, 40, 3)
    assert (row["leaked"], row["leaked_share"], row["main"]) == (6, 0.05, False)
    other = frame.filter(task="clotho", direction="audio_to_text")
    assert other["leaked"].null_count() == 4
    assert frame["main"].sum() == 8
    tex = (tmp_path / "results.tex").read_text()
    assert tex.count(r"\\") == 1 + 8
    assert r"text $\rightarrow$ audio" in tex


def test_the_page_tells_what_numbers_do_not(tmp_path: Path) -> None:
    page = run_page(run(tmp_path, tasks=["clotho"], parameters=None))
    for words in (
        "# model",
        "Parameters: unknown",
        "Encoding audio: 30 ms an item",
        "Encoding video: - an item",
        "3 left out: no file",
        "2 queries had nothing relevant",
        "6 of 120 queries (5.0%) are flagged as seen in training",
        "- a note",
    ):
        assert words in page


def test_a_run_without_results_has_a_page(tmp_path: Path) -> None:
    found = run(tmp_path, tasks=[])
    write_tables(found)
    assert pl.read_parquet(tmp_path / "results.parquet").height == 0


def test_directions() -> None:
    assert people_direction("text_to_audio") == "text -> audio"
    assert pair_of("points_to_audio") == pair_of("audio_to_points") == "audio-points"
    assert pair_of("audio_to_audio") == "audio-audio"
    with pytest.raises(InputError, match="not a direction"):
        modalities_of("text")
    with pytest.raises(UnknownName):
        modalities_of("text_to_smell")


def test_numbers_for_people() -> None:
    counts = [people_count(n) for n in (None, 0, 950, 999_600, 12_345_678, 1.3e12)]  # type: ignore[arg-type]
    assert counts == ["unknown", "0", "950", "1M", "12.3M", "1.3T"]
    assert [people_seconds(s) for s in (None, 0.0, 0.00123, 1.0)] == ["-", "0 ms", "1.23 ms", "1 s"]
    assert interval_text(12.34, float("nan"), 0.5) == "12.3 [-, 0.500]"
