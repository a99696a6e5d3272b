"""``pentad eshot``: the zero-shot benchmark between sounds and point clouds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption, WorkersOption

if TYPE_CHECKING:
    from pentad.evaluation.eshot import Direction, EShotReport
    from pentad.evaluation.eshot_vectors import Vectorizer
    from pentad.sources.emm1.eshot import EShot

_ROOT_VARIABLE = "ROOT_DATA_PATH"

eshot_app = typer.Typer(
    name="eshot",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="EShot, the zero-shot benchmark between sounds and point clouds.",
)


@eshot_app.callback()
def _group() -> None:
    pass


_Root = Annotated[
    Path | None,
    typer.Argument(metavar="ROOT", help=f"Folder of E-MM1 or of EShot; default ${_ROOT_VARIABLE}."),
]
_Model = Annotated[
    list[str],
    typer.Option(
        "-m",
        "--model",
        metavar="[MODALITY=]MODEL",
        help=(
            "module:function of your own (a list of paths in, their matrix out), a registered "
            "name, onnx:FOLDER, or the path of a saved model. Once, or once for each modality."
        ),
    ),
]
_AudioEmbeddings = Annotated[
    Path | None,
    typer.Option(help="Matrix (.npy) with one row for each row of eshot_audio_info.csv."),
]
_PointsEmbeddings = Annotated[
    Path | None,
    typer.Option(help="Matrix (.npy) with one row for each row of eshot_points_info.csv."),
]
_MediaRoot = Annotated[
    Path | None, typer.Option(help=f"Where the media are; default ${_ROOT_VARIABLE}, else ROOT.")
]
_NormalizeMembers = Annotated[
    bool,
    typer.Option(
        "--normalize-members",
        help="Unit length for examples before their mean; the published protocol does not.",
    ),
]


@eshot_app.command()
def evaluate(
    root: _Root = None,
    model: _Model = [],  # noqa: B006  (typer copies it)
    audio_embeddings: _AudioEmbeddings = None,
    points_embeddings: _PointsEmbeddings = None,
    media_root: _MediaRoot = None,
    normalize_members: _NormalizeMembers = False,
    seed: SeedOption = 0,
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Classify sounds by clouds and clouds by sounds: Top-1 and Top-5 of every class.

    A class is known by the mean embedding of its items of the other modality. Files that are
    missing or cannot be decoded take no part and are counted.
    """
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.evaluation.eshot import evaluate_eshot

    eshot = _open(root, media_root)
    report = evaluate_eshot(
        eshot,
        _model(eshot, model, audio_embeddings, points_embeddings),
        normalize_members=normalize_members,
        seed=seed,
        workers=workers,
        progress=make_progress(),
    )
    if json:
        emit(report.to_json())
    else:
        _print_report(eshot, report)


def _open(root: Path | None, media_root: Path | None) -> EShot:
    from pentad.sources.emm1.eshot import find_eshot, load_eshot

    media = media_root or os.environ.get(_ROOT_VARIABLE) or root
    return load_eshot(find_eshot(root), media_root=media)


def _model(
    eshot: EShot, specs: list[str], audio: Path | None, points: Path | None
) -> Vectorizer | tuple[Vectorizer, Vectorizer]:
    from pentad.core.errors import InputError
    from pentad.evaluation.matrices import read_matrix
    from pentad.sources.emm1.eshot_tables import INFO_FILES

    if specs and audio is None and points is None:
        return _loaded(specs)
    if specs or audio is None or points is None:
        raise InputError(
            "say whose embeddings to score",
            expected="-m MODEL, or both --audio-embeddings and --points-embeddings",
        )
    found = [
        read_matrix(path, rows=eshot.table(modality).height, table=table)
        for path, (modality, table) in zip((audio, points), INFO_FILES.items(), strict=True)
    ]
    return found[0], found[1]


def _loaded(specs: list[str]) -> Vectorizer | tuple[Vectorizer, Vectorizer]:
    from pentad.core.errors import InputError
    from pentad.encoders.specs import split_spec

    named = [split_spec(spec) for spec in specs]
    modalities = [modality for modality, _ in named]
    if modalities == [None]:
        return _load(specs[0])
    by_modality = dict(named)
    if len(specs) != 2 or by_modality.keys() != {"audio", "points"}:
        raise InputError(
            "which model is for what?",
            expected="one -m MODEL, or -m audio=MODEL -m points=MODEL",
            seen=" ".join(f"-m {spec}" for spec in specs),
        )
    return _load(by_modality["audio"]), _load(by_modality["points"])


def _load(name: str) -> Vectorizer:
    from pentad.cli.user_function import is_function, load_function
    from pentad.encoders.registry import get_encoder

    return load_function(name) if is_function(name) else get_encoder(name)


def _print_report(eshot: EShot, report: EShotReport) -> None:
    for name in eshot.categories:
        typer.echo(name)
        for direction in report.directions:
            typer.echo(f"  {_arrow(direction)}  {_class_line(direction, name)}")
    typer.echo(f"\nall {len(eshot.categories)} categories, with 95 % intervals")
    for direction in report.directions:
        for kind in ("micro", "macro"):
            typer.echo(f"  {_arrow(direction)}  {kind}  {_mean_line(direction, kind)}")
    for modality in ("audio", "points"):
        missing = report.missing[modality]
        if missing["count"]:
            typer.echo(f"left out: {missing['count']} of {missing['of']} {modality} items")


def _class_line(direction: Direction, name: str) -> str:
    if name not in direction.top[0].per_class:
        return "not scored: no item of it has an embedding"
    parts = [(top.k, top.per_class[name]) for top in direction.top]
    return "  ".join(f"Top-{k} {a.value:.4f} ({a.correct}/{a.n} correct)" for k, a in parts)


def _mean_line(direction: Direction, kind: str) -> str:
    parts = []
    for top in direction.top:
        mean = top.micro if kind == "micro" else top.macro
        count = f" ({top.total.correct}/{top.total.n} correct)" if kind == "micro" else ""
        parts.append(f"Top-{top.k} {mean.value:.4f}{count} [{mean.low:.4f}, {mean.high:.4f}]")
    return "  ".join(parts)


def _arrow(direction: Direction) -> str:
    return f"{direction.query} -> {direction.examples}"
