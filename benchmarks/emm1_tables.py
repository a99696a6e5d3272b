"""E-MM1's tables at full size: the data set's own example against Pentad, in time and memory.

    python benchmarks/emm1_tables.py ROOT CONVERTED [--repeat 3] [--json FILE]

ROOT holds the 100m split as CSV tables (``infos/`` and ``nn_1/data_groups.csv`` at least).
Synthetic tables of the published size will do; the figures of the documentation are for 6,706,765
groups of 2,920,848 images, 2,187,172 sounds, 4,193,610 videos and 350,652 clouds. CONVERTED is
where the one-time conversion goes; what is there already is kept.

The job is the one of the data set's documentation: the groups of the nearest neighbors with the
path of each of the four items and the caption, written as Parquet compressed by zstd. Three ways
run in turn, each in a process of its own:

    example     polars as documented: all tables read, paths built, five left joins, written
    csv         `pentad.open_emm1(ROOT).write_groups(..., paths=True)`
    converted   the same on CONVERTED

Printed are medians of CPU seconds, wall seconds and peak memory, and their ratios to the example.
The outputs are compared: same rows, ids, captions and paths, sounds apart, which Pentad looks for
where they are stored. Then what a conversion gives beyond that: how long opening, resolving 1,024
random groups and going through all groups take.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEDIA = "/data/e-mm1"
ITEMS = ("image", "audio", "video", "points")
RESOLVED, TRIALS = 1024, 50


def run_example(root: Path, out: Path) -> None:
    import polars as pl

    from pentad.sources.emm1.layout import find_emm1

    folder = find_emm1(root).of("100m")
    groups = pl.read_csv(folder / "nn_1" / "data_groups.csv")
    infos = {name: pl.read_csv(folder / "infos" / f"{name}.csv") for name in (*ITEMS, "text")}
    for item in ITEMS:
        parts = (pl.lit(MEDIA), pl.col("save_folder"), pl.lit(item), pl.col("file_name"))
        path = pl.concat_str(parts, separator="/").alias(f"{item}_file_path")
        table = infos[item].with_columns(path).select(f"encord_{item}_id", f"{item}_file_path")
        groups = groups.join(table, on=f"encord_{item}_id", how="left")
    captions = infos["text"].select("encord_text_id", "caption")
    groups.join(captions, on="encord_text_id", how="left").write_parquet(out, compression="zstd")


def run_pentad(root: Path, out: Path) -> None:
    import pentad

    pentad.open_emm1(root, media_root=MEDIA).write_groups(out, 1, paths=True)


def run_convert(root: Path, out: Path) -> None:
    from pentad.sources.emm1.convert import convert_emm1

    convert_emm1(root, out)


def run_access(converted: Path, _: Path) -> None:
    """Print what a converted data set takes to open, to resolve and to go through."""
    started = time.perf_counter()
    import numpy as np

    import pentad

    ds = pentad.open_emm1(converted, media_root=MEDIA)
    rank = ds.ranks[-1]
    ds.groups(rank).head(1).collect()
    opened = time.perf_counter() - started
    text, items = ds.tables.columns(rank)
    random = np.random.default_rng(0)
    batch_type = type(next(iter(ds.iter_groups(rank, batch=1))))
    times = []
    for _trial in range(TRIALS):
        rows = random.integers(0, len(text), RESOLVED)
        chosen = {m: ids[rows] for m, ids in items.items()}
        batch = batch_type(text[rows], chosen, np.full(RESOLVED, rank, np.uint16))
        begin = time.perf_counter()
        ds.resolve(batch)
        times.append(time.perf_counter() - begin)
    rates = {}
    for name, mixed in (("in order", 0), ("shuffled", 16)):
        begin = time.perf_counter()
        count = sum(len(b) for b in ds.iter_groups(ds.ranks, batch=1024, shuffle_blocks=mixed))
        rates[name] = count / (time.perf_counter() - begin)
    ids = sum(path.stat().st_size for path in (converted / "100m" / "nn").glob("*.npy"))
    print(
        json.dumps(
            {
                "ranks": len(ds.ranks),
                "open_s": opened,
                "resolve_first_ms": 1e3 * times[0],
                "resolve_median_ms": 1e3 * statistics.median(times),
                "resolve_p90_ms": 1e3 * sorted(times)[int(0.9 * TRIALS)],
                "groups_per_s": rates,
                "ids_bytes": ids,
            }
        )
    )


WAYS = {
    "example": run_example,
    "csv": run_pentad,
    "converted": run_pentad,
    "convert": run_convert,
    "access": run_access,
}


def measure(way: str, root: Path, out: Path) -> dict[str, float | str]:
    """Run one way in a process of its own and return what it took."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, __file__, "--only", way, str(root), str(out)], stdout=subprocess.PIPE
    ) as child:
        text = child.stdout.read() if child.stdout else b""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{way} failed")
    return {
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": time.perf_counter() - started,
        "peak_mib": used.ru_maxrss / 1024,
        "out_mb": out.stat().st_size / 1e6 if out.is_file() else 0.0,
        "text": text.decode(),
    }


