from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.sources.fetch.catalog import Method, default_plans, plan_for, source_key
from pentad.sources.fetch.plans import read_plans


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("AudioCaps", "youtube"), ("AudioSet", "youtube"), ("VGGSound", "youtube"),
        ("WavCaps", "youtube"), ("InternVid", "youtube"), ("Valor", "youtube"),
        ("VALOR", "youtube"), ("VideoRefer", "youtube"), ("EShot", "youtube"),
        ("VidGen-1M", "zip"), ("vidgen_1m", "zip"), ("COCO", "zip"), ("Flickr30k", "zip"),
        ("ImageNet", "parquet"), ("Google Conceptual Captions", "web"),
        ("google-conceptual-captions", "web"), ("GCC", "web"), ("3D-FUTURE", "tar"),
        ("ABO", "tar"), ("ShapeNet", "tar"), ("Objaverse", "tar"), ("OpenShape", "tar"),
    ],
)  # fmt: skip
def test_every_source_of_the_data_set_has_a_plan(name: str, method: str) -> None:
    plan = plan_for(default_plans(), name)
    assert plan is not None
    assert plan.method == method
    assert plan.locations or method in ("web", "youtube")


def test_unknown_sources_have_none() -> None:
    assert plan_for(default_plans(), "Something Else") is None
    assert source_key("a-B_c 1") == "abc1"


def test_a_users_file_lies_over_the_catalog(tmp_path: Path) -> None:
    file = write(
        tmp_path / "sources.toml",
        """
        [sources.coco]
        locations = ["train2017.zip", "/data/more.zip"]
        [sources."VidGen-1M"]
        locations = "hub://me/mirror@v2/*.zip"
        [sources.gcc]
        url = "https://mirror.example/{file_name}"
        [sources.Mine]
        method = "folder"
        locations = ["https://mine.example/a.zip"]
        member = "{file_id}.wav"
        kind = "audio"
        """,
    )
    plans = read_plans(file)
    coco = plan_for(plans, "COCO")
    assert coco is not None
    assert coco.locations == (str(tmp_path / "train2017.zip"), "/data/more.zip")
    assert coco.member == "train2017/{file_id:012d}.jpg"
    assert plans["vidgen1m"].locations == ("hub://me/mirror@v2/*.zip",)
    assert plans[source_key("GCC")].url == "https://mirror.example/{file_name}"
    assert plans["mine"].method is Method.FOLDER
    assert plans["abo"] == default_plans()["abo"]


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("[sources", InputError, "no TOML"),
        ("sources = 5", InputError, "must be a table"),
        ("[sources]\nCOCO = 5", InputError, "COCO"),
        ("[source.COCO]", UnknownName, "sources"),
        ("[sources.COCO]\nlocation = 'x'", UnknownName, "locations"),
        ("[sources.COCO]\nlocations = [5]", InputError, r"COCO\.locations"),
        ("[sources.COCO]\nlocations = ['hub://x']", InputError, "hub://owner/name/path"),
        ("[sources.COCO]\nmethod = 'zap'", UnknownName, "zip"),
        ("[sources.COCO]\nkind = 'smell'", UnknownName, "kind"),
        ("[sources.COCO]\nmember = ''", InputError, r"COCO\.member"),
        ("[sources.Mine]\nmember = 'x'", InputError, "needs a method"),
    ],
)
def test_a_mistake_in_the_file_is_named(
    tmp_path: Path, text: str, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        read_plans(write(tmp_path / "s.toml", text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.toml"):
        read_plans(tmp_path / "missing.toml")
