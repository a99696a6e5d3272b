from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.evaluation.similarity.truth_files import read_families, read_labels, read_names

FSD50K = 'fname,labels,mids\n64760,"Guitar,Müsik","/m/1,/m/2"\n501,Dog,/m/3\n'


def written(tmp_path: Path, text: str | bytes) -> Path:
    data = text.encode() if isinstance(text, str) else text
    (tmp_path / "t.csv").write_bytes(data)
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    "text",
    [
        FSD50K,
        "\ufeff" + FSD50K,
        FSD50K.replace("\n", "\r\n"),
        'labels , fname\n"Guitar, Müsik",64760\n\nDog, 501\n',
        'filename,fold,category\n64760,1,"Guitar,Müsik"\n501,2,Dog\n',
    ],
    ids=["fsd50k", "byte-order-mark", "crlf", "blanks-and-order", "esc50"],
)
def test_labels_of_items(tmp_path: Path, text: str) -> None:
    table = read_labels(written(tmp_path, text))
    assert table.names == ("64760", "501")
    assert table.classes == ("Dog", "Guitar", "Müsik")
    assert table.member.tolist() == [[False, True, True], [True, False, False]]


def test_columns_can_be_named(tmp_path: Path) -> None:
    file = written(tmp_path, "clip,tag,labels\na,x,y\n")
    assert read_labels(file, name="clip", labels="tag").classes == ("x",)
    with pytest.raises(InputError, match="a column is missing; expected nope, got clip, tag"):
        read_labels(file, name="nope")


def test_a_label_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    assert read_labels(written(tmp_path, 'fname,labels\na,"x,x"\n')).classes == ("x",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("fname,labels\n", "there is no row of labels"),
        ("fname;labels\n1;x\n", "a column is missing; expected fname or .*got fname;labels"),
        ("fname,mids\n1,x\n", "a column is missing; expected labels or label"),
        ("fname,labels,labels\n1,x,y\n", "two columns have the same name; got labels"),
        ("fname,labels\n1,x\n1,x\n", r"t\.csv:3 \[fname\]: an item has two rows; got 1"),
        ("fname,labels\n1,\n", r"t\.csv:2 \[labels\]: a label is empty"),
        ('fname,labels\n1,"x,"\n', r"t\.csv:2 \[labels\]: a label is empty"),
        ("fname,labels\n ,x\n", r"t\.csv:2 \[fname\]: the name is empty"),
        ("fname,labels\n1,x,y\n", "another number of cells"),
        ("fname,labels\n1\n", "another number of cells"),
        ('fname,labels\n1,"x\n', "no CSV"),
        ('fname,labels\n1,"x"y\n', "no CSV"),
        (b"fname,labels\n1,\xff\n", "not UTF-8"),
        ("PK\x03\x04" + "x" * 500, r"a column is missing.* \.\.\.$|a column is missing"),
    ],
)
def test_a_wrong_table_is_one_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_labels(written(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 1


def test_names_alone(tmp_path: Path) -> None:
    assert read_names(written(tmp_path, "fname,x\nb,1\na,2\nb,3\n,4\n")) == ["b", "a"]
    with pytest.raises(InputError, match="there is no name in it"):
        read_names(written(tmp_path, "fname\n"))
    with pytest.raises(InputError, match="the file is empty"):
        read_names(written(tmp_path, ""))
    with pytest.raises(InputError, match="no CSV"):
        read_names(written(tmp_path, 'fname\n"a\n'))


@pytest.mark.parametrize("read", [read_labels, read_names, read_families])
def test_no_file(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="directory"):
            read(path)


def test_families(tmp_path: Path) -> None:
    file = written(tmp_path, '\ufeff{"Music": ["Guitar", "Müsik"], "None": []}')
    assert read_families(file) == {"Music": ("Guitar", "Müsik"), "None": ()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[1]", "no families; .* got list"),
        ('{"a": "b"}', "family 'a' has no labels"),
        ('{"a": [1]}', "family 'a' has no labels"),
        ('{"a": ["x"], "b": ["y", "x"]}', "label 'x' is in two families, 'a' and 'b'"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_wrong_families_are_one_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_families(written(tmp_path, text))


def test_a_label_that_a_family_names_twice_is_there_once(tmp_path: Path) -> None:
    assert read_families(written(tmp_path, '{"a": ["x", "x"]}')) == {"a": ("x", "x")}


def test_families_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pentad.evaluation.similarity.truth_files._MAX_JSON", 3)
    with pytest.raises(InputError, match="more than 3 bytes"):
        read_families(written(tmp_path, '{"a": []}'))