def same(example: Path, ours: Path) -> str:
    """Compare two outputs in blocks; sounds by their file names."""
    import polars as pl

    names = {f"{item}_file_path": f"{item}_path" for item in ITEMS}
    whole = ["encord_text_id", "nn_index", "caption", *(f"encord_{m}_id" for m in ITEMS)]
    left = pl.scan_parquet(example).rename(names)
    right = pl.scan_parquet(ours)
    rows = right.select(pl.len()).collect().item()
    for start in range(0, rows, 1 << 20):
        parts = [
            frame.slice(start, 1 << 20)
            .select(*whole, *names.values())
            .with_columns(
                pl.col(pl.UInt32, pl.UInt16).cast(pl.Int64),
                pl.col("audio_path").str.split("/").list.last(),
            )
            .collect()
            for frame in (left, right)
        ]
        if not parts[0].equals(parts[1]):
            return f"DIFFERENT within rows {start} to {start + (1 << 20)}"
    return f"same {rows:,} rows"


def compare(root: Path, converted: Path, repeat: int) -> dict[str, object]:
    """Run everything and print it."""
    done = measure("convert", root, converted)
    size = sum(f.stat().st_size for f in converted.rglob("*") if f.is_file())
    print(
        f"convert: {done['cpu_s']:.1f} CPU s, {done['wall_s']:.1f} s, peak {done['peak_mib']:.0f} "
        f"MiB, {size / 1e9:.2f} GB there now (parts that were there are only checked)"
    )
    sources = {"example": root, "csv": root, "converted": converted}
    found: dict[str, list[dict[str, float | str]]] = {way: [] for way in sources}
    with tempfile.TemporaryDirectory(dir=converted.parent) as folder:
        outs = {way: Path(folder) / f"{way}.parquet" for way in sources}
        for _ in range(repeat):
            for way, source in sources.items():
                found[way].append(measure(way, source, outs[way]))
        for way in ("csv", "converted"):
            print(f"{way}: {same(outs['example'], outs[way])} as the example")
    keys = ("cpu_s", "wall_s", "peak_mib", "out_mb")
    medians = {
        way: {key: statistics.median(float(run[key]) for run in runs) for key in keys}
        for way, runs in found.items()
    }
    print(f"{'':10}{'CPU s':>8}{'wall s':>8}{'peak MiB':>10}{'out MB':>8}  ratios to the example")
    for way, values in medians.items():
        ratios = [values[key] / medians["example"][key] for key in keys[:3]]
        shown = (
            "" if way == "example" else "  CPU {:.2f}, wall {:.2f}, memory {:.2f}".format(*ratios)
        )
        cpu, wall, peak, out = (values[key] for key in keys)
        print(f"{way:10}{cpu:8.1f}{wall:8.1f}{peak:10.0f}{out:8.0f}{shown}")
    access = json.loads(str(measure("access", converted, converted)["text"]))
    print(
        f"converted, {access['ranks']} ranks: opens in {access['open_s']:.2f} s with imports; "
        f"captions and paths of {RESOLVED} random groups in {access['resolve_median_ms']:.1f} ms "
        f"(median of {TRIALS}; first {access['resolve_first_ms']:.0f}, 90 % "
        f"{access['resolve_p90_ms']:.1f}); million groups/s: in order "
        f"{access['groups_per_s']['in order'] / 1e6:.0f}, shuffled "
        f"{access['groups_per_s']['shuffled'] / 1e6:.0f}; ids {access['ids_bytes'] / 1e9:.2f} GB"
    )
    return {"convert": done, "ways": medians, "runs": found, "access": access}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("converted", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--only", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        WAYS[args.only](args.root, args.converted)
        return
    machine = (
        f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    )
    print(f"{machine}; load {os.getloadavg()[0]:.1f} at the start")
    figures = compare(args.root, args.converted, args.repeat)
    if args.json:
        args.json.write_text(json.dumps({"machine": machine, **figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
