"""The page on encoders: its blocks run, its tables are those of the cards."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from pentad.encoders.builtin import BUILTIN
from pentad.encoders.families.load import FAMILIES, LAYOUTS
from pentad.encoders.registry import list_encoders
from tests.encoders.families.fake_hub import serving
from tests.encoders.families.tiny import clip_folder
from tests.encoders.families.tiny_families import ast_folder, clap_folder
from tests.guide_blocks import DOCS, blocks_of

GUIDE = DOCS / "encoders.md"


class Cog:
    """What a generator in the page writes to."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def outl(self, text: str) -> None:
        self.lines.append(text)


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, make in (("clip", clip_folder), ("my-clap", clap_folder), ("my-ast", ast_folder)):
        (tmp_path / "models" / name).mkdir(parents=True)
        make(tmp_path / "models" / name)
    for seed, name in enumerate(("ball.png", "dog.png")):
        pixels = np.random.default_rng(seed).integers(0, 256, (40, 50, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    noise = np.random.default_rng(2).normal(0, 0.1, 12 * 16_000)
    soundfile.write(tmp_path / "sound.wav", noise, 16_000)
    names: dict[str, Any] = {}
    with serving(monkeypatch, tmp_path) as hub:
        hub.put("openai/clip-vit-base-patch32", tmp_path / "models" / "clip")
        for block in blocks_of(GUIDE):
            exec(compile(block.text, f"{GUIDE.name}:{block.line}", "exec"), names)
    assert names["scores"].shape == (2, 2)
    assert [len(part) for part in names["windows"]] == [2]
    assert names["both"].scores.shape == (1, 5)
    assert names["network"].preprocessing["extractor"]["sampling_rate"] == 48_000


def test_generated_tables_are_those_of_the_cards() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    found = re.findall(r"\[\[\[cog\n(.*?)\]\]\] -->\n(.*?)<!-- \[\[\[end", text, re.DOTALL)
    assert len(found) == 2
    for code, written in found:
        cog = Cog()
        exec(code, {"cog": cog})
        assert "".join(f"{line}\n" for line in cog.lines) == written, "run: cog -r docs/encoders.md"


def test_the_page_names_everything_there_is() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    published = [card.name for card in list_encoders() if card.semantic]
    for name in (*published, *BUILTIN.values(), *FAMILIES):
        assert f"`{name}`" in text, name
    for marker in LAYOUTS:
        assert marker in text
