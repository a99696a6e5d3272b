"""Captions of a model in a workspace: once each, marked, and never started over."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pentad.core.errors import DecodeError, InputError, PentadError, Reason, StoreError
from pentad.core.modality import Modality
from pentad.pipeline.captioning import run
from pentad.pipeline.captioning.step import CaptionSummary, caption_step
from pentad.store.generated import count_generated, generated_texts
from pentad.store.lock import writer_lock
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.pipeline.captioning.fakes import Painter, add_again, gallery, paint, told
from tests.pipeline.shared import content, differing
from tests.progress_recorder import Recorder

pytestmark = pytest.mark.slow

COUNT = 40


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    gallery(folder, COUNT)
    return folder


@pytest.fixture
def workspace(pictures: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(pictures, tmp_path, dirs_exist_ok=True)
    return Workspace.open(tmp_path / "ws")


def caption(workspace: Workspace, painter: Any = None, **options: Any) -> CaptionSummary:
    known = {"modality": "image", "model": painter or Painter(), "workers": 1}
    return caption_step(workspace.root, **(known | options))


def numbers(summary: CaptionSummary) -> tuple[int, int, int, int]:
    return summary.captioned, summary.kept, summary.left, len(summary.rejected)


def state(workspace: Workspace) -> dict[str, bytes]:
    return content(workspace.root, "items", "captions", "pentad.toml")


def test_every_picture_gets_a_caption_that_says_whose_it_is(workspace: Workspace) -> None:
    recorder = Recorder()
    summary = caption(workspace, progress=recorder)
    assert numbers(summary) == (COUNT, 0, 0, 0)
    assert summary.to_json() == {
        "source": "generated-painter",
        "modality": "image",
        "model": "maker/painter",
        "revision": "1",
        "prompt": "Describe this image in one sentence.",
        "captioned": COUNT,
        "kept": 0,
        "left": 0,
        "distinct": summary.distinct,
        "rejected": {},
    }
    assert (recorder.done, recorder.total) == (COUNT, COUNT)
    catalog = workspace.catalog()
    assert count_generated(catalog) == {"maker/painter": {"image": COUNT}}
    assert len(generated_texts(catalog)) == summary.distinct
    assert len(catalog.items("text")) == summary.distinct + 2
    assert len(told(workspace)) == COUNT
    assert set(catalog.generated["prompt"]) == {summary.prompt}
    assert verify(workspace) == []


def test_nothing_is_captioned_twice(workspace: Workspace) -> None:
    caption(workspace)
    before = state(workspace)
    painter = Painter()
    assert numbers(caption(workspace, painter)) == (0, COUNT, 0, 0)
    assert painter.calls == []
    assert differing(before, state(workspace)) == []


def test_a_limit_leaves_the_rest_for_later(workspace: Workspace) -> None:
    assert numbers(caption(workspace, limit=5)) == (5, 0, COUNT - 5, 0)
    assert len(told(workspace)) == 5
    painter = Painter()
    assert numbers(caption(workspace, painter, limit=20)) == (20, 5, COUNT - 25, 0)
    assert sum(painter.calls) == 20
    assert numbers(caption(workspace)) == (15, 25, 0, 0)


def test_runs_in_parts_end_in_the_bytes_of_one_run(
    workspace: Workspace, pictures, tmp_path
) -> None:
    shutil.copytree(pictures, tmp_path / "whole")
    whole = Workspace.open(tmp_path / "whole" / "ws")
    caption(whole)
    for limit in (1, 7, 16, None):
        caption(workspace, limit=limit)
    assert differing(state(whole), state(workspace)) == []


def test_new_changed_and_removed_pictures_cost_only_themselves(
    workspace: Workspace, tmp_path: Path
) -> None:
    caption(workspace)
    before = told(workspace)
    paint(tmp_path / "data", 3, seed=1)
    paint(tmp_path / "data", COUNT)
    kept = [number for number in range(COUNT + 1) if number != 7]
    add_again(workspace, tmp_path, kept)
    assert told(workspace).keys() == before.keys() - {"0003.png", "0007.png"}
    painter = Painter()
    assert numbers(caption(workspace, painter)) == (2, COUNT - 2, 0, 0)
    assert sum(painter.calls) == 2
    after = told(workspace)
    assert after["0003.png"] != before["0003.png"]
    assert "0007.png" not in after
    add_again(workspace, tmp_path, range(COUNT + 1))
    painter = Painter()
    assert numbers(caption(workspace, painter)) == (0, COUNT + 1, 0, 0)
    assert told(workspace)["0007.png"] == before["0007.png"]
    assert painter.calls == []


def test_another_prompt_takes_the_place_of_the_first_and_costs_nothing_to_undo(
    workspace: Workspace,
) -> None:
    first = caption(workspace)
    before = told(workspace)
    other = caption(workspace, prompt="In French ")
    assert (other.prompt, other.captioned) == ("In French", COUNT)
    assert set(workspace.catalog().generated["prompt"]) == {"In French"}
    assert all(text.endswith(", In French") for text in told(workspace).values())
    painter = Painter()
    assert numbers(caption(workspace, painter)) == (0, COUNT, 0, 0)
    assert painter.calls == []
    assert told(workspace) == before
    assert len(list((workspace.root / "captions").iterdir())) == 2
    assert first.source == other.source


def test_another_revision_writes_anew(workspace: Workspace) -> None:
    caption(workspace)
    painter = Painter(revision="2")
    assert numbers(caption(workspace, painter)) == (COUNT, 0, 0, 0)
    assert set(workspace.catalog().generated["revision"]) == {"2"}


def test_two_prompts_stand_side_by_side_under_two_names(workspace: Workspace) -> None:
    caption(workspace)
    caption(workspace, prompt="In French", name="french")
    generated = workspace.catalog().generated
    assert generated.group_by("source").len().sort("source").rows() == [
        ("french", COUNT),
        ("generated-painter", COUNT),
    ]


def test_a_name_is_not_shared_with_another_model_or_with_files(workspace: Workspace) -> None:
    caption(workspace, limit=1)
    with pytest.raises(InputError, match=r"holds captions of maker/painter; .* --name"):
        caption(workspace, Painter("other"), name="generated-painter")
    with pytest.raises(InputError, match=r"source 'data' of this workspace is .* --name"):
        caption(workspace, name="data")
    with pytest.raises(InputError, match="wrong name of a source"):
        caption(workspace, name="a/b")


def test_what_is_refused_is_listed_and_not_tried_again(workspace: Workspace, tmp_path) -> None:
    (tmp_path / "data" / "0005.png").write_bytes(b"no picture")
    add_again(workspace, tmp_path, range(COUNT))
    painter = Painter()
    painter.refuse = lambda text: (
        DecodeError(Reason.MODEL_REFUSED, "not that") if text == banned else None
    )
    banned = told_by_painter(workspace, 9)
    summary = caption(workspace, painter)
    assert numbers(summary)[3] >= 2
    listed = {r.path: r for r in workspace.rejections()}
    assert listed["0005.png"].reason is Reason.CORRUPT
    assert str(tmp_path) not in listed["0005.png"].detail
    assert str(listed["0009.png"]) == "0009.png: model-refused: generated-painter: not that"
    assert {r.stage for r in listed.values()} == {"caption"}
    assert "0009.png" not in told(workspace)
    again = Painter()
    assert caption(workspace, again).captioned == 0
    assert again.calls == []
    tried = caption(workspace, again, retry_failed=True)
    assert (tried.captioned, len(tried.rejected)) == (len(summary.rejected) - 1, 1)
    assert [r.path for r in workspace.rejections()] == ["0005.png"]


def told_by_painter(workspace: Workspace, number: int) -> str:
    from pentad.media.decode import decode

    picture = decode(workspace.catalog().items("image").path(number), "image")
    caption_ = Painter().caption([picture], modality="image", prompt="Des")[0]
    assert isinstance(caption_, str)
    return caption_


def test_refusals_of_two_models_stand_side_by_side(workspace: Workspace) -> None:
    for name in ("one", "two"):
        painter = Painter(name)
        painter.refuse = lambda text: DecodeError(Reason.EMPTY_CAPTION, "nothing")
        caption(workspace, painter, limit=3)
    assert len(workspace.rejections()) == 6
    caption(workspace, Painter("one"), retry_failed=True)
    assert {r.detail for r in workspace.rejections()} == {"generated-two: nothing"}


def test_an_empty_caption_of_any_captioner_is_refused(workspace: Workspace) -> None:
    class Mute(Painter):
        def caption(self, items, **options):  # type: ignore[no-untyped-def, override]
            return [" \n" for _ in items]

    summary = caption(workspace, Mute(), limit=3)
    assert {r.reason for r in summary.rejected} == {Reason.EMPTY_CAPTION}
    assert count_generated(workspace.catalog()) == {}


def test_without_answers_it_stops_and_asks_again_next_time(workspace: Workspace) -> None:
    painter = Painter()
    painter.refuse = lambda text: (
        DecodeError(Reason.NO_ANSWER, "timeout") if len(painter.calls) > 1 else None
    )
    with pytest.raises(InputError, match="none of 16 items in a row got an answer; timeout"):
        caption(workspace, painter)
    assert len(told(workspace)) == run.GROUP
    assert sum(painter.calls) == 2 * run.GROUP
    assert {r.reason for r in workspace.rejections()} == {Reason.NO_ANSWER}
    assert numbers(caption(workspace)) == (COUNT - run.GROUP, run.GROUP, 0, 0)
    assert workspace.rejections() == []


def test_an_error_in_the_middle_keeps_what_was_written(workspace: Workspace) -> None:
    painter = Painter()

    def fail() -> None:
        if len(painter.calls) == 1:
            raise InputError("the key is not accepted")

    painter.before = fail
    with pytest.raises(InputError, match="the key is not accepted"):
        caption(workspace, painter)
    assert len(told(workspace)) == run.GROUP
    assert verify(workspace) == []
    assert numbers(caption(workspace)) == (COUNT - run.GROUP, run.GROUP, 0, 0)


def test_a_damaged_chunk_is_named_and_written_anew(workspace: Workspace) -> None:
    caption(workspace)
    before = state(workspace)
    (chunk,) = (workspace.root / "captions").glob("*/00000.parquet")
    chunk.write_bytes(chunk.read_bytes()[:-9])
    assert [d.problem for d in verify(workspace)] == ["content differs from its record"]
    painter = Painter()
    assert numbers(caption(workspace, painter)) == (COUNT, 0, 0, 0)
    assert differing(before, state(workspace)) == []


def test_chunks_are_cut_by_id(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CHUNK_ITEMS", 10)
    painter = Painter()
    caption(workspace, painter)
    assert painter.calls == [10, 10, 10, 10]
    names = sorted(p.name for p in (workspace.root / "captions").glob("*/*.parquet"))
    assert names == [f"{number:05d}.parquet" for number in range(4)]
    assert numbers(caption(workspace)) == (0, COUNT, 0, 0)
    assert verify(workspace) == []


def test_a_model_that_takes_more_at_a_time_gets_more(workspace: Workspace) -> None:
    painter = Painter(batch_size=32)
    caption(workspace, painter)
    assert painter.calls == [32, 8]


def test_a_second_writer_is_refused(workspace: Workspace) -> None:
    with writer_lock(workspace.root / ".lock"), pytest.raises(StoreError, match="is writing here"):
        caption(workspace)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"modality": "text"}, "captions are not described"),
        ({"modality": "audio"}, "no audio items"),
        ({"modality": "sound"}, "unknown modality"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"prompt": " \n"}, "the prompt is empty"),
    ],
)
def test_wrong_wishes_are_one_line(workspace: Workspace, options: Any, words: str) -> None:
    before = state(workspace)
    with pytest.raises(PentadError, match=words) as caught:
        caption(workspace, **options)
    assert len(str(caught.value).splitlines()) == 1
    assert differing(before, state(workspace)) == []


def test_a_modality_that_the_model_does_not_know_is_refused(workspace: Workspace) -> None:
    painter = Painter()
    painter.modalities = (Modality.VIDEO,)
    with pytest.raises(InputError, match="maker/painter does not describe image"):
        caption(workspace, painter)


def test_captions_that_people_wrote_too_stay_theirs(workspace: Workspace) -> None:
    class Copyist(Painter):
        def _one(self, item, prompt):  # type: ignore[no-untyped-def, override]
            return "one picture"

    caption(workspace, Copyist())
    catalog = workspace.catalog()
    assert catalog.items("text").captions == ["one picture", "another picture"]
    assert generated_texts(catalog) == []
    assert catalog.items("text").frame["source"].to_list() == ["data", "data"]
    assert catalog.generated.select(pl.col("text_id").unique()).item() == 0
