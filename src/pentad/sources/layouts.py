"""The ways in which a source may lie on disk, by name."""

from __future__ import annotations

from enum import StrEnum

from pentad.core.errors import UnknownName


class Layout(StrEnum):
    """A layout; the value is what ``--format`` takes."""

    NEUTRAL = "neutral"
    FOLDER = "folder"
    TABLE = "table"
    URLS = "urls"
    WEBDATASET = "webdataset"
    HUGGINGFACE = "huggingface"
    CLIP_RETRIEVAL = "clip-retrieval"
    ESC50 = "esc-50"
    FSD50K = "fsd50k"
    COCO = "coco"


DESCRIPTIONS: dict[Layout, str] = {
    Layout.NEUTRAL: "DIR/<modality>/captions.csv, files beside it or in files/",
    Layout.FOLDER: "media files with captions in .txt files of the same name",
    Layout.TABLE: "CSV, JSON Lines or Parquet with file_name, caption and modality",
    Layout.URLS: "a table with a url column and no file names; the files are fetched",
    Layout.WEBDATASET: "tars of samples: x.tar, a folder of them, or shards/{000..012}.tar",
    Layout.HUGGINGFACE: "Parquet with images or sounds in it, imagefolder, save_to_disk",
    Layout.CLIP_RETRIEVAL: "DIR/metadata/metadata_0.parquet with image_path and caption",
    Layout.ESC50: "DIR/meta/esc50.csv and DIR/audio/",
    Layout.FSD50K: "DIR/FSD50K.ground_truth/dev.csv and DIR/FSD50K.dev_audio/",
    Layout.COCO: "DIR/annotations/captions_train2017.json and DIR/train2017/",
}
"""What each looks like, in one line."""


def as_layout(name: str) -> Layout:
    """Return the layout of a name.

    Raises:
        UnknownName: There is none; the message names the nearest one.
    """
    try:
        return Layout(name)
    except ValueError:
        raise UnknownName(
            "format", name, [each.value for each in Layout], listing="pentad list sources"
        ) from None
