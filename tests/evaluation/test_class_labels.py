"""Labels and templates from lines and files, and all that can be wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.class_labels import ClassLabel, as_labels
from pentad.evaluation.templates import (
    DEFAULT_TEMPLATES,
    as_templates,
    fill,
    templates_fingerprint,
)

FULL = ClassLabel("dog", ("a hound", "a puppy"), "It barks.")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def names(given) -> list[str]:
    return [label.name for label in as_labels(given)]


def test_a_line_a_list_and_text_files(tmp_path: Path) -> None:
    assert names("cat, dog ,cow") == ["cat", "dog", "cow"]
    assert names(["cat", FULL]) == ["cat", "dog"]
    assert names(write(tmp_path / "a.txt", "\ufeffcat\ndog\n\n")) == ["cat", "dog"]
    assert names(str(write(tmp_path / "labels", "cat\r\na,b\n"))) == ["cat", "a,b"]


def test_tables_and_json(tmp_path: Path) -> None:
    rows = [
        {"name": "cat"},
        {"name": "dog", "prompts": [*FULL.prompts], "description": "It barks."},
    ]
    csv = "label,prompts,description\ncat,,\ndog,a hound|a puppy|a hound,It barks.\n"
    pl.DataFrame(
        {
            "name": ["cat", "dog"],
            "prompts": [None, [*FULL.prompts]],
            "description": [None, "It barks."],
        }
    ).write_parquet(tmp_path / "a.parquet")
    for path in (
        write(tmp_path / "a.csv", csv),
        write(tmp_path / "a.json", json.dumps(rows)),
        write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows))),
        tmp_path / "a.parquet",
    ):
        assert as_labels(path) == (ClassLabel("cat"), FULL), path
    short = write(tmp_path / "b.json", json.dumps({"cat": None, "dog": ["a hound"]}))
    assert as_labels(short) == (ClassLabel("cat"), ClassLabel("dog", ("a hound",)))
    assert names(write(tmp_path / "c.json", '["cat", "dog"]')) == ["cat", "dog"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("cat", "nothing to choose from.*got 'cat'"),
        ([], "nothing to choose from.*got none"),
        ("cat,,dog", "row 2: a label is empty"),
        ("cat,dog,cat", "'cat' is there twice"),
        ("A cat,dog,cat!", "'A cat' is also 'cat!'"),
        ("labels.txt", "labels.txt: there is no such file of labels"),
        (Path("none"), "none: there is no such file of labels"),
        (["cat", 5], "row 2: is no label; got 5"),
    ],
)
def test_wrong_labels(given, said: str) -> None:
    with pytest.raises(InputError, match=said):
        as_labels(given)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "cat\n\ndog", r"a.txt:2: a label is empty"),
        ("a.csv", "id,word\n1,cat\n", "no column of labels; expected name or .*got 'id', 'word'"),
        ("a.csv", "", "the table is empty"),
        ("a.json", "{", "is not JSON"),
        ("a.json", "5", "labels are a list or an object"),
        ("a.json", '[{"name": 5}, "b"]', r"1 \[name\]: is no text; got 5"),
        ("a.json", '{"a": 5, "b": null}', "prompts are a list"),
        ("a.jsonl", '{"name": "a"}\nnothing\n', "a.jsonl:2: not JSON"),
    ],
)
def test_wrong_files_of_labels(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        as_labels(write(tmp_path / name, text))


def test_labels_that_are_no_text(tmp_path: Path) -> None:
    for name, text in (("a.txt", b"cat\n\xfa"), ("a.csv", b"name\ncat\nd\xf6g\n")):
        (tmp_path / name).write_bytes(text)
        with pytest.raises(InputError, match=f"{name}.*: is not UTF-8"):
            as_labels(tmp_path / name)
    with pytest.raises(InputError, match="row 2: is not UTF-8"):
        as_labels(["cat", "d\udcf6g"])


@pytest.mark.parametrize("modality", list(Modality))
def test_built_in_templates(modality: Modality) -> None:
    found = as_templates(None, modality)
    assert found == as_templates([], modality) == DEFAULT_TEMPLATES[modality]
    assert as_templates(found, modality) == found
    assert all("cat" in fill(template, "cat") for template in found)


def test_templates_of_files_and_lines(tmp_path: Path) -> None:
    lines = write(tmp_path / "a.txt", "a {}\nthe {name}\na {}\n")
    array = write(tmp_path / "a.json", '["{{}} {label}"]')
    assert as_templates(lines, "image") == ("a {}", "the {name}")
    assert as_templates([str(array), "{class}, {class}", lines], "image") == (
        "{{}} {label}", "{class}, {class}", "a {}", "the {name}",
    )  # fmt: skip
    assert fill("{{}} {label}", "c{}t") == "{} c{}t"
    assert templates_fingerprint(["a {}"]) != templates_fingerprint(["a {}."])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("a photo", "template 'a photo' has no place for the name of a class; expected {} once"),
        ("{{}}", "has no place"),
        ("{} and {}", "got {}, {}"),
        ("{} and {name}", "got {}, {name}"),
        ("{0}", "got {0}"),
        ("{cat}", "got {cat}"),
        ("{:>5}", "expected {} once"),
        ("{name!r}", "expected {} once"),
        ("{", "template '{'"),
        ("none.txt", "none.txt: there is no such file of templates"),
        ("", "template '' has no place"),
    ],
)
def test_wrong_templates(given: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        as_templates([given], "image")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "a {}\n\nb", "a.txt:2: template '' has no place"),
        ("a.json", "{}", "templates are a list"),
        ("a.json", "[5]", "is no template"),
        ("a.json", "[]", "there is no template"),
        ("a.txt", "\n", "there is no template"),
    ],
)
def test_wrong_files_of_templates(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        as_templates(write(tmp_path / name, text), "image")
