"""A query or an item on the page: its text, or its picture and sound."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from pentad.core.modality import Modality
from pentad.evaluation.page.facts import Entry, Preview
from pentad.evaluation.page.markup import Html, data_text, join, tag

_WHAT = {
    Modality.IMAGE: "picture",
    Modality.AUDIO: "spectrogram and waveform of the sound",
    Modality.VIDEO: "three frames of the video",
    Modality.POINTS: "view of the point cloud",
}


class MediaShelf:
    """The previews of a page; a sound is put into it once, and pointed to from elsewhere.

    Args:
        previews: Key -> preview.
    """

    def __init__(self, previews: Mapping[str, Preview]) -> None:
        self._previews = previews
        self._played: dict[str, str] = {}

    def entry(self, entry: Entry) -> Html:
        """Return an entry as it is shown."""
        if entry.text is not None:
            return tag("div", data_text(entry.text), class_="entry")
        preview = None if entry.media is None else self._previews.get(entry.media)
        if preview is None:
            return tag("div", self._unseen(entry), class_="entry")
        return tag("div", *self._shown(entry, preview), class_="entry")

    def _unseen(self, entry: Entry) -> Html:
        what = "entry" if entry.modality is None else entry.modality.value
        return join([f"{what} ", data_text(entry.id, 120)])

    def _shown(self, entry: Entry, preview: Preview) -> list[Html]:
        name = tag("span", data_text(preview.name, 80), class_="file")
        if not preview.picture:
            reason = tag("div", "not shown: ", data_text(preview.reason, 200), class_="none")
            return [reason, name]
        what = _WHAT.get(entry.modality, "file") if entry.modality else "file"
        picture = tag(
            "img", src=_data("image/jpeg", preview.picture), alt=f"{what} {preview.name}",
            width=preview.width, height=preview.height,
        )  # fmt: skip
        return [picture, *self._clip(entry, preview), name]

    def _clip(self, entry: Entry, preview: Preview) -> list[Html]:
        if not preview.clip or entry.media is None:
            return []
        before = self._played.get(entry.media)
        if before is not None:
            return [tag("a", "its sound is further up", href=f"#{before}", class_="file")]
        mark = f"clip-{len(self._played) + 1}"
        self._played[entry.media] = mark
        return [
            tag(
                "audio", src=_data(preview.clip_type, preview.clip), controls=True, id=mark,
                preload="metadata", aria_label=f"sound {preview.name}",
            )
        ]  # fmt: skip


def _data(kind: str, data: bytes) -> Html:
    return Html(f"data:{kind};base64,{base64.b64encode(data).decode()}")
