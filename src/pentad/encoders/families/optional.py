"""Packages that a family needs and that come with an extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pentad.core.errors import MissingExtra, PentadError


class BrokenExtra(MissingExtra):
    """A package of an extra is installed and cannot be imported."""

    def __init__(self, package: str, extra: str, why: str) -> None:
        self.package = package
        self.extra = extra
        PentadError.__init__(
            self,
            f"{package} is installed and cannot be imported ({why}); reinstall it and what it "
            f"needs, in versions that fit one another: pip install 'pentad[{extra}]'",
        )


def imported(module: str, *, package: str, extra: str) -> Any:
    """Return a module of a package that is no plain dependency.

    Args:
        module: What is imported.
        package: What the package index calls it.
        extra: The extra of Pentad that installs it.

    Raises:
        MissingExtra: It is not installed.
        BrokenExtra: It is, and fails when it is imported, as packages do beside a torchvision that
            was built for another torch.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module.partition(".")[0]:
            raise MissingExtra(package, extra) from None
        raise BrokenExtra(package, extra, _why(error)) from error
    except (ImportError, AttributeError, RuntimeError, OSError) as error:
        raise BrokenExtra(package, extra, _why(error)) from error


def _why(error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {line}"[:200]
