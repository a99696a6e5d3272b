"""Git LFS pointers: known as such, and never read as tables."""

from __future__ import annotations

import pytest

from pentad.core.errors import InputError
from pentad.sources.emm1.dataset import open_emm1
from pentad.sources.emm1.lfs import Pointer, fetch_command, read_pointer, refuse_pointer
from tests.emm1_trees import make_emm1, write_pointer


def test_a_pointer_says_which_file_and_how_long(tmp_path):
    path = write_pointer(tmp_path / "image.csv", size=612_801_005)
    assert read_pointer(path) == Pointer("ab" * 32, 612_801_005)


def test_line_ends_of_another_system(tmp_path):
    path = write_pointer(tmp_path / "image.csv", size=7)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_pointer(path) == Pointer("ab" * 32, 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "encord_text_id,caption\n1,version https://git-lfs.github.com/spec/v1\n",
        "version https://git-lfs.github.com/spec/v1\n",
        "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n",
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize x\n",
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 1\n"
        + "x" * 2000,
    ],
)  # fmt: skip
def test_anything_else_is_none(text, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(text)
    assert read_pointer(path) is None
    refuse_pointer(path)


def test_folders_and_missing_files_are_none(tmp_path):
    assert read_pointer(tmp_path) is None
    assert read_pointer(tmp_path / "nothing") is None


@pytest.mark.parametrize(
    ("split", "name", "flags"),
    [
        ("100m", "nn_2/data_groups.csv", "--split 100m --nn 2"),
        ("100m", "infos/image.csv", "--split 100m --nn 1"),
        ("1m", "infos/image.csv", "--split 1m"),
        ("1m", "triplets.csv", "--split 1m"),
        ("eshot", "eshot_audio_info.csv", "--split eshot"),
        ("eshot", "category_to_point_ids.json", "--split eshot"),
    ],
)
def test_the_command_that_fetches_a_table(split, name, flags, tmp_path):
    tree = make_emm1(tmp_path, "git", eshot=True)
    path = write_pointer(tree.path(split, name))
    command = fetch_command(path)
    assert command.startswith(f"pentad emm1 pull {tmp_path / 'datasets'} {flags} --remote https://")
    (tmp_path / ".git").mkdir()
    assert fetch_command(path) == f"pentad emm1 pull {tmp_path} {flags}"


def test_the_command_for_a_parquet_file_of_a_hub(tmp_path):
    (tmp_path / ".git").mkdir()
    path = write_pointer(tmp_path / "data" / "nn_01.parquet")
    assert fetch_command(path) == f"git -C {tmp_path} lfs pull --include='data/nn_01.parquet'"


@pytest.mark.parametrize(
    "name", ["nn_1/data_groups.csv", "infos/image.csv", "infos/text.csv", "infos/points.csv"]
)
def test_a_pointer_in_the_place_of_a_table_is_told_as_such(name, tmp_path):
    tree = make_emm1(tmp_path, "git")
    write_pointer(tree.path("100m", name))
    with pytest.raises(InputError) as told:
        open_emm1(tmp_path).groups(paths=True).collect()
    message = str(told.value)
    assert (
        "Git LFS pointer, not the table (264,370,076 bytes); fetch it: pentad emm1 pull" in message
    )
    assert message.startswith(str(tree.path("100m", name)))


def test_pointers_that_are_not_needed_do_no_harm(tmp_path):
    tree = make_emm1(tmp_path, "git")
    for name in ("nn_2/data_groups.csv", "infos/image.csv", "infos/text.csv"):
        write_pointer(tree.path("100m", name))
    write_pointer(tree.path("1m", "annotation_mapping.csv"))
    ds = open_emm1(tmp_path)
    assert ds.groups(captions=False).collect().height == 12
    assert ds.triplets().collect().height == 24


def test_a_pointer_in_the_place_of_a_parquet_file(tmp_path):
    make_emm1(tmp_path, "hub")
    write_pointer(tmp_path / "data" / "nn_01.parquet")
    write_pointer(tmp_path / "data" / "audio_to_points.parquet")
    with pytest.raises(InputError, match=r"nn_01.parquet: this is a Git LFS pointer"):
        open_emm1(tmp_path).groups().collect()
    with pytest.raises(InputError, match=r"audio_to_points.parquet: this is a Git LFS pointer"):
        open_emm1(tmp_path).triplets().collect()
