import pytest

from pentad.core.modality import Modality
from pentad.evaluation.report import Report
from pentad.evaluation.scores import Score
from pentad.evaluation.tables import latex_table, markdown_table, plain_table

FIRST = Score(Modality.TEXT, Modality.IMAGE, "hit@5", 0.5, 0.41, 0.6, 0.1, 80, 50)
OTHER = Score(Modality.IMAGE, Modality.AUDIO, "hit@1", 1.0, 1.0, 1.0, 0.02, 7, 51, "concept")
RIDGE = Score(Modality.TEXT, Modality.IMAGE, "hit@5", 0.25, 0.2, 0.3, 0.1, 80, 50)
REPORT = Report((FIRST, OTHER), {"ridge": (RIDGE,)})


def test_a_row_shows_the_systems_side_by_side() -> None:
    assert REPORT.table() == [
        ["direction", "relevant", "metric", "model", "ridge", "chance", "queries", "pool"],
        [
            *("text -> image", "caption", "hit@5"),
            *("0.500 [0.410, 0.600]", "0.250 [0.200, 0.300]", "0.100", "80", "50"),
        ],
        [
            *("image -> audio", "concept", "hit@1"),
            *("1.000 [1.000, 1.000]", "-", "0.020", "7", "51"),
        ],
    ]


def test_metrics_can_be_chosen() -> None:
    assert [row[2] for row in REPORT.table(["hit@1"])] == ["metric", "hit@1"]


ROWS = [["direction", "relevant", "metric", "value"], ["text -> a_b", "x|y", "100 %", "1"]]


def test_plain_text_lines_columns_up() -> None:
    assert plain_table(ROWS) == (
        "direction    relevant  metric  value\ntext -> a_b  x|y       100 %       1\n"
    )


def test_markdown() -> None:
    assert markdown_table(ROWS) == (
        "| direction   | relevant | metric | value |\n"
        "| ----------- | -------- | ------ | ----: |\n"
        "| text -> a_b | x\\|y     | 100 %  |     1 |\n"
    )


def test_latex() -> None:
    assert latex_table(ROWS) == (
        "\\begin{tabular}{lllr}\n"
        "\\toprule\n"
        "direction & relevant & metric & value \\\\\n"
        "\\midrule\n"
        "text $\\rightarrow$ a\\_b & x|y & 100 \\% & 1 \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
    )


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("\\", "\\textbackslash{}"),
        ("~^", "\\textasciitilde{}\\textasciicircum{}"),
        ("{&#$", r"\{\&\#\$"),
    ],
)
def test_latex_specials_are_escaped_once(text: str, latex: str) -> None:
    assert latex in latex_table([["a", "b", "c", text]])
