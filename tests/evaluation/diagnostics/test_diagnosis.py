from __future__ import annotations

import json
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from pentad.core.errors import MissingExtra, UnknownName
from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.diagnosis import diagnose_vectors
from pentad.evaluation.diagnostics.tables import all_tables, matrix_rows
from pentad.evaluation.diagnostics.write import write_diagnosis
from pentad.evaluation.tables import latex_table, markdown_table, plain_table
from tests.evaluation.diagnostics.spaces import labelled, make_space

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

TEXT, IMAGE = Modality.TEXT, Modality.IMAGE


@pytest.fixture(scope="module")
def diagnosis():
    return diagnose_vectors(make_space(classes=5, gap=1.0), metrics=["hit@1"])


def test_everything_is_there_and_plain(diagnosis):
    value = json.loads(json.dumps(diagnosis.to_json(), allow_nan=False))
    assert len(value["directions"]) == 9
    assert len(value["gaps"]) == 3
    assert value["separability"][0]["modalities"] == ["text", "image", "audio"]
    assert len(value["hubs"]) == 9
    assert set(value["shares"]) == {s["option"] for s in value["mixed"]}
    assert value["uniformity"][-1]["modality"] is None
    assert diagnosis.modalities == (TEXT, IMAGE, Modality.AUDIO)


def test_the_same_seed_gives_the_same_figures(diagnosis):
    again = diagnose_vectors(make_space(classes=5, gap=1.0), metrics=["hit@1"])
    assert again.to_json() == diagnosis.to_json()


def test_the_order_of_rows_changes_no_direction(diagnosis):
    made = make_space(classes=5, gap=1.0)
    order = np.random.default_rng(1).permutation(30)
    image = made[IMAGE]
    made[IMAGE] = type(image).of_items(
        "image",
        image.vectors[order],
        captions=[image.captions[i] for i in order],
        concepts=[image.concepts[i] for i in order],
    )
    again = diagnose_vectors(made, metrics=["hit@1"])
    values = [[s.value for s in d.directions] for d in (diagnosis, again)]
    assert values[0] == pytest.approx(values[1])


def test_the_matrix_has_a_row_and_a_column_a_modality(diagnosis):
    rows = matrix_rows(diagnosis.directions, diagnosis.modalities, "hit@1")
    assert rows[0] == ["asks \\ searched", "text", "image", "audio"]
    assert [row[0] for row in rows[1:]] == ["text", "image", "audio"]
    first = next(s for s in diagnosis.directions if (s.query, s.corpus) == (TEXT, IMAGE))
    assert rows[1][2] == f"{first.value:.3f} ({first.chance:.3f})"
    assert "-" not in {cell for row in rows[1:] for cell in row}


def test_tables_read_in_every_form(diagnosis):
    for table in all_tables(diagnosis):
        widths = {len(row) for row in table.rows}
        assert len(widths) == 1, table.name
        lines = plain_table(table.rows, table.words).splitlines()
        assert len(lines) == len(table.rows)
        assert markdown_table(table.rows, table.words).count("\n") == len(table.rows) + 1
        assert latex_table(table.rows, table.words).startswith(r"\begin{tabular}{lr")


@pytest.mark.slow
def test_files_are_written_and_point_to_one_another(diagnosis, tmp_path):
    written = write_diagnosis(diagnosis, tmp_path / "out")
    assert all(path.is_file() for path in written)
    page = (tmp_path / "out/diagnosis.md").read_text()
    for name in ("directions-hit-at-1.svg", "shares.svg", "options.svg"):
        assert f"({name})" in page
        assert ElementTree.parse(tmp_path / "out" / name).getroot().tag.endswith("svg")
    assert "| text -> image " in page
    assert (tmp_path / "out/tables/directions.tex").is_file()
    first = (tmp_path / "out/shares.svg").read_bytes()
    write_diagnosis(diagnosis, tmp_path / "again")
    assert (tmp_path / "again/shares.svg").read_bytes() == first


def test_without_matplotlib_there_are_tables_and_a_notice(diagnosis, tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    written = write_diagnosis(diagnosis, tmp_path)
    assert {path.suffix for path in written} == {".json", ".md", ".tex"}
    assert "pentad[figures]" in caplog.text


def test_one_modality_without_labels_is_diagnosed_as_far_as_it_goes(tmp_path):
    found = diagnose_vectors({IMAGE: labelled("image", np.eye(5), None, [None] * 5)})
    assert found.directions == found.gaps == found.alignment == found.separability == ()
    assert any("one modality" in note for note in found.notes)
    assert any("no two items share a concept" in note for note in found.notes)
    assert any("would hold all items" in note for note in found.notes)
    write_diagnosis(found, tmp_path)


@pytest.mark.parametrize("rows", [np.ones((8, 4)), np.zeros((8, 4)), np.ones((8, 1))])
def test_degenerate_spaces_are_measured(rows, tmp_path):
    made = {
        TEXT: labelled("text", rows, list("abcdefgh")),
        IMAGE: labelled("image", rows, list("abcdefgh"), list("wwxxyyzz")),
    }
    found = diagnose_vectors(made, ks=(1, 5))
    json.dumps(found.to_json(), allow_nan=False)
    for score in found.directions:
        assert score.value == pytest.approx(score.chance, abs=1e-9)
    zero = not rows.any()
    assert any("are zero" in note for note in found.notes) is zero
    write_diagnosis(found, tmp_path)


def test_a_sample_of_queries_is_told():
    found = diagnose_vectors(make_space(), metrics=["hit@1"], queries=10)
    assert "text: 10 of 24 queries were drawn for mixed lists and hubs" in found.notes


def test_an_unknown_metric_is_refused():
    with pytest.raises(UnknownName, match="hit"):
        diagnose_vectors(make_space(), metrics=["hits@1"])


def test_figures_alone_need_matplotlib(diagnosis, tmp_path, monkeypatch):
    from pentad.evaluation.diagnostics.heat_map import draw_heat_map

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match="figures"):
        draw_heat_map(diagnosis.directions, diagnosis.modalities, "hit@1", tmp_path / "x")
