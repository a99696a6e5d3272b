from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.similarity.compat import Compat
from pentad.evaluation.similarity.judge import judge_vectors
from pentad.evaluation.similarity.labels import Families, LabelTable
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.published import write_published
from pentad.evaluation.similarity.report import SimilarityReport, summarize_similarity
from pentad.evaluation.similarity.scoring import Search

LABELS = {"1": ["Dog"], "2": ["Dog"], "3": ["Gong,big"], "4": ["Gong,big"], "5": ["Dog"]}
# On a line: 1 and 2 are near, 3 and 4 are near, 5 lies beyond.
PLACES = [0.0, 1.0, 10.0, 11.5, 30.0]


def report(
    metrics: list[str], families: dict[str, list[str]] | None = None, **labels: list[str]
) -> SimilarityReport:
    table = LabelTable.from_labels(labels or LABELS)
    vectors = NamedVectors(table.names, np.array([[place] for place in PLACES[: len(table)]]))
    judged = judge_vectors(
        vectors, table, Search.euclidean, parse_metrics(metrics), compat=Compat.sss
    )
    within = None if families is None else Families.within(families, table.classes)
    return summarize_similarity(judged, within, resamples=2)


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_bytes_of_every_file(tmp_path: Path) -> None:
    families = {"Animal": ["Dog"], "Things": ["Gong,big"], "Nobody": ["Cat"]}
    found = report(["map@2", "mr1", "hit@1"], families)
    names = write_published(found, tmp_path)
    # Ranked: 1: 2 3 | 2: 1 3 | 3: 4 2 | 4: 3 2 | 5: 4 3. Two of the three dogs could be found.
    # Dog: (1/2, 1/2, 0) / 3, Gong: (1/2, 1/2) / 2 with the query counted.
    assert content(tmp_path) == {
        "micro_mAP@2.txt": b"0.4",
        "balanced_mAP@2.txt": b"0.41666666666666663",
        "labels_mAP@2.csv": b'label,map@2,n_relevant\n"Gong,big",0.5,2\nDog,0.3333333333333333,3\n',
        "families_mAP@2.csv": b"family,map\nThings,0.5\nAnimal,0.3333333333333333\n",
        # 5 finds 4, 3, then the dogs 2 and 1: its first dog is at place 2 from 0.
        "micro_MR1.txt": b"0.4",
        "balanced_MR1.txt": b"0.3333333333333333",
        "labels_MR1.csv": b'label,MR1,n_relevant\n"Gong,big",0.0,2\nDog,0.6666666666666666,3\n',
        "families_MR1.csv": b"family,mr1\nThings,0.0\nAnimal,0.6666666666666666\n",
    }
    assert sorted(names) == sorted(content(tmp_path))


def test_what_is_not_defined_has_no_file_also_where_one_was(tmp_path: Path) -> None:
    write_published(report(["map@2", "mr1"], {"Animal": ["Dog"]}), tmp_path)
    alone = report(["mr1"], **{"1": ["a"], "2": ["b"], "3": ["c"]})
    assert write_published(alone, tmp_path) == ["labels_MR1.csv"]
    found = content(tmp_path)
    assert found.pop("labels_MR1.csv") == b"label,MR1,n_relevant\n"
    assert sorted(found) == [
        "balanced_mAP@2.txt", "families_mAP@2.csv", "labels_mAP@2.csv", "micro_mAP@2.txt",
    ]  # fmt: skip


def test_other_metrics_have_no_such_files(tmp_path: Path) -> None:
    assert write_published(report(["hit@1", "map"]), tmp_path) == []


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file"):
        write_published(report(["mr1"]), tmp_path / "file")
