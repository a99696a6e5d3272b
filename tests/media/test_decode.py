from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.errors import DecodeError, InputError, PentadError, Reason, UnknownName
from pentad.core.modality import Modality
from pentad.media import decode as module
from pentad.media.decode import decode
from pentad.media.files import read_sibling
from pentad.media.formats import EXTENSIONS, modality_of
from tests.media.makers import EVERY_FILE, make


def test_text_is_not_decoded(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        decode(tmp_path / "a.txt", "text")


def test_a_modality_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="image"):
        decode(tmp_path / "a.png", "imgae")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), Reason.OUT_OF_MEMORY),
        (PermissionError(13, "Permission denied"), Reason.UNREADABLE),
        (OSError("image file is truncated (3 bytes not processed)"), Reason.TRUNCATED),
        (OSError(12, "Cannot allocate memory"), Reason.OUT_OF_MEMORY),
        (ImportError("no codec", name="PIL._exotic_plugin.sub"), None),
        (ImportError("no such thing", name="something_else"), Reason.CORRUPT),
        (RecursionError("too deep\nby far"), Reason.CORRUPT),
        (AssertionError(), Reason.CORRUPT),
    ],
)
def test_whatever_a_library_raises_becomes_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: Reason | None
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setitem(module._DECODERS, Modality.IMAGE, fail)
    with pytest.raises(PentadError) as refusal:
        decode(make(tmp_path, "image", "a.png"), "image")
    if expected is None:  # a broken installation is no fault of the file
        assert not isinstance(refusal.value, DecodeError)
        return
    assert refusal.value.reason is expected
    assert "a.png" in refusal.value.detail
    assert "\n" not in str(refusal.value)


def test_too_large_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.MAX_FILE_BYTES, Modality.IMAGE, 100)
    with pytest.raises(DecodeError) as refusal:
        decode(make(tmp_path, "image", "a.png"), "image")
    assert refusal.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(("modality", "name"), EVERY_FILE)
def test_endings_tell_the_modality(modality: str, name: str) -> None:
    if name != "b.webm":  # a sound in a container that mostly holds video
        assert modality_of(name) == modality
        assert modality_of(Path("x") / name.upper()) == modality


def test_no_ending_belongs_to_two_modalities() -> None:
    endings = [ending for group in EXTENSIONS.values() for ending in group]
    assert len(set(endings)) == len(endings)
    assert modality_of("README") is None


def test_siblings_may_lie_in_folders_below(tmp_path: Path) -> None:
    (tmp_path / "textures").mkdir()
    (tmp_path / "textures" / "a b.bin").write_bytes(b"123")
    assert read_sibling(tmp_path / "a.gltf", "textures/a%20b.bin", 10) == b"123"
    assert read_sibling(tmp_path / "a.gltf", "textures\\a b.bin", 10) == b"123"
    for name, reason in {"gone.bin": Reason.MISSING_FILE, "textures": Reason.UNREADABLE,
                         "a\0b": Reason.UNREADABLE}.items():  # fmt: skip
        with pytest.raises(DecodeError) as refusal:
            read_sibling(tmp_path / "a.gltf", name, 10)
        assert refusal.value.reason is reason
