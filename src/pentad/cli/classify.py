"""``pentad classify``: files, texts or a workspace by labels, by examples, or by both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption, ModalityName, SeedOption, WorkersOption

if TYPE_CHECKING:
    from pentad.evaluation.any_model import AnyModel

_Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="WS|FILES...", help="A workspace; or files, folders and tables of any modality."
    ),
]
_Model = Annotated[
    str,
    typer.Option(
        "-m",
        "--model",
        metavar="MODEL",
        help=(
            "A registered name, hf:USER/NAME, onnx:FOLDER, a path, or module:function of your own "
            "(paths or texts in, their matrix out). For a workspace also one of its saved models; "
            "default its last one."
        ),
    ),
]
_Labels = Annotated[
    str,
    typer.Option(
        metavar="a,b,c|FILE",
        help="The classes: a list, a text file of one a line, or a table or JSON with names.",
    ),
]
_Template = Annotated[
    list[str],
    typer.Option(
        metavar="TEXT|FILE",
        help="Sentence with {} for the label, or a file of such. Repeatable; default built-in.",
    ),
]
_Examples = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Examples: one folder of files for each class."),
]
_Alpha = Annotated[
    float, typer.Option(metavar="A", help="Weight of labels where there are examples too, 0 to 1.")
]
_Temperature = Annotated[
    float | None,
    typer.Option(metavar="T", help="Of the probabilities; default the model's own, else 0.07."),
]
_Out = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write a table: .csv, .parquet or .jsonl.")
]


def classify(  # noqa: PLR0913, PLR0917  (one for each option)
    inputs: _Inputs,
    model: _Model = "",
    labels: _Labels = "",
    template: _Template = [],  # noqa: B006  (typer copies it)
    examples: _Examples = None,
    modality: Annotated[
        ModalityName | None,
        typer.Option("--modality", help="Only this one; text has to be asked for."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Labels of an item.")] = 5,
    temperature: _Temperature = None,
    alpha: _Alpha = 0.5,
    normalize_members: Annotated[
        bool,
        typer.Option("--normalize-members", help="Unit length for examples before their mean."),
    ] = False,
    out: _Out = None,
    seed: SeedOption = 0,
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Print the nearest labels of each item, with cosine and probability.

    Where items lie in folders called like labels, or a table or workspace names their concepts,
    accuracies and the most frequent mistakes follow. What cannot be used is listed at the end.
    """
    from pentad.cli.classify_output import check_out, print_json, print_result, write_out
    from pentad.cli.progress import make_progress
    from pentad.pipeline.classify import ClassifyOptions
    from pentad.pipeline.classify import classify as classified

    if out is not None:
        check_out(out)
    result = classified(
        inputs,
        _loaded(model),
        labels=labels or None,
        templates=template or None,
        examples=examples,
        modality=modality.value if modality else None,
        options=ClassifyOptions(top, temperature, alpha, normalize_members, seed, workers),
        progress=make_progress(),
    )
    if out is not None:
        write_out(out, result)
    if json:
        print_json(result)
    else:
        print_result(result)


def _loaded(name: str) -> str | AnyModel | None:
    from pentad.cli.user_function import is_function, load_function

    if not name:
        return None
    return load_function(name) if is_function(name) else name
