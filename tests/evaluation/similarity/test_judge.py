import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.similarity.averages import averages
from pentad.evaluation.similarity.compat import Compat
from pentad.evaluation.similarity.judge import judge_rankings, judge_vectors
from pentad.evaluation.similarity.labels import Families, LabelTable
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.rankings import ALL, search_all
from pentad.evaluation.similarity.report import summarize_similarity
from pentad.evaluation.similarity.scoring import Search
from tests.evaluation.similarity.worlds import World, average_precision, mean, published, worlds

FAMILIES = {"first": ("a", "b"), "second": ("c", "absent"), "nobody": ("absent",)}
MANY = (
    "map@2", "map@15", "map-n@3", "map-r@3", "map-hits@3", "map", "mr1", "mrr", "mrr@2", "hit@1",
    "recall@3", "precision@3", "ndcg@4", "auc", "mean-rank",
)  # fmt: skip


def means_of(judged, resamples=2):  # type: ignore[no-untyped-def]
    families = Families.within(FAMILIES, judged.labels.classes)
    return {
        str(metric): found
        for metric, found in averages(judged, families, resamples=resamples).items()
    }


def plain(found):  # type: ignore[no-untyped-def]
    """The values without their intervals."""
    return {
        "micro": found.micro and found.micro.value,
        "macro": found.macro and found.macro.value,
        "class": {name: each and each.value for name, each in found.classes.items()},
        "family": {name: each and each.value for name, each in found.families.items()},
    }


def assert_close(found: dict, expected: dict) -> None:  # type: ignore[type-arg]
    for kind in ("micro", "macro"):
        assert found[kind] == pytest.approx(expected[kind], abs=1e-12)
    for kind in ("class", "family"):
        assert found[kind].keys() == expected[kind].keys()
        for name, value in expected[kind].items():
            assert found[kind][name] == pytest.approx(value, abs=1e-12), name


@settings(max_examples=80)
@given(worlds(), st.integers(1, 6), st.sampled_from(["dot", "euclidean"]))
def test_the_published_definitions(world: World, n: int, search: str) -> None:
    expected = published(world, n, search, FAMILIES)
    metrics = parse_metrics([f"map@{n}", "mr1"])
    judged = judge_vectors(world.named, world.table, Search(search), metrics, compat=Compat.sss)
    found = means_of(judged)
    assert_close(plain(found[f"map@{n}"]), expected["map"])
    assert_close(plain(found["mr1"]), expected["mr1"])
    listed = search_all(world.named, Search(search), n)
    short = judge_rankings(listed, world.table, metrics[:1], compat=Compat.sss)
    assert_close(plain(means_of(short)[f"map@{n}"]), expected["map"])


@settings(max_examples=60)
@given(worlds(), st.integers(1, 6))
def test_our_own_definitions(world: World, n: int) -> None:
    judged = judge_vectors(world.named, world.table, Search.dot, parse_metrics([f"map@{n}", "mr1"]))
    members = {
        c: [i for i, own in enumerate(world.labels) if c in own] for c in judged.labels.classes
    }
    for label, items in members.items():
        relevant = {q: [label in world.labels[i] for i in world.ranking(q, "dot")] for q in items}
        expected = [
            average_precision(found, n, min(n, sum(found)))
            for found in relevant.values()
            if any(found)
        ]
        ranks = [found.index(True) + 1.0 for found in relevant.values() if any(found)]
        found = means_of(judged)
        for metric, values in ((f"map@{n}", expected), ("mr1", ranks)):
            value = found[metric].classes[label]
            assert (value and value.value) == pytest.approx(mean(values)), (metric, label)


@settings(max_examples=60)
@given(worlds(), st.sampled_from(list(Compat)))
def test_whole_rankings_are_judged_as_the_vectors_are(world: World, compat: Compat) -> None:
    metrics = parse_metrics([name for name in MANY if compat is Compat.none or name != "mr1"])
    direct = judge_vectors(world.named, world.table, Search.dot, metrics, compat=compat)
    listed = judge_rankings(
        search_all(world.named, Search.dot, ALL), world.table, metrics, compat=compat
    )
    np.testing.assert_allclose(direct.micro, listed.micro, atol=1e-12)
    np.testing.assert_array_equal(direct.pairs, listed.pairs)
    np.testing.assert_allclose(direct.by_class, listed.by_class, atol=1e-12)


def test_far_ranks_are_counted_right(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    vectors = rng.integers(-3, 4, (60, 2)).astype(np.float64)  # many equal ones, many ties
    labels = {f"c{i:02}": [str(own) for own in rng.integers(0, 25, 2)] for i in range(60)}
    named, table = NamedVectors(tuple(labels), vectors), LabelTable.from_labels(labels)
    metrics = parse_metrics(MANY)
    near = judge_vectors(named, table, Search.dot, metrics)
    monkeypatch.setattr("pentad.evaluation.similarity.judge._LOOK", 1)
    monkeypatch.setattr("pentad.evaluation.similarity.judge._CELLS", 3000)
    far = judge_vectors(named, table, Search.dot, metrics)
    np.testing.assert_array_equal(near.micro, far.micro)
    np.testing.assert_array_equal(near.by_class, far.by_class)


@settings(max_examples=40)
@given(worlds(), st.data())
def test_renaming_and_moving_labels_changes_nothing(world: World, data: st.DataObject) -> None:
    moved = {"a": "d", "b": "c", "c": "a", "d": "b"}
    renamed = World(world.vectors, tuple(tuple(moved[c] for c in own) for own in world.labels))
    metrics = parse_metrics(["map@3", "mr1"])
    for metric in ("map@3", "mr1"):
        first, second = (
            plain(means_of(judge_vectors(w.named, w.table, Search.dot, metrics))[metric])
            for w in (world, renamed)
        )
        assert {moved[c]: v for c, v in first["class"].items()} == pytest.approx(second["class"])
        assert first["micro"] == pytest.approx(second["micro"])
        assert first["macro"] == pytest.approx(second["macro"])


def two_pairs() -> tuple[NamedVectors, LabelTable]:
    labels = {"p": ["x"], "q": ["x"], "r": ["y", "only"], "s": ["y"], "t": ["alone"]}
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1], [-1, -1]], np.float64)
    return NamedVectors(tuple(labels), vectors), LabelTable.from_labels(labels)


