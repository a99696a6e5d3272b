"""The card of a data set folder: YAML for programs, then what a reader has to know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pentad.curation.license_policy import RULE, LicensePolicy
from pentad.publish.attribution import flags, license_link
from pentad.publish.facts import ABOUT, CITATION, DATABASE_LICENSE, LANGUAGE, TASKS, citation_text
from pentad.publish.huggingface import features
from pentad.publish.info_table import LICENSE, SOURCE
from pentad.publish.markdown import escape, table
from pentad.publish.select import Selection
from pentad.publish.written import Written

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)


def write_card(selection: Selection, tables: Sequence[Written], policy: LicensePolicy) -> str:
    """Return the text of ``README.md``."""
    bundle = selection.bundle
    return "".join(
        (
            "---\n",
            "\n".join(_yaml(_front(bundle.title, tables))),
            "\n---\n\n",
            f"# {escape(bundle.title)}\n\n{ABOUT}\n\n",
            _load(tables),
            "## Tables\n\n",
            table(("table", "rows", "left out"), (_row(written) for written in tables)),
            f"\nPolicy of licenses: `{policy.value}`. ",
            f"{RULE}\n" if policy is not LicensePolicy.ANY else "Nothing was left out for it.\n",
            *(_columns(written) for written in tables),
            _sources(selection),
            "## How to cite\n\n",
            f"```bibtex\n{citation_text(CITATION)}\n```\n",
        )
    )


def size_category(rows: int) -> str:
    """Return the size category of so many rows as the hub names them."""
    return next((name for limit, name in _SIZES if rows < limit), "n>1T")


def _front(title: str, tables: Sequence[Written]) -> dict[str, Any]:
    total = sum(written.rows for written in tables)
    return {
        "pretty_name": title,
        "license": DATABASE_LICENSE,
        "language": [LANGUAGE],
        "task_categories": list(TASKS),
        "size_categories": [size_category(total)],
        "configs": [
            {
                "config_name": written.name,
                **({"default": True} if number == 0 else {}),
                "data_files": [{"split": "train", "path": f"data/{written.name}/train-*.parquet"}],
            }
            for number, written in enumerate(tables)
        ],
        "dataset_info": [
            {
                "config_name": written.name,
                "features": [{"name": name, "dtype": kind} for name, kind in features(written)],
            }
            for written in tables
        ],
    }


def _yaml(front: dict[str, Any]) -> Iterator[str]:
    """Yield lines of YAML; each value is JSON, which YAML reads as it is."""
    for key, value in front.items():
        yield f"{key}: {json.dumps(value, ensure_ascii=True)}"


def _load(tables: Sequence[Written]) -> str:
    name = tables[0].name
    return (
        "```python\nfrom datasets import load_dataset\n\n"
        f'rows = load_dataset("THIS_FOLDER", "{name}", split="train")\n```\n\n'
    )


def _row(written: Written) -> tuple[str, int, str]:
    dropped = ", ".join(f"{count} for {escape(why)}" for why, count in written.dropped.items())
    return f"`{written.name}`", written.rows, dropped or "none"


def _columns(written: Written) -> str:
    rows = [(f"`{c.name}`", kind, escape(c.about)) for c, (_, kind) in _typed(written)]
    return f"\n## Columns of `{written.name}`\n\n" + table(("column", "type", "what"), rows)


def _typed(written: Written) -> Iterator[tuple[Any, tuple[str, str]]]:
    return zip(written.columns, features(written), strict=True)


def _sources(selection: Selection) -> str:
    rows = [
        (
            modality.value,
            escape(row[SOURCE]) or "(none given)",
            license_link(row[LICENSE]),
            flags(row[LICENSE]),
            row["items"],
        )
        for modality, items in selection.tables.items()
        for row in items.published()
    ]
    text = table(("modality", "source", "license", "it asks", "items"), rows)
    note = (
        "The license above covers the tables. Captions and media keep those of their sources; "
        "each row has them. ATTRIBUTION.md lists where items come from.\n\n"
    )
    return f"\n## Sources and licenses\n\n{note}{text}\n"
