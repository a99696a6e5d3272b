import json

import numpy as np
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.similarity.judge import judge_vectors
from pentad.evaluation.similarity.labels import Families, LabelTable
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.report import similarity_metrics, summarize_similarity
from pentad.evaluation.similarity.scoring import Search


def test_metrics_by_name() -> None:
    assert [str(m) for m in similarity_metrics([])] == ["map@15", "mr1"]
    assert [str(m) for m in similarity_metrics(["hit@5", "mr1"])] == ["hit@5", "mr1"]
    with pytest.raises(InputError, match="medr is a median"):
        similarity_metrics(["medr"])
    with pytest.raises(InputError, match="shared labels have no grades"):
        similarity_metrics(["map@15-l2"])
    with pytest.raises(UnknownName, match="did you mean 'map'"):
        similarity_metrics(["mpa@15"])


def test_json_has_every_mean_and_null_where_there_is_none() -> None:
    labels = {"a": ["x"], "b": ["x"], "c": ["y"], "d": ["x", "y"], "e": ["alone"]}
    table = LabelTable.from_labels(labels)
    vectors = NamedVectors(table.names, np.random.default_rng(0).normal(size=(5, 3)))
    judged = judge_vectors(vectors, table, Search.cosine, similarity_metrics(["map@15", "mr1"]))
    families = Families.within({"f": ["x", "y"], "g": ["alone"], "h": []}, table.classes)
    report = summarize_similarity(judged, families, seed=3, resamples=50, settings={"k": 1})
    found = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert list(found) == ["map@15", "mr1"]
    for each in found.values():
        assert each["class"]["alone"] is None
        assert each["family"] == {"f": pytest.approx(each["macro"]), "g": None, "h": None}
        assert each["interval"]["family"]["g"] is None
        assert each["n"] == {
            "queries": 4, "left_out": 1, "class": {"alone": 1, "x": 3, "y": 2},
        }  # fmt: skip
        for kind in ("micro", "macro"):
            low, high = each["interval"][kind]
            assert low <= each[kind] <= high
    assert report.settings == {"k": 1, "seed": 3}
    again = summarize_similarity(judged, families, seed=3, resamples=50)
    assert again.to_json() == report.to_json()
    other = summarize_similarity(judged, families, seed=4, resamples=50).to_json()
    assert other["mr1"]["interval"] != report.to_json()["mr1"]["interval"]
