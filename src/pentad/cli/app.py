"""The verbs, in the order a newcomer meets them."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.add import add
from pentad.cli.benchmark import benchmark
from pentad.cli.build import build
from pentad.cli.caption import caption
from pentad.cli.classify import classify
from pentad.cli.compare import compare
from pentad.cli.diagnose import diagnose
from pentad.cli.embed import embed
from pentad.cli.emm1 import emm1_app
from pentad.cli.encoders import encoders_app
from pentad.cli.eshot import eshot_app
from pentad.cli.evaluate import evaluate
from pentad.cli.export import export
from pentad.cli.group import group
from pentad.cli.import_ import import_
from pentad.cli.info import info
from pentad.cli.init import init
from pentad.cli.leakage import leakage
from pentad.cli.list import list_names
from pentad.cli.map import map_items
from pentad.cli.neighbors import neighbors
from pentad.cli.quickstart import quickstart
from pentad.cli.report import report
from pentad.cli.score import score
from pentad.cli.search import search
from pentad.cli.similarity import similarity_app
from pentad.cli.train import train
from pentad.cli.unpack import unpack
from pentad.cli.verify import verify

app = typer.Typer(
    name="pentad",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "From folders of captioned media to groups, a model over five modalities, its scores "
        "and a search."
    ),
    epilog="--debug anywhere on the line shows the traceback of an error.",
)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"pentad {version('pentad')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


for _verb in (
    quickstart,
    build,
    search,
    classify,
    evaluate,
    benchmark,
    compare,
    report,
    leakage,
    diagnose,
    score,
    unpack,
    init,
    add,
    caption,
    embed,
    neighbors,
    group,
    train,
    info,
    verify,
):
    app.command()(_verb)
app.command("list")(list_names)
app.command("import")(import_)
app.command("export")(export)
app.command("map")(map_items)
app.add_typer(encoders_app, name="encoders")
app.add_typer(emm1_app, name="emm1")
app.add_typer(eshot_app, name="eshot")
app.add_typer(similarity_app, name="similarity")
