import pytest

from pentad.core.errors import InputError
from pentad.evaluation.similarity.labels import Families, LabelTable


def rows(labelled: list[str], *names: str) -> list[int]:
    table = LabelTable.from_labels({name: ["x"] for name in labelled})
    found: list[int] = table.rows_of(names).tolist()
    return found


def test_a_table() -> None:
    table = LabelTable.from_labels({"b": ["y", "x", "y"], "a": ["z"]})
    assert (table.names, table.classes) == (("b", "a"), ("x", "y", "z"))
    assert table.member.tolist() == [[True, True, False], [False, False, True]]
    assert table.of(["a"]).classes == table.classes
    with pytest.raises(InputError, match="no row of labels; got 'c'"):
        table.of(["a", "c"])
    with pytest.raises(InputError, match="two rows of labels; got 'b'"):
        LabelTable(("b", "b"), ("x",), table.member[:, :1])


def test_the_extension_may_be_on_either_side() -> None:
    assert rows(["1-100032-A-0.wav", "b.ogg"], "b", "1-100032-A-0") == [1, 0]
    assert rows(["64760", "b"], "b.wav", "64760.flac") == [1, 0]
    assert rows(["a.wav", "a"], "a", "a.wav") == [1, 0]


@pytest.mark.parametrize(
    ("labelled", "names", "found"),
    [
        (["a.wav", "a.mp3"], ["a"], [-1]),  # could be either
        (["a"], ["a.wav", "a.mp3"], [-1, -1]),  # either could be it
        (["a"], ["a", "a.mp3"], [0, -1]),  # somebody else is it
        (["a.wav"], ["a.mp3"], [-1]),  # two extensions are two files
        (["1"], ["1.5"], [-1]),  # a number is no extension
        (["take"], ["take.session1"], [-1]),  # too long for one
        ([".wav"], [""], [-1]),
        (["x"], ["y"], [-1]),
    ],
)
def test_what_could_be_several_is_none(
    labelled: list[str], names: list[str], found: list[int]
) -> None:
    assert rows(labelled, *names) == found


def test_families_within_the_labels_that_occur() -> None:
    families = Families.within({"f": ["b", "nope", "b", "a"], "e": ["nope"], "g": []}, ["a", "b"])
    assert families.labels == {"f": ("b", "a")}
    assert families.empty == ("e", "g")
