"""Which item a name from elsewhere means."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pentad.core.modality import Modality
from pentad.pipeline.matching import match_names
from pentad.store.items import Items


def files(*names, roots=None):
    sources = [name.partition(":")[0] if ":" in name else "a" for name in names]
    paths = [name.rpartition(":")[2] for name in names]
    frame = pl.DataFrame({"image_id": range(len(names)), "source": sources, "file": paths})
    found = roots or {source: Path("/data") / source for source in sources}
    return Items(Modality.IMAGE, frame, found)


def captions(*texts):
    frame = pl.DataFrame({"text_id": range(len(texts)), "caption": texts})
    return Items(Modality.TEXT, frame)


CASES = [
    (["x/1.png", "x/2.png"], ["x/2.png", "x/1.png"], [1, 0], 0, (), ()),
    (["x/1.png"], ["/elsewhere/deep/x/1.png"], [0], 0, (), ()),
    (["x/1.png"], ["/elsewhere/1.png"], [0], 0, (), ()),
    (["x/1.png"], ["1"], [0], 0, (), ()),
    (["x/1.png"], ["/a/b/1"], [0], 0, (), ()),
    (["x/1.png"], ["1.jpg"], [-1], 0, (0,), ()),
    (["x/1.png"], [""], [-1], 0, (0,), ()),
    (["x/1.png"], ["x/1.png", "/y/x/1.png"], [0], 1, (), ()),
    (["x/1.png", "y/1.png"], ["1.png", "1"], [-1, -1], 0, (), (0, 1)),
    (["x/1.png", "y/1.png"], ["y/1.png", "z/1.png"], [-1, 0], 0, (), (1,)),
    (["x/1.png"], ["p/1.png", "q/1.png"], [-1], 0, (), (0, 1)),
    (["x/1.png"], ["q/1.png", "x/1.png"], [1], 0, (0,), ()),
    (["x/1.png", "x/1.jpg"], ["1", "1.jpg"], [-1, 1], 0, (), (0,)),
    (["a:1.png", "b:1.png"], ["1.png"], [-1, -1], 0, (), (0,)),
    (["a:1.png", "b:1.png"], ["/data/b/1.png"], [-1, 0], 0, (), ()),
    (["shard.tar/0001.jpg"], ["0001"], [0], 0, (), ()),
]


@pytest.mark.parametrize(("items", "names", "rows", "repeated", "unknown", "ambiguous"), CASES)
def test_paths(items, names, rows, repeated, unknown, ambiguous):
    found = match_names(files(*items), names)
    assert found.rows.tolist() == rows
    assert (found.repeated, found.unknown, found.ambiguous) == (repeated, unknown, ambiguous)


def test_captions_are_compared_as_they_are_stored():
    items = captions("a cat", "caf\u00e9")
    found = match_names(items, [" cafe\u0301 ", "a cat", "A cat", "a cat"])
    assert found.rows.tolist() == [1, 0]
    assert (found.repeated, found.unknown, found.ambiguous) == (1, (2,), ())
