"""``pentad emm1``: the published data set, from its tables to files that can be trained on."""

from __future__ import annotations

import typer

from pentad.cli.emm1.clouds import clouds
from pentad.cli.emm1.convert import convert
from pentad.cli.emm1.download import download
from pentad.cli.emm1.export import export
from pentad.cli.emm1.groups import groups
from pentad.cli.emm1.info import info
from pentad.cli.emm1.pull import pull
from pentad.cli.emm1.report import report
from pentad.cli.emm1.triplets import triplets

emm1_app = typer.Typer(
    name="emm1",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The E-MM1 data set: groups, rated triplets and EShot, in any of its layouts.",
)

for _verb in (pull, info, groups, triplets, report, download, clouds, convert, export):
    emm1_app.command()(_verb)
