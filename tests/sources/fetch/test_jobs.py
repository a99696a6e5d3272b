from __future__ import annotations

from pathlib import Path

import pytest

from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.jobs import Job, safe_target, template_value


def job(**fields: str) -> Job:
    return Job("1m", "image", 1, "COCO", "a.jpg", Path("shared/image/a.jpg"), fields)


def test_templates_are_filled() -> None:
    row = job(file_id="42", other="x/y")
    assert template_value("train2017/{file_id:012d}.jpg", row) == "train2017/000000000042.jpg"
    assert template_value("{file_id}.npy", row) == "42.npy"
    assert template_value("{other}/{file_name}", row) == "x/y/a.jpg"


@pytest.mark.parametrize("template", ["{missing}", "{file_id:012d}", "{empty}"])
def test_what_cannot_be_filled_is_a_bad_row(template: str) -> None:
    with pytest.raises(FetchError) as error:
        template_value(template, job(file_id="4x", empty=" "))
    assert error.value.reason is FetchReason.BAD_FIELDS


def test_a_value_is_not_filled_again() -> None:
    assert template_value("{file_id}", job(file_id="{file_name}")) == "{file_name}"


@pytest.mark.parametrize(
    "target",
    ["../x", "a/../../x", "/etc/passwd", "a/..", "", ".", "a\0b", "a\\..\\x", "..\\x", "a/.hidden",
     "C:\\x", "x" * 300, "a/" + "x" * 300 + "/b"],
)  # fmt: skip
def test_targets_stay_beneath_the_root(tmp_path: Path, target: str) -> None:
    with pytest.raises(FetchError) as error:
        safe_target(tmp_path, Path(target))
    assert error.value.reason is FetchReason.BAD_TARGET


def test_a_link_of_a_folder_does_not_lead_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "root-sibling"
    root.mkdir()
    outside.mkdir()
    (root / "shared").symlink_to(outside)
    (root / "inside").symlink_to(root)
    with pytest.raises(FetchError, match="leads out of"):
        safe_target(root, Path("shared/image/a.jpg"))
    assert safe_target(root, Path("inside/a.jpg")) == root / "inside" / "a.jpg"


def test_a_root_that_is_a_link_itself_is_fine(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "media").symlink_to(tmp_path / "disk")
    assert safe_target(tmp_path / "media", Path("a/b.jpg")) == tmp_path / "media/a/b.jpg"
