"""One picture that shows a few groups side by side: a row a caption, a column a modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.core.seeds import generator
from pentad.groups.groups import Groups
from pentad.media.types import Audio, Decoded, DecodeOptions, Image, Video, Views
from pentad.media.worker import DecodePool, DecodeRequest
from pentad.pipeline.spectrogram import spectrogram_image
from pentad.store.atomic import replacing
from pentad.store.items import Catalog
from pentad.store.places import locate

if TYPE_CHECKING:
    from PIL import Image as PillowImage
    from PIL import ImageDraw

TILE, GAP, MARGIN, TEXT_WIDTH, HEADER, FOOT = 168, 14, 24, 250, 44, 24
_INK, _FAINT, _PAPER, _CARD = (28, 32, 40), (112, 120, 132), (246, 246, 243), (255, 255, 255)
_OPTIONS = DecodeOptions(
    image_side=TILE, sample_rate=16000, max_seconds=10.0, video_frames=4, views=1, view_size=TILE
)


@dataclass(frozen=True)
class _Row:
    caption: str
    items: Mapping[Modality, tuple[int, float]]


def draw_sheet(
    catalog: Catalog, groups: Groups, path: Path, *, rows: int = 5, seed: int = 0
) -> Path:
    """Draw ``rows`` groups of rank 1, captions drawn at random from the seed, as a PNG.

    Args:
        catalog: The items behind the groups.
        groups: What to show.
        path: Where the picture goes.
        rows: How many captions.
        seed: Which captions; they are not picked by how well they did.

    Returns:
        ``path``.
    """
    chosen = _choose(catalog, groups, rows, seed)
    modalities = [m for m in MEDIA_MODALITIES if m in groups.modalities]
    tiles = _tiles(catalog, chosen)
    canvas, pen = _canvas(len(chosen), len(modalities))
    _header(pen, modalities)
    for number, row in enumerate(chosen):
        _draw_row(canvas, pen, number, row, modalities, tiles)
    with replacing(path) as coming:
        canvas.save(coming, format="PNG")
    return path


def _choose(catalog: Catalog, groups: Groups, count: int, seed: int) -> list[_Row]:
    import polars as pl

    table = groups.frame().filter(pl.col("rank") == 1)
    complete = table.drop_nulls([m.id_column for m in groups.modalities])
    rng = generator(seed, "sheet")
    picked = np.sort(rng.permutation(complete.height)[:count])
    texts = catalog.items(Modality.TEXT)
    caption = dict(zip(texts.ids.tolist(), texts.captions, strict=True))
    return [
        _Row(
            caption[row["text_id"]],
            {m: (row[m.id_column], row[f"{m.value}_score"]) for m in groups.modalities},
        )
        for row in complete[picked.tolist()].iter_rows(named=True)
    ]


def _tiles(catalog: Catalog, rows: Sequence[_Row]) -> dict[tuple[Modality, int], PillowImage.Image]:
    wanted = sorted({(m, item) for row in rows for m, (item, _) in row.items.items()})
    requests = {key: request for key in wanted if (request := _request(catalog, *key))}
    with DecodePool(1) as pool:
        found = zip(requests, pool.map(requests.values()), strict=True)
        return {key: _tile(media) for key, media in found if not isinstance(media, Exception)}


def _request(catalog: Catalog, modality: Modality, item: int) -> DecodeRequest | None:
    """Return what is to be decoded of an item; None where it is gone."""
    items = catalog.items(modality)
    try:
        found = locate(items.path(int(np.searchsorted(items.ids, item))))
    except OSError:
        return None
    return DecodeRequest(found.place, modality, _OPTIONS, start=found.start, end=found.end)


def _tile(media: Decoded) -> PillowImage.Image:
    from PIL import Image as Pillow

    if isinstance(media, Audio):
        return spectrogram_image(media, TILE)
    pixels = _pixels(media)
    picture = Pillow.fromarray(pixels)
    scale = TILE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    tile = Pillow.new("RGB", (TILE, TILE), _CARD)
    tile.paste(picture.resize(size), ((TILE - size[0]) // 2, (TILE - size[1]) // 2))
    return tile


def _pixels(media: Decoded) -> NDArray[np.uint8]:
    if isinstance(media, Image):
        return media.pixels
    if isinstance(media, Views):
        first: NDArray[np.uint8] = media.images[0]
        return first
    if isinstance(media, Video):
        frames = media.frames
        rows = [
            np.concatenate(list(frames[i : i + 2]), axis=1) for i in range(0, len(frames) - 1, 2)
        ]
        tiled: NDArray[np.uint8] = np.concatenate(rows) if rows else frames[0]
        return tiled
    return np.full((TILE, TILE, 3), 255, np.uint8)


def _canvas(rows: int, columns: int) -> tuple[PillowImage.Image, ImageDraw.ImageDraw]:
    from PIL import Image as Pillow
    from PIL import ImageDraw as Draw

    width = 2 * MARGIN + TEXT_WIDTH + columns * (TILE + GAP)
    height = 2 * MARGIN + HEADER + rows * (TILE + FOOT + GAP)
    canvas = Pillow.new("RGB", (width, height), _PAPER)
    return canvas, Draw.Draw(canvas)


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _header(pen: ImageDraw.ImageDraw, modalities: Sequence[Modality]) -> None:
    pen.text((MARGIN, MARGIN), "caption", fill=_FAINT, font=_font(17))
    for number, modality in enumerate(modalities):
        pen.text((_left(number), MARGIN), f"nearest {modality.value}", fill=_FAINT, font=_font(17))


def _left(column: int) -> int:
    return MARGIN + TEXT_WIDTH + column * (TILE + GAP)


def _draw_row(
    canvas: PillowImage.Image,
    pen: ImageDraw.ImageDraw,
    number: int,
    row: _Row,
    modalities: Sequence[Modality],
    tiles: Mapping[tuple[Modality, int], PillowImage.Image],
) -> None:
    top = MARGIN + HEADER + number * (TILE + FOOT + GAP)
    text = "\n".join(_wrapped(row.caption, pen))
    pen.multiline_text((MARGIN, top + 6), text, fill=_INK, font=_font(20), spacing=6)
    for column, modality in enumerate(modalities):
        item, score = row.items[modality]
        place = (_left(column), top)
        pen.rectangle(
            (place[0] - 1, top - 1, place[0] + TILE, top + TILE),
            fill=_CARD,
            outline=(220, 220, 214),
        )
        if (modality, item) in tiles:
            canvas.paste(tiles[modality, item], place)
        label = f"{modality.value} {item}   {score:.2f}"
        pen.text((place[0], top + TILE + 5), label, fill=_FAINT, font=_font(13))


def _wrapped(text: str, pen: ImageDraw.ImageDraw, lines: int = 5) -> list[str]:
    font, done, current = _font(20), [], ""
    for word in text.split():
        longer = f"{current} {word}".strip()
        if pen.textlength(longer, font=font) <= TEXT_WIDTH - 2 * GAP or not current:
            current = longer
        else:
            done.append(current)
            current = word
    done.append(current)
    return done if len(done) <= lines else [*done[: lines - 1], done[lines - 1] + " …"]
