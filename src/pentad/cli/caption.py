"""``pentad caption``: captions that a model writes, marked as such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption, ModalityName, WorkersOption, WorkspaceArgument

if TYPE_CHECKING:
    from pentad.pipeline.captioning.step import CaptionSummary

_MODELS = "minicpm-v, hf:USER/NAME, the path of a folder, or openai:MODEL with --endpoint."
_SERVED = "Where openai:MODEL is served, such as http://localhost:8000/v1."

KindOption = Annotated[
    ModalityName, typer.Option("--modality", help="What to describe: image, video or points.")
]
CaptionerOption = Annotated[str, typer.Option("-m", "--model", metavar="NAME", help=_MODELS)]
PromptOption = Annotated[
    str | None, typer.Option("--prompt", help="What to ask; default one sentence.")
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="Most items to try in this run.")
]
TokensOption = Annotated[
    int, typer.Option("--max-tokens", min=1, help="How long a caption may be.")
]
PlaceOption = Annotated[
    str | None, typer.Option("--device", help="cpu, auto, or a device of torch: cuda, cuda:1.")
]
NumberOption = Annotated[
    str | None, typer.Option("--dtype", help="auto, float32, bfloat16 or float16.")
]
BatchOption = Annotated[
    int | None,
    typer.Option("--batch-size", min=1, help="Items, or requests to an endpoint, at a time."),
]
EndpointOption = Annotated[str | None, typer.Option("--endpoint", metavar="URL", help=_SERVED)]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Name of the source; default generated-MODEL.")
]
RetryOption = Annotated[bool, typer.Option("--retry-failed", help="Try again what was refused.")]


def caption(  # noqa: PLR0913, PLR0917  (one for each option)
    workspace: WorkspaceArgument,
    modality: KindOption,
    model: CaptionerOption,
    prompt: PromptOption = None,
    limit: LimitOption = None,
    max_tokens: TokensOption = 128,
    device: PlaceOption = None,
    dtype: NumberOption = None,
    batch_size: BatchOption = None,
    endpoint: EndpointOption = None,
    name: NameOption = None,
    retry_failed: RetryOption = False,
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Let a model describe items that it has not described yet.

    Its captions join the workspace as a source of their own, with model and prompt beside each. A
    key for an endpoint comes from PENTAD_API_KEY, else OPENAI_API_KEY. Running it again goes on.
    """
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.pipeline.captioning.choose import Choice
    from pentad.pipeline.captioning.step import caption_step

    summary = caption_step(
        workspace,
        modality=modality.value,
        model=model,
        prompt=prompt,
        name=name,
        limit=limit,
        choice=Choice(max_tokens, batch_size, device, dtype, endpoint),
        retry_failed=retry_failed,
        workers=workers,
        progress=make_progress(),
    )
    if json:
        emit(summary.to_json())
    else:
        _print(summary)
    next_step(f"pentad embed {workspace}")


def _print(summary: CaptionSummary) -> None:
    from pentad.cli.output import print_table
    from pentad.cli.results import print_rejections

    row = summary.to_json()
    header = ("modality", "source", "captioned", "kept", "left", "distinct")
    counts = [row[each] for each in header]
    print_table((*header, "rejected"), [(*counts, len(summary.rejected))])
    print_rejections(summary.rejected)
