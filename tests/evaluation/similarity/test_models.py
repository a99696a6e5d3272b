import pytest

from pentad.core.errors import InputError
from pentad.evaluation.similarity.models import (
    Model,
    Wanted,
    choose_model,
    family_names,
    model_rows,
    shared_metrics,
)
from tests.evaluation.similarity.grids import cell, grid, score


def test_the_best_cell_stands_for_a_model() -> None:
    assert choose_model("m", grid(0.5), "map@15").way == "mean, PCA 100, cosine"
    assert choose_model("m", grid(0.5)[::-1], "mr1").way == "mean, PCA 100, cosine"
    assert choose_model("m", grid(0.5), "map@15", Wanted(search="dot")).way == "mean, PCA 100, dot"
    found = choose_model("m", grid(0.5), "map@15", Wanted(pca=-1, search="dot", normalize=False))
    assert found.way == "mean, no PCA, dot"
    assert Model("m", cell({}, normalize=True)).way == "mean, PCA 100, unit length, cosine"


def test_what_cannot_be_chosen() -> None:
    with pytest.raises(InputError, match="no cell of the grid of 'm' is of the wanted kind"):
        choose_model("m", grid(0.5), "map@15", Wanted(aggregate="max"))
    with pytest.raises(InputError, match="the grid of 'm' has no hit@5; expected map@15"):
        choose_model("m", grid(0.5), "hit@5")
    with pytest.raises(InputError, match="no cell of the grid of 'm' has a macro mean of mr1"):
        choose_model("m", [cell({"mr1": score(None)})], "mr1")
    mixed = [cell({"mr1": score(None)}), cell({"mr1": score(3.0)}, search="dot")]
    assert choose_model("m", mixed, "mr1").result["search"] == "dot"


def test_metrics_and_families_that_models_share() -> None:
    one = Model("one", cell({"map@15": score(0.5), "mr1": score(3.0)}))
    two = Model("two", cell({"mr1": score(2.0, families=3), "hit@5": score(0.5)}))
    assert shared_metrics([one, two], []) == ["mr1"]
    assert family_names([one, two], "mr1") == ["Animal", "Human_sounds", "Music"]
    with pytest.raises(InputError, match="the grid of 'two' has no map@15; expected mr1, hit@5"):
        shared_metrics([one, two], ["map@15"])
    with pytest.raises(InputError, match="no metric in common"):
        shared_metrics([one, Model("t", cell({"hit@5": score(0.5)}))], [])
    theirs = Model("theirs", cell({"mr1": score(1.0)}, compat="sss"))
    with pytest.raises(InputError, match="several definitions"):
        shared_metrics([one, theirs], [])


def test_rows_have_the_same_columns_where_families_differ() -> None:
    one = Model("one", cell({"mr1": score(3.0, families=1)}))
    two = Model("two", cell({"mr1": score(2.0, families=0)}))
    first, second = model_rows([one, two], ["mr1"])
    assert list(first) == list(second)
    assert (first["family Animal"], second["family Animal"]) == (1.5, None)
    assert (first["macro"], first["macro_low"]) == (3.0, pytest.approx(2.7))
