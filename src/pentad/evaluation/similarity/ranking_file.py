"""Rankings as JSON lines, in the form that the published program writes and reads.

    {"query_fname": "64760",
     "results": [{"result_fname": "501", "score": 0.93}, ...],
     "search": "dot_product" | "nearest_neighbour" | "cosine"}

Scores of ``nearest_neighbour`` are distances, where less is closer; the others are products.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.similarity.rankings import Rankings
from pentad.evaluation.similarity.scoring import Search
from pentad.store.atomic import replacing

_NAMES = {
    Search.dot: "dot_product",
    Search.euclidean: "nearest_neighbour",
    Search.cosine: "cosine",
}
_EXPECTED = '{"query_fname": ..., "results": [{"result_fname": ..., "score": ...}, ...]}'


def write_rankings(blocks: Iterable[Rankings], path: str | Path) -> int:
    """Write rankings, whole or not at all; return how many queries there were.

    Args:
        blocks: Rankings of some queries after the other.
        path: A file; it is replaced.
    """
    count = 0
    with replacing(Path(path)) as coming, coming.open("w", encoding="utf-8") as file:
        for block in blocks:
            search = _NAMES[Search(block.search)]
            for query, found, scores in zip(block.queries, block.found, block.scores, strict=True):
                results = [
                    {"result_fname": block.names[item], "score": score}
                    for item, score in zip(found.tolist(), scores.tolist(), strict=True)
                ]
                line = {
                    "query_fname": block.names[query], "results": results, "search": search
                }  # fmt: skip
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += len(block)
    return count


def read_rankings(path: str | Path) -> Rankings:
    """Return the rankings of a file. The order of the results is the ranking.

    Args:
        path: JSON lines, as above. Items that are never a query are items nevertheless.

    Raises:
        InputError: A line is no such object, a query is there twice, a result is there twice for
            one query or is the query itself, or a score is not a finite number.
    """
    file = Path(path)
    code: dict[str, int] = {}
    queries: dict[str, int] = {}
    lists: list[tuple[list[int], list[float]]] = []
    searches: set[str] = set()
    for number, line in enumerate(_lines(file), 1):
        query, names, scores, search = _parsed(line, file, number)
        if query in queries:
            first = queries[query]
            raise InputError(f"query {query!r} was on line {first} too", file=file, row=number)
        queries[query] = number
        searches.add(search)
        code.setdefault(query, len(code))
        _check_results(query, names, scores, file, number)
        lists.append(([code.setdefault(name, len(code)) for name in names], scores))
    if not lists:
        raise InputError("there is no ranking in it", file=file)
    if len(searches) > 1:
        seen = ", ".join(sorted(searches))
        raise InputError("rankings of several searches in one file", file=file, seen=seen)
    return _assembled(code, list(queries), lists, searches.pop())


def _assembled(
    code: dict[str, int],
    queries: list[str],
    lists: list[tuple[list[int], list[float]]],
    search: str,
) -> Rankings:
    depth = max(len(items) for items, _ in lists)
    found = np.full((len(lists), depth), -1, np.int64)
    scores = np.full((len(lists), depth), np.nan)
    for row, (items, values) in enumerate(lists):
        found[row, : len(items)] = items
        scores[row, : len(items)] = values
    rows: NDArray[np.int64] = np.array([code[query] for query in queries], np.int64)
    return Rankings(tuple(code), rows, found, scores, search)


def _lines(file: Path) -> Iterable[str]:
    try:
        with file.open(encoding="utf-8-sig") as opened:
            for line in opened:
                if line.strip():
                    yield line
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 (byte {error.start})", file=file) from None
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=file) from None


def _parsed(line: str, file: Path, number: int) -> tuple[str, list[str], list[float], str]:
    try:
        found: Any = json.loads(line)
        query, results = found["query_fname"], found["results"]
        names = [_name(each["result_fname"]) for each in results]
        scores = [_score(each["score"]) for each in results]
        search = found.get("search", "")
        if not isinstance(search, str):
            raise TypeError("search is no string")
        return _name(query), names, scores, search
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        wrong = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"no ranking ({wrong})", file=file, row=number, expected=_EXPECTED
        ) from None


def _name(value: object) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise TypeError(f"a name is a string or an integer, not {value!r}")
    return str(value)


def _score(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"a score is a number, not {value!r}")
    return float(value)


def _check_results(
    query: str, names: list[str], scores: list[float], file: Path, number: int
) -> None:
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{twice!r} is found twice for {query!r}", file=file, row=number)
    if query in names:
        raise InputError(f"query {query!r} is found by itself", file=file, row=number)
    bad = next((n for n, s in zip(names, scores, strict=True) if not math.isfinite(s)), None)
    if bad is not None:
        raise InputError(f"the score of {bad!r} is not a finite number", file=file, row=number)
