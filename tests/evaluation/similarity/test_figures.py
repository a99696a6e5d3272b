import pytest

pytest.importorskip("matplotlib", reason="figures need the extra")

import itertools

from pentad.evaluation.similarity import figures
from pentad.evaluation.similarity.drawing import save, short
from pentad.evaluation.similarity.model_figures import heat_map, model_bars, model_figures
from pentad.evaluation.similarity.models import Model, choose_model
from tests.evaluation.similarity.grids import cell, grid, score


def models(count: int, families: int = 6) -> list[Model]:
    return [
        choose_model(f"model {n}", grid(0.1 + n / 5, families=families), "map@15")
        for n in range(count)
    ]


def texts(figure) -> list[str]:  # type: ignore[no-untyped-def]
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


def overlapping(figure) -> list[str]:  # type: ignore[no-untyped-def]
    """Labels of the axes that lie on one another, or beside the figure."""
    figure.canvas.draw()
    window = figure.bbox
    bad = []
    for axis in figure.axes:
        boxes = [
            (label.get_text(), label.get_window_extent())
            for label in axis.get_yticklabels()
            if label.get_text()
        ]
        bad += [f"outside: {name}" for name, box in boxes if box.x0 < 0 or box.y1 > window.y1]
        bad += [
            f"{one} on {two}" for (one, a), (two, b) in itertools.pairwise(boxes) if a.overlaps(b)
        ]
    return bad


@pytest.mark.parametrize("count", [1, 3, pytest.param(14, marks=pytest.mark.slow)])
@pytest.mark.parametrize("families", [0, 1, 6])
def test_figures_of_models(count: int, families: int) -> None:
    found = model_figures(models(count, families), ["map@15", "map@150", "mr1"])
    bars = ["models-map", "models-mr1"]
    more = ["models-families-map", "models-families-mr1", "models-heat-map@15"]
    more += ["models-heat-map@150", "models-heat-mr1"]
    assert sorted(found) == sorted(bars + (more if families else []))
    for figure in found.values():
        assert overlapping(figure) == []


def test_every_number_of_the_heat_map_is_written_and_the_best_is_bold() -> None:
    figure = heat_map(models(3), "map@15")
    written = texts(figure)
    for value in ("0.05", "0.15", "0.25"):
        assert written.count(value) == 6
    bold = [t.get_text() for t in figure.axes[0].texts if t.get_fontweight() == "bold"]
    assert bold == ["0.25"] * 6
    assert "Human sounds" in written
    assert "less is better" in " ".join(texts(heat_map(models(2), "mr1")))


def test_a_mean_that_is_not_defined_has_no_bar_and_no_number() -> None:
    some = [
        Model("there", cell({"mr1": score(2.0)})),
        Model("not there", cell({"mr1": score(None)})),
    ]
    assert len(model_bars(some, ["mr1"]).axes[0].patches) == 1
    assert len(heat_map(some, "mr1").axes[0].texts) == 2


def test_models_that_are_prepared_in_different_ways_say_so() -> None:
    some = [
        Model("one", cell({"mr1": score(2.0)})),
        Model("two", cell({"mr1": score(3.0)}, pca=-1, search="dot")),
    ]
    written = texts(model_bars(some, ["mr1"]))
    assert "one\nmean, PCA 100, cosine" in written
    assert "two\nmean, no PCA, dot" in written


@pytest.mark.slow
def test_figures_of_a_grid_with_200_classes_can_be_read(tmp_path) -> None:
    results = grid(0.5, classes=200, families=6)
    names = figures.draw_grid(results, tmp_path)
    assert sorted(names) == sorted(file.name for file in tmp_path.iterdir())
    assert "classes-map-at-15.svg" in names
    for metric in ("map@15", "mr1"):
        drawn = [
            figures.class_bars(results[0], metric),
            figures.cell_bars(results, metric),
            figures.family_bars(results, metric),
            figures.pca_lines(results, metric),
        ]
        for figure in drawn:
            assert overlapping(figure) == []


def test_a_figure_gives_the_same_bytes_again(tmp_path) -> None:
    for name in "ab":
        save(heat_map(models(2), "mr1"), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_without_matplotlib_none_is_drawn(tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setattr(figures, "find_spec", lambda _: None)
    assert figures.draw_grid(grid(0.5), tmp_path) == []
    assert "pip install 'pentad[figures]'" in caplog.text


def test_names_are_cut_where_they_are_too_long() -> None:
    assert short("Human_group_actions") == "Human group actions"
    assert short("a" * 40, 10) == "a" * 9 + "…"
