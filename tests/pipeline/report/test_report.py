"""A run as a page: complete, inert, the same every time, whatever its texts and files are like."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from xml.dom import minidom

import pytest

from pentad.core.errors import InputError, StoreError
from pentad.core.modality import Modality
from pentad.evaluation.page.style import page_style, style_hash
from pentad.evaluation.results.store import write_run
from pentad.pipeline.report.report import report
from tests.evaluation.results.runs import info
from tests.media.makers import make
from tests.pipeline.report.made import HOSTILE, captions, classification, write_made
from tests.pipeline.report.pages import PageReader

CLASSES = ("dog", "cat", "rooster", "rain", "sea waves", *HOSTILE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with hostile names, files of each modality, one broken and one gone."""
    media = tmp_path_factory.mktemp("media")
    picture, video = make(media, "image", "a.png"), make(media, "video", "a.mp4")
    broken = media / "<img src=x onerror=alert(9)>.png"
    broken.write_bytes(b"no picture")
    pictures = [picture, broken, media / "gone.png"]
    clouds, sound = make(media, "points", "little.ply"), make(media, "audio", "a.wav")
    texts = [*HOSTILE, *(f"caption {i}" for i in range(13))]
    return write_made(
        tmp_path_factory.mktemp("run"),
        [
            classification(classes=CLASSES, files=[sound] * 36),
            classification("shapes", classes=CLASSES[:4], files=[clouds] * 8,
                           modality=Modality.POINTS, several=True),
            captions("pictures", texts, [pictures[i % 3] for i in range(10)]),
            captions("clips", texts[:6], [video] * 6, Modality.VIDEO),
        ],
        name='<b>"model"</b>',
        leaked=2,
        noise=2.5,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(folder: Path) -> PageReader:
    return PageReader(report(folder, workers=1, queries=3).page)


def test_the_page_asks_for_nothing(page: PageReader) -> None:
    outside = [
        value for value in page.addresses() if not value.startswith(("#", "data:image/jpeg;base64,",
                                                                     "data:audio/mpeg;base64,"))
    ]  # fmt: skip
    assert outside == []
    assert page.of("script") == page.of("link") == page.of("iframe") == page.of("base") == []
    handlers = [n for _, attributes in page.elements for n in attributes if n.startswith("on")]
    assert handlers == []
    assert not any("style" in attributes for _, attributes in page.elements)


def test_its_policy_allows_its_own_style_alone(page: PageReader) -> None:
    policy = next(m["content"] for m in page.of("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none'; img-src data:; media-src data:; ")
    assert f"style-src '{style_hash(page_style())}'" in policy
    assert f"<style>{page_style()}</style>" in page.source
    assert "unsafe" not in policy


def test_hostile_texts_are_shown_as_they_are(page: PageReader) -> None:
    for text in HOSTILE[:5]:
        assert " ".join(text.split()) in page.text
    assert '<b>"model"</b>' in page.text
    assert "a\ufffdb\ufffdc" in page.text
    assert {name for name, _ in page.elements} & {"script", "b"} == set()


def test_headings_tables_and_pictures_are_named(page: PageReader) -> None:
    levels = [int(n[1]) for n, _ in page.elements if n in {"h1", "h2", "h3", "h4"}]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(page.of("caption")) == len(page.of("table"))
    assert all(th.get("scope") in {"col", "row"} for th in page.of("th"))
    assert all(img["alt"] and img["width"] for img in page.of("img"))
    assert all(a["aria-label"] and "controls" in a for a in page.of("audio"))
    assert all("aria-label" in s or s.get("aria-hidden") == "true" for s in page.of("svg"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    targets = {a["href"].removeprefix("#") for a in page.of("a")}
    assert targets <= set(ids)


def test_media_and_placeholders(page: PageReader) -> None:
    assert {img["alt"].split()[0] for img in page.of("img")} == {
        "spectrogram", "view", "three", "picture",
    }  # fmt: skip
    assert len(page.of("audio")) == 1, "one sound, however often it is shown"
    assert "not shown: missing file" in page.text
    assert "gone.png" in page.text
    assert page.text.count("not shown: ") > page.text.count("not shown: missing file")
    assert "<img src=x onerror=alert(9)>.png" in page.text


def test_folders_are_nobody_s_business(folder: Path, page: PageReader) -> None:
    values = (folder / "report.json").read_text() + (folder / "report.md").read_text()
    assert "/media" not in page.text
    assert str(folder.parent) not in page.source + values


def test_leaked_queries_are_flagged(page: PageReader) -> None:
    assert page.text.count("of queries seen in training") == 8


def test_the_same_run_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    def written(out: Path, workers: int) -> dict[str, bytes]:
        report(folder, out=out, queries=3, workers=workers)
        return {p.name: p.read_bytes() for p in sorted(out.parent.rglob("*")) if p.is_file()}

    assert written(tmp_path / "a" / "x.html", 1) == written(tmp_path / "b" / "x.html", 2)


def test_json_has_every_number(folder: Path, page: PageReader) -> None:
    values = json.loads((folder / "report.json").read_text())
    tasks = {task["task"]: task for task in values["tasks"]}
    way = tasks["sounds"]["directions"]["audio_to_text"]
    assert len(way["classes"]["classes"]) == len(CLASSES)
    assert sum(each["n"] for each in way["classes"]["classes"]) == way["n"] == 36
    assert sum(count for _, _, count in way["confusion"]["cells"]) == 36
    right = sum(count for row, column, count in way["confusion"]["cells"] if row == column)
    assert right / 36 == pytest.approx(way["metrics"]["accuracy@1"]["value"])
    assert len(way["worst"]) == len(way["best"]) == 3
    shares = [each["share"] for each in way["first_relevant_rank"]]
    assert sum(shares) == pytest.approx(1)


def test_several_classes_an_item(folder: Path, page: PageReader) -> None:
    assert page.text.count("An item of several classes counts in each of them.") == 1


def test_markdown_has_classes_and_no_markup(folder: Path, page: PageReader) -> None:
    text = (folder / "report.md").read_text()
    assert "## sounds, audio -> text" in text
    assert "taken for" in text
    assert "| sea waves" in text
    assert "&lt;script&gt;" in text


def test_figures_are_whole_files(folder: Path, page: PageReader) -> None:
    drawn = sorted((folder / "report-figures").iterdir())
    names = {path.name for path in drawn}
    assert {"scores.svg", "sounds.audio_to_text.classes.svg"} <= names
    assert {"sounds.audio_to_text.confusion.svg", "clips.text_to_video.ranks.svg"} <= names
    for path in drawn:
        root = minidom.parse(str(path)).documentElement
        assert root is not None
        assert root.tagName == "svg"
        assert not root.getElementsByTagName("script")
        assert "prefers-color-scheme:dark" in path.read_text()


def test_without_media_files_are_named(folder: Path, tmp_path: Path) -> None:
    found = report(folder, out=tmp_path / "x.html", media=False)
    page = PageReader(found.page)
    assert page.of("img") == page.of("audio") == []
    assert "points i0" in page.text
    assert found.page.stat().st_size < 200_000


def test_media_are_bounded(folder: Path, tmp_path: Path) -> None:
    found = report(folder, out=tmp_path / "x.html", media_bytes=4000)
    assert found.page.stat().st_size < 250_000
    assert "MB of media" in found.notices[0]
    assert found.notices[0] in PageReader(found.page).text


def test_no_queries(folder: Path, tmp_path: Path) -> None:
    page = PageReader(report(folder, out=tmp_path / "x.html", queries=0).page)
    assert page.of("details") == page.of("img") == []


@pytest.fixture
def small(tmp_path: Path) -> Path:
    task = classification(classes=CLASSES[:3], files=[tmp_path / "a.wav"] * 9)
    return write_made(tmp_path / "run", [task])


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("qrels", "so classes and confusions, is not known: this run has no qrels/sounds.parquet"),
        ("entries", "cannot be shown: this run has no entries/sounds.parquet"),
        ("top", "for each query cannot be shown: this run has no top/sounds.audio_to_text.parquet"),
    ],
)
def test_what_an_older_run_lacks_is_said(small: Path, gone: str, said: str) -> None:
    for path in (small / gone).iterdir():
        path.unlink()
    found = report(small, workers=1)
    assert said in PageReader(found.page).text
    assert any(said in notice for notice in found.notices)
    assert ("Every class" in found.page.read_text()) is (gone == "top")


@pytest.mark.parametrize("folder_name", ["qrels", "entries", "top"])
def test_damaged_details_are_said(small: Path, folder_name: str) -> None:
    for path in (small / folder_name).iterdir():
        path.write_bytes(b"PAR1 and then nothing")
    text = PageReader(report(small, workers=1).page).text
    assert f"{folder_name}/sounds" in text
    assert "damaged" in text


def test_mistakes(small: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run here"):
        report(tmp_path / "nothing")
    write_run(tmp_path / "empty", info())
    with pytest.raises(InputError, match="no task of this run is scored"):
        report(tmp_path / "empty")
    with pytest.raises(InputError, match=r"ends in \.html"):
        report(small, out=tmp_path / "page.pdf")
    with pytest.raises(InputError, match="choose another name"):
        report(small, out=small / "run.html")
    with pytest.raises(InputError, match="how many queries"):
        report(small, queries=-1)
    next((small / "queries").iterdir()).write_bytes(b"")
    with pytest.raises(StoreError, match="score the task again"):
        report(small)
