import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, StoreError
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.ranking_file import read_rankings, write_rankings
from pentad.evaluation.similarity.rankings import search_all, search_blocks
from pentad.evaluation.similarity.scoring import Search
from tests.evaluation.similarity.worlds import World, worlds


def line(query: object = "a", results: object = None, **more: object) -> str:
    found = [{"result_fname": "b", "score": 1.5}] if results is None else results
    return json.dumps({"query_fname": query, "results": found, "search": "dot_product", **more})


def result(name: object = "b", score: object = 1.0) -> list[dict[str, object]]:
    return [{"result_fname": name, "score": score}]


def read(tmp_path: Path, *lines: str) -> object:
    (tmp_path / "r.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_rankings(tmp_path / "r.jsonl")


@settings(max_examples=40)
@given(worlds(), st.sampled_from(["dot", "euclidean"]), st.integers(1, 9))
def test_round_trip(tmp_path_factory, world: World, search: str, k: int) -> None:
    file = tmp_path_factory.mktemp("r") / "r.jsonl"
    whole = search_all(world.named, Search(search), k)
    count = write_rankings(search_blocks(world.named, Search(search), k), file)
    assert count == len(world.vectors)
    found = read_rankings(file)
    names = np.array([*found.names])
    assert [found.names[q] for q in found.queries] == [*world.names]
    assert names[found.found].tolist() == np.array(whole.names)[whole.found].tolist()
    np.testing.assert_array_equal(found.scores, whole.scores)
    assert found.search == {"dot": "dot_product", "euclidean": "nearest_neighbour"}[search]


def test_the_file_is_that_of_the_published_program(tmp_path: Path) -> None:
    vectors = NamedVectors(("64760", "Flöte"), np.array([[3.0, 0.0], [0.0, 4.0]]))
    write_rankings(search_blocks(vectors, Search.euclidean, 15), tmp_path / "r.jsonl")
    assert (tmp_path / "r.jsonl").read_text(encoding="utf-8") == (
        '{"query_fname": "64760", "results": [{"result_fname": "Flöte", "score": 5.0}], '
        '"search": "nearest_neighbour"}\n'
        '{"query_fname": "Flöte", "results": [{"result_fname": "64760", "score": 5.0}], '
        '"search": "nearest_neighbour"}\n'
    )


def test_numbers_are_names_too_and_lists_may_differ_in_length(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        line(1, result(2) + result(3, 0)),
        "",
        line(2, []),
        line("3", result(1)),
    )
    assert found.names == ("1", "2", "3")
    assert found.found.tolist() == [[1, 2], [-1, -1], [0, -1]]
    assert np.isnan(found.scores[1]).all()
    assert not found.whole


def test_the_order_of_the_results_is_the_ranking_whatever_the_scores(tmp_path: Path) -> None:
    found = read(tmp_path, line("a", result("b", 0.1) + result("c", 0.9)))
    assert [found.names[i] for i in found.found[0]] == ["b", "c"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{", "no ranking"),
        ("[]", "no ranking"),
        ('"x"', "no ranking"),
        ("[" * 100_000, "no ranking"),
        ('{"results": []}', "'query_fname' is missing"),
        ('{"query_fname": "q"}', "'results' is missing"),
        (line("q", [{"score": 1}]), "'result_fname' is missing"),
        (line("q", [{"result_fname": "b"}]), "'score' is missing"),
        (line("q", {"b": 1}), "no ranking"),
        (line("q", "bc"), "no ranking"),
        (line(None), "a name is a string or an integer, not None"),
        (line(1.5), "not 1.5"),
        (line(True), "not True"),
        (line("q", result(None)), "not None"),
        (line("q", result(["b"])), "a name is a string"),
        (line("q", result("b", None)), "a score is a number, not None"),
        (line("q", result("b", "1")), "a score is a number, not '1'"),
        (line("q", result("b", float("nan"))), "the score of 'b' is not a finite number"),
        (line("q", result("b", float("inf"))), "the score of 'b' is not a finite number"),
        (line("q", result("b", 10**400)), "no ranking"),
        (line("q", result("b") + result("b")), "'b' is found twice for 'q'"),
        (line("q", result("q")), "query 'q' is found by itself"),
        (line("a"), "query 'a' was on line 1 too"),
        (line("q", search=["x"]), "search is no string"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(tmp_path, line("a"), wrong)
    assert "r.jsonl:2" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no ranking in it"):
        read(tmp_path, "")
    with pytest.raises(InputError, match="several searches in one file; got cosine, dot_product"):
        read(tmp_path, line("a"), line("c", search="cosine"))
    (tmp_path / "b").write_bytes(b"\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_rankings(tmp_path / "b")
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError):
            read_rankings(path)


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch) -> None:
    vectors = NamedVectors(("a", "b"), np.eye(2))
    write_rankings(search_blocks(vectors, Search.dot, 1), tmp_path / "r.jsonl")
    before = (tmp_path / "r.jsonl").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        write_rankings(search_blocks(vectors, Search.euclidean, 1), tmp_path / "r.jsonl")
    assert {file.name for file in tmp_path.iterdir()} == {"r.jsonl"}
    assert (tmp_path / "r.jsonl").read_bytes() == before
