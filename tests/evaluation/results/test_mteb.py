"""What mteb itself makes of our files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.evaluation.metrics.grammar import parse_metric
from pentad.evaluation.results.names import mteb_name
from tests.evaluation.results.runs import result, run


@pytest.fixture(scope="module")
def mteb_results() -> Any:
    return pytest.importorskip("mteb.results", reason="mteb is not installed")


def test_mteb_loads_a_task_result(tmp_path: Path, mteb_results: Any) -> None:
    run(tmp_path, tasks=["clotho"])
    path = tmp_path / "tasks/clotho.json"
    loaded = mteb_results.TaskResult.from_disk(path, load_historic_data=False)
    assert loaded.task_name == "clotho"
    assert loaded.dataset_revision == "r1"
    assert loaded.evaluation_time == 1.5
    assert loaded.eval_splits == ["test"]
    assert sorted(loaded.hf_subsets) == ["audio_to_text", "text_to_audio"]
    assert loaded.languages == ["eng"]
    expected = result().with_scores(0)
    hit = expected.score("text_to_audio", "hit@5")
    assert hit is not None
    first = loaded.scores["test"][0]
    assert first["hit_rate_at_5"] == first["hit@5"] == pytest.approx(hit.value)
    assert first["map_at_10"] == first["map-r@10"]
    means = [s["main_score"] for s in loaded.scores["test"]]
    assert loaded.get_score(splits=["test"]) == pytest.approx(np.mean(means))


def test_mteb_loads_it_as_old_data_too(tmp_path: Path, mteb_results: Any) -> None:
    run(tmp_path, tasks=["clotho"])
    loaded = mteb_results.TaskResult.from_disk(tmp_path / "tasks/clotho.json")
    again = mteb_results.TaskResult.model_validate_json(loaded.model_dump_json())
    assert again.scores == loaded.scores


def test_its_version_is_told_where_it_is_installed(tmp_path: Path, mteb_results: Any) -> None:
    from importlib.metadata import version

    run(tmp_path, tasks=["clotho"])
    value = json.loads((tmp_path / "tasks/clotho.json").read_text())
    assert value["mteb_version"] == version("mteb")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("hit@5", "hit_rate_at_5"),
        ("recall@5", "recall_at_5"),
        ("ndcg@10", "ndcg_at_10"),
        ("map-r@10", "map_at_10"),
        ("mrr@10", "mrr_at_10"),
        ("precision@3", "precision_at_3"),
        ("accuracy@1", "accuracy"),
        ("accuracy@5", None),
        ("map@10", None),  # divides by min(10, R), mteb's by R
        ("mrr", None),
        ("medr", None),
        ("hit@5-l2", None),
    ],
)
def test_names(ours: str, theirs: str | None) -> None:
    assert mteb_name(parse_metric(ours)) == theirs


def test_values_of_one_name_are_one_value(mteb_results: Any) -> None:
    """Score one ranking with mteb's own program and with ours."""
    from mteb._evaluators.retrieval_metrics import calculate_retrieval_scores

    from pentad.core.modality import Modality
    from pentad.evaluation.metrics.relevance import Relevance
    from pentad.evaluation.retrieval import RetrievalTask, score_retrieval

    rng = np.random.default_rng(0)
    queries, corpus = rng.normal(size=(20, 8)), rng.normal(size=(40, 8))
    relevant = [rng.choice(40, size=rng.integers(1, 6), replace=False) for _ in range(20)]
    pairs = [(q, int(c)) for q, rows in enumerate(relevant) for c in rows]
    names = ["hit@5", "recall@5", "precision@5", "ndcg@10", "map-r@10", "mrr@10"]
    task = RetrievalTask(
        Modality.TEXT, Modality.AUDIO, queries, corpus,
        Relevance.from_pairs(*zip(*pairs, strict=True), queries=20, corpus_size=40),
        np.arange(20), np.arange(20),
    )  # fmt: skip
    found = score_retrieval(task, names)
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (queries, corpus)]
    cosine = unit[0] @ unit[1].T
    results = {str(q): {str(c): float(cosine[q, c]) for c in range(40)} for q in range(20)}
    qrels = {str(q): {str(int(c)): 1 for c in rows} for q, rows in enumerate(relevant)}
    theirs = calculate_retrieval_scores(results, qrels, [5, 10])
    flat = {
        "ndcg_at_10": theirs.ndcg["NDCG@10"],
        "map_at_10": theirs.map["MAP@10"],
        "recall_at_5": theirs.recall["Recall@5"],
        "precision_at_5": theirs.precision["P@5"],
        "mrr_at_10": theirs.mrr["MRR@10"],
        "hit_rate_at_5": next(v for k, v in theirs.hit_rate.items() if k.endswith("5")),
    }
    for metric, values in zip(found.metrics, found.values, strict=True):
        name = mteb_name(metric)
        assert name is not None
        assert math.isclose(values.mean(), flat[name], abs_tol=1e-5), name  # theirs are rounded
