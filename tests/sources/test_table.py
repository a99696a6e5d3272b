"""What a table may hold, and how each bad row is told while the good ones go on."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.sources.read import read_source, read_table
from pentad.store import registry
from tests.sources.helpers import refusals, rows_of, touch, write_csv

HEADER = "file_name,caption,concept,source_dataset,dataset_license"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    touch(tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.wav")
    return tmp_path


def _image_table(folder: Path, *lines: str | bytes) -> Path:
    return write_csv(folder / "t.csv", HEADER, *lines)


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("gone.png,A cat,,,", "file_name", "missing-file"),
        (" ,A cat,,,", "file_name", "bad-row"),
        ("/etc/hostname,A cat,,,", "file_name", "outside-root"),
        (r"C:\a.png,A cat,,,", "file_name", "outside-root"),
        (r"..\a.png,A cat,,,", "file_name", "outside-root"),
        ("x/../a.png,A cat,,,", "file_name", "outside-root"),
        (f"{'x' * 300}.png,A cat,,,", "file_name", "missing-file"),
        ("a.png/x.png,A cat,,,", "file_name", "missing-file"),
        ("a.png,,,,", "caption", "empty-caption"),
        ("a.png, \u200b\t,,,", "caption", "empty-caption"),
        (f"a.png,{'x' * 10_001},,,", "caption", "too-large"),
        (f"a.png,{'x' * 200_000},,,", None, "too-large"),
        (f"a.png,{'x' * 3_000_000},,,", None, "too-large"),
        (b"a.png,caf\xe9,,,", "caption", "wrong-encoding"),
        (b"\xe9.png,A cat,,,", "file_name", "wrong-encoding"),
        (b"a.png,A cat,caf\xe9,,", "concept", "wrong-encoding"),
        (b"a.png,A \xed\xa0\x80 cat,,,", "caption", "wrong-encoding"),
        ("a.png,A \0 cat,,,", "caption", "bad-row"),
        ("a.png\0,A cat,,,", "file_name", "bad-row"),
        ("a.png,A cat,black,,,", None, "bad-row"),
        ("a.png,A cat", None, "bad-row"),
        ('a.png,"A "cat",,,', None, "bad-row"),
        ('a.png,"A cat,,,', None, "bad-row"),
        ("b.png,A good dog,,,", None, "duplicate"),
        ("b.png, A good dog ,,,", None, "duplicate"),
        ("b.png,Another,wolf,,", "concept", "conflicting-values"),
        ("b.png,Another,,other,", "source_dataset", "conflicting-values"),
        ("b.png,Another,dog,set,MIT", "dataset_license", "conflicting-values"),
    ],
)
def test_a_bad_row_is_told_and_the_others_go_on(
    folder: Path, line: str | bytes, column: str | None, reason: str
) -> None:
    table = _image_table(folder, "b.png,A good dog,dog,set,CC0", line, "b.png,A last dog,,,")
    listing = read_source(table)
    assert rows_of(listing) == [("image", "b.png", "A good dog"), ("image", "b.png", "A last dog")]
    assert refusals(listing) == [("t.csv", 3, column, reason)]
    assert "\n" not in str(listing.rejections[0])
    str(listing.rejections[0]).encode()


def test_a_later_row_names_the_earlier_one(folder: Path) -> None:
    listing = read_source(_image_table(folder, "a.png,A cat,,,", "a.png,A cat,,,"))
    assert listing.rejections[0].detail == "says the same as line 2"


def test_what_a_refused_row_says_counts_for_nothing(folder: Path) -> None:
    table = _image_table(folder, "a.png,,dog,,", "a.png,A cat,cat,,")
    listing = read_source(table)
    assert listing.rows["concept"].to_list() == ["cat"]
    assert refusals(listing) == [("t.csv", 2, "caption", "empty-caption")]


def test_one_file_with_two_captions_is_no_duplicate(folder: Path) -> None:
    listing = read_source(_image_table(folder, "a.png,A cat,,,", "a.png,A pet,,,"))
    assert [caption for _, _, caption in rows_of(listing)] == ["A cat", "A pet"]


def test_lines_count_the_header_and_those_within_cells(folder: Path) -> None:
    table = _image_table(folder, 'a.png,"A cat', 'on a mat",,,', "", "gone.png,A cat,,,")
    listing = read_source(table)
    assert rows_of(listing) == [("image", "a.png", "A cat\non a mat")]
    assert refusals(listing) == [("t.csv", 5, "file_name", "missing-file")]


def test_an_open_quote_costs_its_own_line_alone(folder: Path) -> None:
    table = _image_table(
        folder, 'a.png,"A cat,,,', "a.png,A pet,,,", 'b.png,"A dog",,,', "b.png,A pet,,,"
    )
    listing = read_source(table)
    assert refusals(listing) == [("t.csv", 2, None, "bad-row")]
    assert [c for _, _, c in rows_of(listing)] == ["A pet", "A dog", "A pet"]


def test_an_open_quote_in_a_long_table_costs_its_own_line_alone(folder: Path) -> None:
    lines = [f"a.png,A cat {n},,," for n in range(3000)]
    listing = read_source(_image_table(folder, 'a.png,"A cat,,,', *lines))
    assert refusals(listing) == [("t.csv", 2, None, "bad-row")]
    assert listing.rows.height == 3000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_with_a_mark_and_all_line_ends(folder: Path, encoding: str, end: str) -> None:
    text = end.join([HEADER, "a.png,A dög 🐕,,,", "gone.png,A,,,", ""])
    (folder / "t.csv").write_bytes(text.encode(encoding))
    listing = read_source(folder / "t.csv")
    assert rows_of(listing) == [("image", "a.png", "A dög 🐕")]
    assert refusals(listing) == [("t.csv", 3, "file_name", "missing-file")]


def test_a_damaged_utf16_table_loses_only_its_last_row(folder: Path) -> None:
    text = "\n".join([HEADER, "a.png,A cat,,,", "b.png,A dog,,,"])
    (folder / "t.csv").write_bytes(text.encode("utf-16") + b"x")
    listing = read_source(folder / "t.csv")
    assert rows_of(listing)[0] == ("image", "a.png", "A cat")
    assert refusals(listing) == [("t.csv", 3, "dataset_license", "wrong-encoding")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_header_tells_the_separator(folder: Path, separator: str) -> None:
    table = write_csv(
        folder / "t.csv",
        separator.join(["note", " caption ", "file_name"]),
        separator.join(["x", '"A cat, a dog; a\tbird|fish"', "a.png"]),
    )
    assert rows_of(read_source(table)) == [("image", "a.png", "A cat, a dog; a\tbird|fish")]


def test_a_header_too_long_to_be_one(folder: Path) -> None:
    table = write_csv(folder / "t.csv", "x" * 200_000, "a.png,A cat")
    with pytest.raises(InputError, match="too-large"):
        read_source(table)


def test_a_file_that_goes_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: Path) -> tuple[str, int]:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(registry.register, "__defaults__", (gone,))
    with pytest.raises(InputError, match="missing-file: No such file or directory"):
        read_table(_image_table(folder, "a.png,A cat,,,"), modality="image")


@pytest.mark.parametrize("key", ["file_name", "file", "path"])
def test_the_file_column_has_three_names(folder: Path, key: str) -> None:
    table = write_csv(folder / "t.csv", f"{key},caption", "a.png,A cat")
    assert rows_of(read_source(table)) == [("image", "a.png", "A cat")]


@pytest.mark.parametrize(
    ("lines", "reason", "says"),
    [
        ([], "empty-file", "header"),
        (["", " "], "empty-file", "header"),
        ([HEADER], "empty-content", "no rows"),
        (["file_name,label", "a.png,A cat"], "missing-column", "'file_name', 'label'"),
        (["name,caption", "a.png,A cat"], "missing-column", "file_name or file or path"),
        (["file_name,caption,caption", "a.png,A,B"], "conflicting-values", "twice"),
        (['file_name,"caption', "a.png,A cat"], "bad-row", "quote"),
    ],
)
def test_a_table_of_which_nothing_is_left_is_an_error(
    folder: Path, lines: list[str], reason: str, says: str
) -> None:
    table = write_csv(folder / "t.csv", *lines)
    with pytest.raises(InputError, match=reason) as caught:
        read_source(table, modality="image")
    assert says in str(caught.value)
    assert "t.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_over_many_rows_counts_the_reasons(folder: Path) -> None:
    table = _image_table(folder, "x.png,A,,,", "y.png,A,,,", "a.png,,,,")
    with pytest.raises(InputError, match="2 x missing-file, 1 x empty-caption"):
        read_source(table)


def test_the_error_for_one_row_has_its_place(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_source(_image_table(folder, "x.png,A,,,"))
    assert (caught.value.row, caught.value.column) == (2, "file_name")


def test_a_modality_column_rules(folder: Path) -> None:
    table = write_csv(
        folder / "t.csv",
        "modality,file,caption",
        "audio,c.wav,A meow",
        "image,a.png,A cat",
        "text,,A word",
        "sound,c.wav,A cat",
        ",b.png,A dog",
        ",b.xyz,A dog",
    )
    listing = read_source(table)
    assert rows_of(listing) == [
        ("text", "", "A word"),
        ("image", "a.png", "A cat"),
        ("image", "b.png", "A dog"),
        ("audio", "c.wav", "A meow"),
    ]
    assert refusals(listing) == [
        ("t.csv", 5, "modality", "bad-row"),
        ("t.csv", 7, "file", "unsupported-format"),
    ]
    assert rows_of(read_source(table, modality="audio")) == [("audio", "c.wav", "A meow")]


def test_a_given_modality_rules_where_no_column_does(folder: Path) -> None:
    table = _image_table(folder, "c.wav,A cat,,,")
    assert rows_of(read_source(table, modality="image")) == [("image", "c.wav", "A cat")]


@pytest.mark.parametrize("header", ["caption", "text", "file_name,caption"])
def test_text_tables_hold_captions_alone(folder: Path, header: str) -> None:
    blank = "gone.png," if "," in header else ""
    table = write_csv(
        folder / "t.csv", header, f"{blank}A cat", f'{blank}""', f"{blank}A dog", f"{blank}A cat"
    )
    listing = read_source(table, modality="text")
    assert rows_of(listing) == [("text", "", "A cat"), ("text", "", "A dog")]
    assert [(line, reason) for _, line, _, reason in refusals(listing)] == [
        (3, "empty-caption"),
        (5, "duplicate"),
    ]


def test_captions_without_files_need_the_word_text(folder: Path) -> None:
    table = write_csv(folder / "t.csv", "caption", "A cat")
    with pytest.raises(InputError, match="say modality 'text'"):
        read_source(table)


def test_an_id_belongs_to_one_file(folder: Path) -> None:
    table = write_csv(
        folder / "t.csv",
        "id,file,caption",
        "1,a.png,A cat",
        "1,a.png,A pet",
        "1,b.png,A dog",
        ",b.png,A dog",
        ",b.png,A pet",
    )
    listing = read_source(table)
    assert refusals(listing) == [("t.csv", 4, "id", "duplicate")]
    assert listing.rejections[0].detail == "id '1' is also that of line 2"
    assert listing.rows.height == 4


def test_captions_are_cleaned(folder: Path) -> None:
    listing = read_source(_image_table(folder, "a.png,\u00a0 Cafe\u0301 ,,,"))
    assert rows_of(listing) == [("image", "a.png", "Café")]


def test_facts_are_kept_and_blank_ones_are_null(folder: Path) -> None:
    table = _image_table(folder, "a.png,A cat,cat, ,MIT", "a.png,A pet,,set,MIT")
    facts = read_source(table).rows.select("concept", "source_dataset", "dataset_license")
    assert facts.rows() == [("cat", None, "MIT"), (None, "set", "MIT")]


def test_columns_that_mean_nothing_here_may_hold_anything(folder: Path) -> None:
    table = write_csv(folder / "t.csv", "file,caption,extra", b"a.png,A cat,\xe9\x00")
    assert not read_source(table).rejections


def test_every_caption_of_a_long_cell_up_to_the_limit_is_taken(folder: Path) -> None:
    listing = read_source(_image_table(folder, f"a.png,{'x' * 10_000},,,"))
    assert not listing.rejections


def test_the_library_logs_what_it_refuses(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = _image_table(folder, "a.png,A cat,,,", *(f"x{n}.png,A cat,,," for n in range(7)))
    with caplog.at_level(logging.WARNING):
        items = read_table(table, modality="image")
    assert len(items) == 1
    assert len(caplog.messages) == 6
    assert "t.csv:3 [file_name]" in caplog.messages[0]
    assert caplog.messages[-1] == "refused 2 more"
