"""The page about cards tells every key and every value."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pentad.encoders.onnx.schema import (
    AUDIO,
    COMMON,
    IMAGE,
    INSIDE_GRAPH,
    POOLINGS,
    PREPROCESS,
    SAMPLES,
    TEXT,
    Key,
    checked_table,
    preprocess_keys,
)

PAGE = (Path(__file__).parents[3] / "docs" / "onnx-cards.md").read_text(encoding="utf-8")
SECTIONS = {
    "every card": COMMON,
    "for text": TEXT,
    "for image": IMAGE,
    "for audio": AUDIO,
    "for audio as samples": SAMPLES,
}
KEYS = [(section, key) for section, keys in SECTIONS.items() for key in keys]


def rows(section: str) -> dict[str, str]:
    heading = re.search(rf"^## .*{section}$", PAGE, re.MULTILINE)
    assert heading, section
    body = PAGE[heading.end() :].split("\n## ")[0]
    return {row.split("`")[1]: row for row in body.splitlines() if row.startswith("| `")}


@pytest.mark.parametrize(("section", "key"), KEYS, ids=[f"{s}-{k.name}" for s, k in KEYS])
def test_every_key_has_a_row_with_its_values(section: str, key: Key) -> None:
    everywhere = rows("every card")
    row = rows(section).get(key.name) or everywhere[key.name]
    for choice in key.choices:
        assert f'`"{choice}"`' in row
    needed = row.split("|")[2].strip()
    assert key.required == (needed == "yes"), row


def test_no_row_tells_of_a_key_that_is_not_there() -> None:
    for section, keys in SECTIONS.items():
        known = {key.name for key in keys}
        assert {name for name in rows(section) if not name.startswith('"')} <= known


def test_poolings_are_told() -> None:
    assert INSIDE_GRAPH in PAGE
    for pooling in POOLINGS:
        assert f'`"{pooling}"`' in PAGE


def test_the_example_card_is_valid() -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert example
    table = tomllib.loads(example[1])
    section = table.pop("preprocess")
    file = Path("card.toml")
    assert checked_table(file, table, COMMON)["revision"] == "1"
    assert checked_table(file, section, PREPROCESS["image"])["video_frames"] == 8


def test_every_other_example_is_valid() -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) > 5
    for example in examples:
        table = tomllib.loads(example)
        section = table.pop("preprocess")
        file = Path("card.toml")
        kind = checked_table(file, table, COMMON)["modality"] if table else "audio"
        assert checked_table(file, section, preprocess_keys(kind, section))
