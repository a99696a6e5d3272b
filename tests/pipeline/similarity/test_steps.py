from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.prepare import Recipe
from pentad.pipeline.similarity.steps import Truth, evaluate_step, prepare_step, search_step
from tests.embeddings.toy import brought_up_to_date, painted
from tests.pipeline.similarity.little import clips, families, names, truth

RECIPE = Recipe("mean", 4)


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    prepare_step(clips(tmp_path / "c"), tmp_path / "p", RECIPE)
    return tmp_path / "p"


def values(report) -> dict:  # type: ignore[no-untyped-def, type-arg]
    return {name: found["micro"] for name, found in report.to_json().items()}


def test_the_whole_way(tmp_path: Path, prepared: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    labels = Truth(truth(tmp_path / "t.csv"), families(tmp_path / "f.json"))
    assert search_step(prepared, tmp_path / "r.jsonl", "nn", -1) == (18, 17)
    listed = evaluate_step(tmp_path / "r.jsonl", labels, [])
    direct = evaluate_step(prepared, labels, [])
    assert values(listed) == pytest.approx(values(direct))
    assert listed.empty_families == ("Empty",)
    assert "no label occurs of the families Empty" in caplog.text
    assert direct.settings["search"] == "euclidean"
    assert listed.settings["search"] == "nearest_neighbour"


def test_rankings_that_are_cut_off_give_map_by_default(tmp_path: Path, prepared: Path) -> None:
    labels = Truth(truth(tmp_path / "t.csv"))
    search_step(prepared, tmp_path / "r.jsonl", "dot", 3)
    assert list(values(evaluate_step(tmp_path / "r.jsonl", labels, []))) == ["map@15"]
    assert list(values(evaluate_step(prepared, labels, []))) == ["map@15", "mr1"]
    report = evaluate_step(tmp_path / "r.jsonl", labels, ["map@15"])
    assert report.judged.short == 18


def test_theirs_is_euclidean_whatever_is_said(tmp_path: Path, prepared: Path) -> None:
    labels = Truth(truth(tmp_path / "t.csv"))
    by_dot, near = (
        values(evaluate_step(prepared, labels, ["mr1"], search=search, compat="sss"))
        for search in ("dot", "nn")
    )
    assert by_dot == near
    ours = values(evaluate_step(prepared, labels, ["mr1"], search="nn"))
    assert ours["mr1"] == pytest.approx(near["mr1"] + 1)


def test_labels_restrict_queries_and_corpus(tmp_path: Path, prepared: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    some = truth(tmp_path / "t.csv", [*names()[:9], "elsewhere"], ".wav")
    assert search_step(prepared, tmp_path / "r.jsonl", "cosine", 99, truth=some) == (9, 8)
    assert caplog.messages == [
        "9 of 18 items have no labels and are left out", "1 labelled items have no vector",
    ]  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert {line["query_fname"] for line in lines} == set(names()[:9])
    search_step(prepared, tmp_path / "all.jsonl", "cosine", -1)
    labels = Truth(some)
    both = [
        values(evaluate_step(tmp_path / file, labels, ["map@5"]))
        for file in ("r.jsonl", "all.jsonl")
    ]
    assert both[0] == pytest.approx(both[1])


def test_the_json_form_is_what_other_programs_read(tmp_path: Path) -> None:
    source = clips(tmp_path / "c")
    made = prepare_step(source, tmp_path / "json", RECIPE, form="json")
    clip = json.loads((tmp_path / "json" / "100.json").read_text())
    assert clip["embeddings"] == made.vectors[0].tolist()
    prepare_step(source, tmp_path / "p", RECIPE)
    labels = Truth(truth(tmp_path / "t.csv"))
    first, second = (
        values(evaluate_step(tmp_path / folder, labels, ["map@15", "mr1"]))
        for folder in ("json", "p")
    )
    assert first == pytest.approx(second)
    prepare_step(source, tmp_path / "json", Recipe("max", 2), form="json")
    with pytest.raises(UnknownName, match="format 'jsn'; did you mean 'json'"):
        prepare_step(source, tmp_path / "x", RECIPE, form="jsn")


def test_pca_of_another_folder(tmp_path: Path) -> None:
    source, other = clips(tmp_path / "c", ["a", "b"]), clips(tmp_path / "train")
    made = prepare_step(source, tmp_path / "p", RECIPE, fit_on=other)
    assert made.recipe["fitted_on"] == "train"
    assert NamedVectors.load(tmp_path / "p").recipe == made.recipe


def test_the_space_is_that_of_the_workspace(tmp_path: Path) -> None:
    workspace = painted(tmp_path, "red", "green", "blue", "white")
    brought_up_to_date(workspace, None)
    made = prepare_step(
        workspace.root, tmp_path / "p", Recipe("none", -1), space="image-descriptor"
    )
    assert made.space.startswith("image-descriptor")
    plain = Recipe("none", 2)
    again = prepare_step(tmp_path / "p", tmp_path / "q", plain, fit_on=workspace.root,
                         space="image-descriptor")  # fmt: skip
    both = prepare_step(workspace.root, tmp_path / "r", plain, fit_on=tmp_path / "p",
                        space="image-descriptor")  # fmt: skip
    assert again.vectors.shape == both.vectors.shape == (4, 2)
    with pytest.raises(InputError, match="no spaces to choose from"):
        prepare_step(tmp_path / "p", tmp_path / "x", plain, fit_on=tmp_path / "q", space="s")


def test_where_prepared_vectors_may_not_go(tmp_path: Path, prepared: Path) -> None:
    source = clips(tmp_path / "c2", frames=0)
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    NamedVectors(("a",), np.eye(1)).save(tmp_path / "mine")
    record = json.loads((tmp_path / "mine" / "embeddings.json").read_text())
    del record["recipe"]
    (tmp_path / "mine" / "embeddings.json").write_text(json.dumps(record))
    for out, said in {
        source: "is the source",
        tmp_path / "file": "is a file",
        tmp_path / "file" / "below": "cannot be read|cannot be written",
        tmp_path / "full": "something else than prepared vectors.*thesis.txt",
        tmp_path / "mine": "something else than prepared vectors",
    }.items():
        with pytest.raises((InputError, StoreError), match=said):
            prepare_step(source, out, Recipe("none", -1))
    prepare_step(source, prepared, Recipe("none", -1))
    assert NamedVectors.load(prepared).vectors.shape == (18, 6)


def test_a_full_disk_leaves_what_was_prepared(
    tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = NamedVectors.load(prepared)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StoreError, match="No space left"):
            prepare_step(tmp_path / "c", prepared, Recipe("max", 2))
        with pytest.raises(StoreError, match="No space left"):
            prepare_step(tmp_path / "c", tmp_path / "j", Recipe("max", 2), form="json")
    assert NamedVectors.load(prepared).fingerprint == before.fingerprint
    assert not list((tmp_path / "j").glob("*.json"))


def test_what_cannot_be_judged(tmp_path: Path, prepared: Path) -> None:
    labels = truth(tmp_path / "t.csv")
    ranking = tmp_path / "r.jsonl"
    search_step(prepared, ranking, "nn", 3)
    one = truth(tmp_path / "one.csv", ["100"])
    other = truth(tmp_path / "other.csv", ["x1", "x2"])
    cases = [
        (lambda: evaluate_step(ranking, Truth(labels), [], search="dot"), "says itself how"),
        (lambda: evaluate_step(ranking, Truth(one), []), "two items with labels"),
        (lambda: evaluate_step(prepared, Truth(one), []), "two items with labels"),
        (lambda: evaluate_step(ranking, Truth(other), []), "no query of the rankings has labels"),
        (lambda: evaluate_step(prepared, Truth(other), []), "no item has labels.*'x1', got '100'"),
        (lambda: evaluate_step(prepared, Truth(labels), [], compat="sas"), "compat 'sas'"),
        (lambda: evaluate_step(tmp_path / "no", Truth(labels), []), "No such file"),
        (lambda: search_step(prepared, tmp_path, "nn", 3), "is a folder, where a file"),
        (lambda: search_step(prepared, ranking, "near", 3), "unknown search 'near'"),
        (lambda: search_step(prepared, ranking, "nn", 0), "a number from 1"),
        (lambda: search_step(prepared, ranking, "nn", 3, truth=one), "two items with labels"),
    ]
    for call, said in cases:
        with pytest.raises((InputError, UnknownName), match=said):
            call()


def test_queries_that_found_nothing_are_judged(tmp_path: Path) -> None:
    line = '{"query_fname": "100", "results": [], "search": "dot_product"}\n'
    (tmp_path / "r.jsonl").write_text(line)
    labels = Truth(truth(tmp_path / "t.csv"))
    assert values(evaluate_step(tmp_path / "r.jsonl", labels, ["map@15", "hit@1"])) == {
        "map@15": 0, "hit@1": 0,
    }  # fmt: skip
    with pytest.raises(InputError, match="needs whole rankings"):
        evaluate_step(tmp_path / "r.jsonl", labels, ["mr1"])


def test_labels_of_what_is_in_no_ranking(tmp_path: Path, prepared: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    labels = Truth(truth(tmp_path / "t.csv", [*names(), "x1", "x2", "x3", "x4"]))
    search_step(prepared, tmp_path / "whole.jsonl", "nn", -1)
    search_step(prepared, tmp_path / "cut.jsonl", "nn", 16)
    wanted = ["map@15", "recall@15", "mr1"]
    direct = values(evaluate_step(prepared, labels, wanted))
    caplog.clear()
    assert values(evaluate_step(tmp_path / "whole.jsonl", labels, wanted)) == pytest.approx(direct)
    assert caplog.messages == ["4 labelled items are in no ranking; they do not count"]
    caplog.clear()
    cut = values(evaluate_step(tmp_path / "cut.jsonl", labels, wanted[:2]))
    assert cut["recall@15"] < direct["recall@15"]
    assert "4 labelled items are in no ranking; they count as not found" in caplog.messages


def test_results_without_labels_are_taken_out(tmp_path: Path) -> None:
    results = [{"result_fname": name, "score": 1.0} for name in ("unknown", "103", "101")]
    line = {"query_fname": 100, "results": results, "search": "cosine"}
    (tmp_path / "r.jsonl").write_text(json.dumps(line) + "\n")
    labels = Truth(truth(tmp_path / "t.csv"))
    assert values(evaluate_step(tmp_path / "r.jsonl", labels, ["map@1"])) == {"map@1": 1}
