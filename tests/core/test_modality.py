from __future__ import annotations

import pytest

from pentad.core.errors import UnknownName
from pentad.core.modality import MEDIA_MODALITIES, MODALITIES, Modality, as_modality


def test_the_order_is_fixed() -> None:
    assert list(MODALITIES) == ["text", "image", "audio", "video", "points"]
    assert list(MEDIA_MODALITIES) == ["image", "audio", "video", "points"]


def test_members_are_their_strings() -> None:
    assert as_modality("audio") is Modality.AUDIO
    assert Modality.AUDIO == "audio"
    assert Modality.AUDIO.id_column == "audio_id"


@pytest.mark.parametrize(("name", "meant"), [("images", "image"), ("point", "points")])
def test_a_wrong_name_is_told_with_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(UnknownName, match=f"unknown modality '{name}'; did you mean '{meant}'"):
        as_modality(name)


def test_a_name_like_none_lists_them_all() -> None:
    with pytest.raises(UnknownName, match="known are: audio, image, points, text, video"):
        as_modality("xyz")
