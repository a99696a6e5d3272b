"""Numbers that an outside program computed by the published scripts, unmodified; see its README."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.evaluation.metrics.average_precision import DENOMINATORS, average_precision
from pentad.evaluation.metrics.grammar import Metric, parse_metrics
from pentad.evaluation.metrics.tied_places import places_of_grades
from pentad.evaluation.similarity.averages import Averages, averages
from pentad.evaluation.similarity.compat import Compat
from pentad.evaluation.similarity.frames import NamedFrames
from pentad.evaluation.similarity.judge import Judged, judge_rankings, judge_vectors
from pentad.evaluation.similarity.labels import Families, LabelTable
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.prepare import NO_PCA, Recipe, prepare
from pentad.evaluation.similarity.rankings import search_all
from pentad.evaluation.similarity.scoring import Search, as_search
from pentad.evaluation.similarity.truth_files import read_families, read_labels

pytestmark = pytest.mark.external
WHOLE = 64


class Oracle:
    """The folder, read once."""

    def __init__(self, root: Path) -> None:
        inputs = root / "inputs"
        self.inputs = inputs
        self.names = tuple(map(str, np.load(inputs / "fnames.npy").tolist()))
        self.clip = np.load(inputs / "clip.npy")
        counts = np.load(inputs / "frame_counts.npy")
        offsets = np.concatenate([[0], np.cumsum(counts)])
        self.frames = NamedFrames(self.names, np.load(inputs / "frames.npy"), offsets)
        self.clips = NamedFrames(self.names, self.clip, np.arange(len(self.names) + 1))
        self.labels = read_labels(inputs / "ground_truth.csv")
        self.outputs = {
            path.stem: json.loads(path.read_text()) for path in (root / "outputs").glob("*.json")
        }
        self.files = {
            path.stem.removeprefix("vectors_"): np.load(path)
            for path in (root / "outputs").glob("vectors_*.npy")
        }

    def families(self, labels: LabelTable) -> Families:
        return Families.within(read_families(self.inputs / "families.json"), labels.classes)

    def vectors(self, variant: str) -> NamedVectors:
        """Return the vectors of a variant by its published name."""
        if variant == "CLIP raw":
            return NamedVectors(self.names, self.clip.astype(np.float64))
        kind, how, pca, norm = variant.split("-")
        components = int(pca.removeprefix("PCA_"))
        recipe = Recipe(
            how.removeprefix("Agg_"),
            NO_PCA if components == WHOLE else components,
            norm == "Norm_True",
        )
        return prepare(self.frames if kind == "FRAME" else self.clips, recipe)

    def means(self, judged: Judged) -> dict[Metric, Averages]:
        return averages(judged, self.families(judged.labels), resamples=2)


@pytest.fixture(scope="module")
def oracle(shared: Path) -> Oracle:
    if not (shared / "oracle_sss").is_dir():
        pytest.skip("the oracle is not there")
    return Oracle(shared / "oracle_sss")


def assert_equal(found: Averages, expected: dict[str, Any]) -> int:
    """Compare every number that is expected; return how many there were."""
    pairs = [(found.micro, expected["micro"]), (found.macro, expected["macro"])]
    assert set(found.classes) == set(expected["class"])
    assert set(found.families) == set(expected["family"])
    pairs += [(found.classes[name], value) for name, value in expected["class"].items()]
    pairs += [(found.families[name], value) for name, value in expected["family"].items()]
    for mean, value in pairs:
        assert mean is not None
        assert mean.value == pytest.approx(value, abs=1e-9)
    if "class_n" in expected:
        assert dict(found.clips) == expected["class_n"]
    return len(pairs)


def leaves(tree: Any) -> int:
    """Return how many numbers there are, without those of clips."""
    if not isinstance(tree, dict):
        return 1
    return sum(leaves(below) for name, below in tree.items() if name != "class_n")


def test_every_number_and_every_ranking(oracle: Oracle) -> None:
    numbers = rankings = 0
    for variant, searches in oracle.outputs["metrics"].items():
        vectors = oracle.vectors(variant)
        for name in ("dot", "nn"):
            search, expected = as_search(name), searches[name]["map"]
            metrics = parse_metrics([f"map@{n}" for n in expected])
            listed = search_all(vectors, search, max(map(int, expected)))
            for judged in (
                judge_vectors(vectors, oracle.labels, search, metrics, compat=Compat.sss),
                judge_rankings(listed, oracle.labels, metrics, compat=Compat.sss),
            ):
                for metric, found in oracle.means(judged).items():
                    numbers += assert_equal(found, expected[str(metric.k)])
            theirs = oracle.outputs["rankings_top15"].get(f"{variant} {name}")
            if theirs is not None:
                for query, row in zip(listed.queries, listed.found[:, :15], strict=True):
                    own = [oracle.names[item] for item in row]
                    assert own == [str(item) for item in theirs[oracle.names[query]]]
                    rankings += 1
        flags = [flag for flag in searches if flag.startswith("mr1_")]
        for search in (Search.dot, Search.euclidean):  # which does not matter to theirs
            judged = judge_vectors(
                vectors, oracle.labels, search, parse_metrics(["mr1"]), compat=Compat.sss
            )
            (found,) = oracle.means(judged).values()
            numbers += sum(assert_equal(found, searches[flag]) for flag in flags)
    assert numbers == 2 * leaves(oracle.outputs["metrics"])
    assert rankings == 200 * len(oracle.outputs["rankings_top15"])


def test_prepared_vectors_but_for_signs(oracle: Oracle) -> None:
    assert oracle.files
    for variant, expected in oracle.files.items():
        found = oracle.vectors(variant).vectors
        signs = np.sign((found * expected).sum(axis=0))
        np.testing.assert_allclose(found, expected * signs, atol=1e-6)


def test_average_precision_called_directly(oracle: Oracle) -> None:
    cases = oracle.outputs["edge_cases"]["average_precision_at_n"]
    assert len(cases) == 168
    for case in cases:
        relevance = np.array([case["relevance"]], np.int64)
        places = places_of_grades(relevance, relevance.sum(axis=1), relevance, relevance.shape[1])
        total = float(average_precision(places, case["n"], "n")[0]) * case["n"]
        relevant = case["n_relevant"]
        whole = case["n"] if relevant is None else min(case["n"], relevant)
        assert total / whole == pytest.approx(case["ap_at_n"], abs=1e-12)
    for case in oracle.outputs["edge_cases"]["average_precision_full"]:
        relevance = np.array([case["relevance"]], np.int64)
        places = places_of_grades(relevance, relevance.sum(axis=1), relevance, relevance.shape[1])
        assert average_precision(places, None, "hits")[0] == pytest.approx(case["ap"], abs=1e-12)


def test_the_five_denominators(oracle: Oracle) -> None:
    libraries = oracle.outputs["reference_libraries"]
    variant, name = libraries["ranking"].rsplit(" ", 1)
    ours = {
        "sum P@k / N": "map-n@15",
        "sum P@k / min(N, total relevant)": "map@15",
        "sum P@k / total relevant": "map-r@15",
        "sum P@k / hits in top N": "map-hits@15",
        "ranx map@15": "map-r@15",
        "ranx mrr@15": "mrr@15",
    }
    assert len(DENOMINATORS) == 4
    vectors, search = oracle.vectors(variant), as_search(name)
    metrics = parse_metrics([*dict.fromkeys(ours.values())])
    plain = oracle.means(judge_vectors(vectors, oracle.labels, search, metrics))
    theirs = oracle.means(
        judge_vectors(vectors, oracle.labels, search, parse_metrics(["map@15"]), compat=Compat.sss)
    )
    (counted,) = theirs.values()
    for key in ("Doorbell", "Tearing", "Dog"):
        expected = libraries[f"class {key}"]
        for library, metric in ours.items():
            found = plain[parse_metrics([metric])[0]].classes[key]
            assert found is not None
            assert found.value == pytest.approx(expected[library], abs=1e-9), (key, library)
        own = counted.classes[key]
        assert own is not None
        assert own.value == pytest.approx(
            expected["sum P@k / min(N, total relevant + 1 (query counted))"], abs=1e-9
        )
    expected = libraries["micro (shares a label)"]
    for library, metric in ours.items():
        mean = plain[parse_metrics([metric])[0]].micro
        assert mean is not None
        assert mean.value == pytest.approx(expected[library], abs=1e-9), library


def test_equal_scores_are_in_the_order_of_the_rows(oracle: Oracle) -> None:
    ties = oracle.outputs["edge_cases"]["ties_small"]
    corpus = [[float(value) for value in row] for row in ties["corpus_in_list_order"]]
    vectors = NamedVectors(("q", "1", "2", "3", "4", "5"), np.array([ties["query"], *corpus]))
    for search in (Search.dot, Search.euclidean):
        row = search_all(vectors, search, 5).found[0]
        # Theirs has this order for nn; for dot it is reversed, which is an accident of sorting.
        assert [vectors.names[item] for item in row] == ties["nn"]


def test_a_label_of_one_clip_counts_0_in_map(oracle: Oracle) -> None:
    labels = read_labels(oracle.inputs / "ground_truth_singleton.csv")
    judged = judge_vectors(
        oracle.vectors("CLIP raw"), labels, Search.dot, parse_metrics(["map@15"]),
        compat=Compat.sss,
    )  # fmt: skip
    (found,) = oracle.means(judged).values()
    alone = found.classes["Lonely_label"]
    assert alone is not None
    assert alone.value == 0
