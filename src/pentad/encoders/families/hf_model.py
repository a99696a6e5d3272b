"""Loading a model of transformers from a folder, and nothing but its numbers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.encoders.families.folder import require_safetensors
from pentad.encoders.families.why import why

if TYPE_CHECKING:
    import torch

_MISSING_SHOWN = 3


def load_hf_model(
    folder: Path, class_name: str, *, config: Any = None, **options: Any
) -> torch.nn.Module:
    """Return a model of the class ``transformers.<class_name>``, float32, in evaluation mode.

    Args:
        folder: Where ``config.json`` and ``*.safetensors`` lie.
        class_name: The class; named, not guessed, so that a config cannot choose another.
        config: The class's config, where the folder's is that of a larger model around it.
        options: More arguments of the class.

    Raises:
        InputError: There are no safetensors, they are damaged, or lack numbers of the model.
    """
    import torch
    import transformers

    require_safetensors(folder)
    kind = getattr(transformers, class_name)
    if config is not None:
        options["config"] = config
    try:
        with quiet():
            model, report = kind.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                ignore_mismatched_sizes=True,  # they are told apart and refused below
                output_loading_info=True,
                **options,
            )
    except Exception as error:
        raise InputError(f"cannot be loaded as {class_name} ({why(error)})", file=folder) from error
    _require_whole(folder, report)
    module: torch.nn.Module = model.eval().requires_grad_(False)
    return module


def _require_whole(folder: Path, report: dict[str, Any]) -> None:
    """Refuse a model of which numbers are missing: they would be random."""
    for name, seen, wanted in sorted(report.get("mismatched_keys", ())):
        raise InputError(
            f"its weights do not fit its config: {name} is of another shape",
            file=folder,
            expected=_shape(wanted),
            seen=_shape(seen),
        )
    missing = sorted(map(str, report.get("missing_keys", ())))
    if missing:
        more = f" and {len(missing) - _MISSING_SHOWN} more" if len(missing) > _MISSING_SHOWN else ""
        shown = ", ".join(missing[:_MISSING_SHOWN])
        raise InputError(
            f"its weights lack {shown}{more}; they are those of another model",
            file=folder,
        )


def _shape(size: Iterable[int]) -> str:
    return " x ".join(map(str, size))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the library's progress bars and reports off the screen."""
    from transformers.utils import logging as theirs

    logger = logging.getLogger("transformers")
    level, bars = logger.level, theirs.is_progress_bar_enabled()
    logger.setLevel(logging.ERROR)
    theirs.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logger.setLevel(level)
        if bars:
            theirs.enable_progress_bar()  # type: ignore[no-untyped-call]
