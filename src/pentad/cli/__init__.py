"""The command line: each verb parses, calls one library function, and prints."""

from __future__ import annotations

import os
import sys
import traceback

_INTERRUPTED = 130


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit code 1."""
    arguments = [a for a in sys.argv[1:] if a != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        _run(arguments)
    except SystemExit as ending:
        if ending.code == _INTERRUPTED:  # typer has made this of a KeyboardInterrupt
            sys.stderr.write("interrupted; run the same command again to go on\n")
        raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if debug or not _is_users(error):
            traceback.print_exc()
        if _is_users(error):
            sys.stderr.write(f"error: {_line(error)}\n")
        sys.exit(1)


def _run(arguments: list[str]) -> None:
    from pentad.cli.app import app
    from pentad.cli.notices import showing_notices

    with showing_notices():
        app(arguments, prog_name="pentad")


def _is_users(error: Exception) -> bool:
    from pentad.core.errors import PentadError

    return isinstance(error, PentadError | OSError)


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())
