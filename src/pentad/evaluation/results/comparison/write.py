"""A comparison as files: a page, tables, JSON and a picture."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from pentad.core.errors import InputError, MissingExtra
from pentad.evaluation.results.comparison.comparison import Comparison
from pentad.evaluation.results.comparison.data import flat_rows, flat_schema, to_json
from pentad.evaluation.results.comparison.figure import STEM as FIGURE
from pentad.evaluation.results.comparison.figure import draw_scores
from pentad.evaluation.results.comparison.tables import latex, markdown
from pentad.store.atomic import replacing, write_bytes

STEM = "compare"
_log = logging.getLogger(__name__)


def write_comparison(comparison: Comparison, folder: str | Path) -> list[Path]:
    """Write ``compare.md``, ``.tex``, ``.csv``, ``.parquet`` and ``.json``, and the picture.

    Where nothing can be drawn the reason is logged, and a picture of an earlier comparison is
    removed.

    Returns:
        The paths of what was written.

    Raises:
        StoreError: A file cannot be written.
        InputError: ``folder`` is a file.
    """
    import polars as pl

    where = Path(folder)
    if where.exists() and not where.is_dir():
        raise InputError("this is a file; name a folder", file=where)
    pictures = _drawn(comparison, where)
    figure = f"{FIGURE}.svg" if pictures else None
    text = json.dumps(to_json(comparison), indent=2, ensure_ascii=False, allow_nan=False)
    texts = {
        ".md": markdown(comparison, figure=figure),
        ".tex": latex(comparison),
        ".json": text + "\n",
    }
    paths = []
    for suffix, content in texts.items():
        paths.append(where / f"{STEM}{suffix}")
        write_bytes(paths[-1], content.encode())
    frame = pl.DataFrame(flat_rows(comparison), schema=flat_schema(), orient="row")
    paths += [where / f"{STEM}.csv", where / f"{STEM}.parquet"]
    with replacing(paths[-2]) as coming:
        frame.write_csv(coming)
    with replacing(paths[-1]) as coming:
        frame.write_parquet(coming)
    return [*paths, *pictures]


def _drawn(comparison: Comparison, folder: Path) -> list[Path]:
    try:
        return draw_scores(comparison, folder)
    except (InputError, MissingExtra) as error:
        _log.warning("no picture: %s", error)
        for suffix in (".svg", ".png"):
            (folder / f"{FIGURE}{suffix}").unlink(missing_ok=True)
        return []
