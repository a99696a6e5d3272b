"""Items through decoding and a captioner, in groups that are kept as soon as they are done."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby, islice

from pentad.core.errors import DecodeError, InputError, PentadError, Reason
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.encoders.captioners.protocol import Captioner
from pentad.media.types import Decoded, DecodeOptions
from pentad.media.worker import DecodePool, DecodeRequest
from pentad.pipeline.captioning.chunks import CHUNK_ITEMS, ChunkFolder, Row
from pentad.store.captions import clean_caption
from pentad.store.items import Items
from pentad.store.places import locate, place_error
from pentad.store.remote.files import FilePath

GROUP = 16
"""Items after which what is done is kept, unless more go through the captioner together."""

_AGAIN = frozenset({Reason.NO_ANSWER})


@dataclass
class Done:
    """What one run did.

    Attributes:
        tried: Items that went through the captioner now.
        left: Items that a limit, or an error, left for another run.
        rows: Item -> what is known of it, from this run and from earlier ones.
        error: What ended the run before its time, or None.
    """

    tried: set[int] = field(default_factory=set)
    left: int = 0
    rows: dict[int, Row] = field(default_factory=dict)
    error: PentadError | None = None


def caption_items(
    items: Items,
    captioner: Captioner,
    prompt: str,
    chunks: ChunkFolder,
    *,
    limit: int | None = None,
    retry_failed: bool = False,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Done:
    """Caption the items that have no caption yet, or changed since; the writer lock is held.

    What a server gave no answer to is asked again each time, what was refused for another reason
    only with ``retry_failed``.
    """
    done = Done(rows=chunks.read())
    todo = [
        (row, item, print_)
        for row, (item, print_) in enumerate(
            zip(items.ids.tolist(), items.fingerprints, strict=True)
        )
        if _is_due(done.rows.get(item), print_, retry_failed=retry_failed)
    ]
    now = todo if limit is None else todo[:limit]
    with progress.task(f"caption {items.modality.value} with {captioner.name}", len(now)) as task:
        try:
            for number, rows in _captioned(items, now, captioner, prompt, workers):
                chunks.add(number, rows)
                done.rows |= {row.item_id: row for row in rows}
                done.tried |= {row.item_id for row in rows}
                task.advance(len(rows))
                _require_answers(rows)
        except PentadError as error:
            done.error = error
    done.left = len(todo) - len(done.tried)
    return done


Due = tuple[int, int, str]
"""Row among the items, id, fingerprint of the content."""


def _is_due(known: Row | None, print_: str, *, retry_failed: bool) -> bool:
    if known is None or known.item_fingerprint != print_:
        return True
    return known.caption is None and (retry_failed or known.reason in _AGAIN)


def _captioned(
    items: Items, due: Sequence[Due], captioner: Captioner, prompt: str, workers: int | None
) -> Iterator[tuple[int, list[Row]]]:
    """Yield the chunk and the rows of one group after the other; the next is decoded meanwhile."""
    if not due:
        return
    options = captioner.decode_options(items.modality)
    groups = _groups(due, max(GROUP, getattr(captioner, "batch_size", 0)))
    with (
        DecodePool(min(workers or os.cpu_count() or 1, len(due))) as pool,
        ThreadPoolExecutor(1) as ahead,
    ):

        def decoded() -> tuple[int, list[Due], list[Decoded | DecodeError]] | None:
            for number, group in groups:
                paths = [items.path(row) for row, _, _ in group]
                return number, group, list(_decoded(pool, paths, items.modality, options))
            return None

        coming = ahead.submit(decoded)
        while (now := coming.result()) is not None:
            coming = ahead.submit(decoded)
            number, group, media = now
            yield number, _rows(group, media, captioner, items.modality, prompt)


def _decoded(
    pool: DecodePool, paths: Sequence[FilePath], modality: Modality, options: DecodeOptions
) -> Iterator[Decoded | DecodeError]:
    """Yield what became of each file, in order."""
    requests = [_request(path, modality, options) for path in paths]
    results = pool.map(each for each in requests if isinstance(each, DecodeRequest))
    for path, request in zip(paths, requests, strict=True):
        media = next(results) if isinstance(request, DecodeRequest) else request
        if isinstance(media, DecodeError):  # what is stored must not depend on where a folder lies
            media = DecodeError(media.reason, media.detail.replace(str(path), path.name))
        yield media


def _request(
    path: FilePath, modality: Modality, options: DecodeOptions
) -> DecodeRequest | DecodeError:
    try:
        found = locate(path)
    except OSError as error:
        return place_error(error)
    return DecodeRequest(found.place, modality, options, start=found.start, end=found.end)


def _groups(due: Iterable[Due], size: int) -> Iterator[tuple[int, list[Due]]]:
    """Yield chunk numbers and at most ``size`` items of that chunk."""
    for number, chunk in groupby(due, key=lambda each: each[1] // CHUNK_ITEMS):
        while group := list(islice(chunk, size)):
            yield number, group


def _rows(
    group: Sequence[Due],
    media: Sequence[Decoded | DecodeError],
    captioner: Captioner,
    modality: str,
    prompt: str,
) -> list[Row]:
    seen = [each for each in media if not isinstance(each, DecodeError)]
    answers = iter(captioner.caption(seen, modality=modality, prompt=prompt) if seen else [])
    rows = []
    for (_, item, print_), each in zip(group, media, strict=True):
        answer = each if isinstance(each, DecodeError) else next(answers)
        if isinstance(answer, DecodeError):
            rows.append(Row(item, print_, None, answer.reason, answer.detail))
        else:
            rows.append(_checked(item, print_, answer))
    return rows


def _checked(item: int, print_: str, answer: str) -> Row:
    """Return a caption as it is stored; any captioner's, so that an empty one is refused here."""
    caption = clean_caption(answer)
    if not caption:
        return Row(item, print_, None, Reason.EMPTY_CAPTION, "the answer is empty")
    return Row(item, print_, caption)


def _require_answers(rows: Sequence[Row]) -> None:
    """Stop where a whole group had no answer: the next would have none either."""
    if len(rows) > 1 and all(row.reason in _AGAIN for row in rows):
        raise InputError(f"none of {len(rows)} items in a row got an answer; {rows[-1].detail}")