def test_a_label_of_one_item_has_no_value_and_is_left_out() -> None:
    vectors, table = two_pairs()
    metrics = parse_metrics(["map@15", "mr1"])
    found = means_of(judge_vectors(vectors, table, Search.dot, metrics))
    for metric in ("map@15", "mr1"):
        means = found[metric]
        assert means.classes["only"] is means.classes["alone"] is None
        assert means.macro.value == pytest.approx(1)
        assert (means.queries, means.left_out) == (4, 1)
        assert means.clips["only"] == 1


def test_in_compat_a_label_of_one_item_counts_0_in_map_and_is_left_out_of_mr1() -> None:
    vectors, table = two_pairs()
    metrics = parse_metrics(["map@15", "mr1"])
    found = means_of(judge_vectors(vectors, table, Search.dot, metrics, compat=Compat.sss))
    assert found["map@15"].classes["only"].value == 0
    assert found["map@15"].left_out == 0
    assert found["mr1"].classes["only"] is None
    assert found["mr1"].micro.value == 0


def test_a_family_without_labels_has_no_value() -> None:
    vectors, table = two_pairs()
    families = Families.within({"both": ["x", "y"], "empty": ["z"], "one": ["only"]}, table.classes)
    judged = judge_vectors(vectors, table, Search.dot, parse_metrics(["map@15"]))
    report = summarize_similarity(judged, families, resamples=5)
    json = report.to_json()["map@15"]
    assert json["family"] == {"both": pytest.approx(1), "one": None, "empty": None}
    assert report.empty_families == ("empty",)


def test_short_lists_miss_nothing_relevant_and_are_counted() -> None:
    vectors, table = two_pairs()
    rankings = search_all(vectors, Search.dot, 1)
    judged = judge_rankings(rankings, table, parse_metrics(["map@3", "precision@4"]))
    assert judged.short == 5
    np.testing.assert_allclose(judged.micro[0], [1, 1, 1, 1, np.nan])
    np.testing.assert_allclose(judged.micro[1], [0.25] * 4 + [np.nan])


def test_a_rank_that_lists_do_not_tell_is_an_error() -> None:
    vectors, table = two_pairs()
    labels = LabelTable.from_labels({name: ["far" if name in "pt" else "x"] for name in "pqrst"})
    rankings = search_all(vectors, Search.dot, 1)
    for metric in ("mr1", "auc", "mean-rank"):
        with pytest.raises(InputError, match="whole rankings"):
            judge_rankings(rankings, labels, parse_metrics([metric]))
    judged = judge_rankings(rankings, table.of(["p", "q", "r", "s"]), parse_metrics(["mr1"]))
    np.testing.assert_array_equal(judged.micro, [[1, 1, 1, 1]])


def test_a_subset_of_the_labels_is_the_search_of_the_subset() -> None:
    rng = np.random.default_rng(0)
    names = tuple(f"c{i}" for i in range(40))
    table = LabelTable.from_labels(
        {n: [str(c)] for n, c in zip(names, rng.integers(0, 5, 40), strict=True)}
    )
    vectors = NamedVectors(names, rng.normal(size=(40, 6)))
    some = table.of(names[:25])
    metrics = parse_metrics(["map@5", "mr1"])
    whole = judge_rankings(search_all(vectors, Search.cosine, ALL), some, metrics)
    alone = judge_vectors(vectors.take(np.arange(25)), some, Search.cosine, metrics)
    np.testing.assert_allclose(whole.micro, alone.micro)
    np.testing.assert_allclose(whole.by_class, alone.by_class)


def test_no_common_name_is_an_error() -> None:
    vectors, _ = two_pairs()
    others = LabelTable.from_labels({"else": ["x"], "other": ["x"]})
    with pytest.raises(InputError, match="no query of the rankings has labels"):
        judge_rankings(search_all(vectors, Search.dot, 2), others, parse_metrics(["map@2"]))
    with pytest.raises(InputError, match="no row of labels"):
        judge_vectors(vectors, others, Search.dot, parse_metrics(["map@2"]))
    with pytest.raises(InputError, match="two items"):
        judge_vectors(vectors.take([0]), two_pairs()[1], Search.dot, parse_metrics(["map@2"]))


def test_intervals_hold_the_value_and_shrink_with_items() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for size in (40, 640):
        labels = {f"c{i}": [str(i % 4)] for i in range(size)}
        centers = rng.normal(size=(4, 8))
        vectors = centers[np.arange(size) % 4] + rng.normal(size=(size, 8))
        named = NamedVectors(tuple(labels), vectors)
        judged = judge_vectors(
            named, LabelTable.from_labels(labels), Search.cosine, parse_metrics(["map@5"])
        )
        found = means_of(judged, resamples=300)["map@5"]
        for each in (found.micro, found.macro, *found.classes.values()):
            assert each.low <= each.value <= each.high
        widths.append(found.macro.high - found.macro.low)
    assert widths[1] < widths[0] / 2
