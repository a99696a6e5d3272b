"""``module:function``: code of the user's own, given on the command line."""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, PentadError

_SPEC = re.compile(r"(?!onnx:|hf:)[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def is_function(spec: str) -> bool:
    """Return whether a model is named as ``module:function``.

    Examples:
        >>> is_function("my_model:embed"), is_function("onnx:folder"), is_function("a/b:c")
        (True, False, False)
    """
    return _SPEC.fullmatch(spec) is not None


def load_function(spec: str) -> Callable[..., Any]:
    """Import the function that ``spec`` names; the current folder is searched first.

    What the function raises when it is called becomes an error of one line that names it.

    Raises:
        InputError: The module or the function cannot be had, or is no function.
    """
    module_name, _, path = spec.partition(":")
    with _reported(spec), _current_folder():
        found: Any = importlib.import_module(module_name)
        for name in path.split("."):
            found = getattr(found, name)
    if not callable(found):
        raise InputError(f"{spec} is no function", seen=type(found).__name__)

    @functools.wraps(found, assigned=("__doc__",), updated=())
    def call(*args: Any, **options: Any) -> Any:
        with _reported(spec), _current_folder():
            return found(*args, **options)

    call.__module__, call.__qualname__ = module_name, path
    return call


@contextmanager
def _current_folder() -> Iterator[None]:
    """Search the current folder for modules, and keep stdout for results, while the code runs."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if here in sys.path:
            sys.path.remove(here)


@contextmanager
def _reported(spec: str) -> Iterator[None]:
    try:
        yield
    except (Exception, SystemExit) as error:
        text = str(error) if isinstance(error, PentadError) else f"{type(error).__name__}: {error}"
        raise InputError(f"{spec}: {text}; --debug shows where") from error
