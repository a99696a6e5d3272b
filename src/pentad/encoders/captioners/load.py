"""Captioners by name: presets, models of the hub, folders."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, PentadError, UnknownName
from pentad.encoders.captioners.huggingface import HuggingFaceCaptioner
from pentad.encoders.captioners.places import Found, Notice, in_folder, on_hub
from pentad.encoders.captioners.presets import PRESETS
from pentad.encoders.families.device import DTYPES, Placement, placement
from pentad.encoders.families.hf_model import quiet
from pentad.encoders.families.hub import parse_hub_name

AUTO = "auto"
BATCH = 8
MAX_TOKENS = 128
_HUB = "hf:"
_SHOWN = 3


def load_captioner(
    spec: str,
    *,
    device: str = "cpu",
    dtype: str = AUTO,
    batch_size: int = BATCH,
    max_tokens: int = MAX_TOKENS,
    notice: Notice = lambda _: None,
) -> HuggingFaceCaptioner:
    """Return a captioner that runs here.

    Args:
        spec: A preset's name, ``hf:USER/NAME`` or ``hf:USER/NAME@REVISION``, or the path of a
            folder as ``save_pretrained`` writes it.
        device: ``cpu``, ``auto``, or a device of torch.
        dtype: ``auto``: float32 on the processor, elsewhere what the weights are stored in; or
            ``float32``, ``bfloat16``, ``float16``.
        batch_size: How many items go through the network together.
        max_tokens: How long a caption may be.
        notice: Told of licence and size before anything is fetched.

    Raises:
        UnknownName: There is no such preset.
        InputError: The model cannot be had or used, or an argument is wrong.
    """
    if batch_size < 1 or max_tokens < 1:
        seen = f"batch_size={batch_size}, max_tokens={max_tokens}"
        raise InputError("batch size and tokens must be at least 1", seen=seen)
    if dtype not in (AUTO, *DTYPES):
        raise InputError("wrong dtype", expected=", ".join((AUTO, *DTYPES)), seen=repr(dtype))
    place = placement(device, None, Placement())
    name, found = _find(spec, notice)
    numbers = ("float32" if place.on_cpu else AUTO) if dtype == AUTO else dtype
    processor, network = _load(found, place.device, numbers)
    return HuggingFaceCaptioner(
        processor, network, found, name=name, max_tokens=max_tokens, batch_size=batch_size
    )


def short_name(model: str) -> str:
    """Return what a source of captions may be called after a model.

    Examples:
        >>> short_name("HuggingFaceTB/SmolVLM2 500M")
        'smolvlm2-500m'
    """
    name = re.sub(r"[^a-z0-9._]+", "-", model.rstrip("/").rpartition("/")[2].lower())
    return name.strip("-._") or "model"


def _find(spec: str, notice: Notice) -> tuple[str, Found]:
    if spec in PRESETS:
        preset = PRESETS[spec]
        for package in preset.needs:
            if find_spec(package) is None:
                raise InputError(_lacking(preset.repo, package))
        return spec, on_hub(parse_hub_name(preset.repo), preset.licence, notice)
    if spec.startswith(_HUB):
        hub = parse_hub_name(spec.removeprefix(_HUB))
        return short_name(hub.repo), on_hub(hub, "", notice)
    if "/" in spec or spec.startswith((".", "~")) or Path(spec).is_dir():
        folder = Path(spec).expanduser().resolve()
        return short_name(folder.name), in_folder(folder)
    raise UnknownName("captioner", spec, PRESETS)


def _load(found: Found, device: str, dtype: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with quiet():
            read: Any = AutoProcessor.from_pretrained
            processor = read(found.folder, **safe)
            read = AutoModelForImageTextToText.from_pretrained
            network, report = read(
                found.folder,
                use_safetensors=True,
                dtype=AUTO if dtype == AUTO else getattr(torch, dtype),
                output_loading_info=True,
                **safe,
            )
    except PentadError:
        raise
    except ImportError as error:
        raise InputError(_not_imported(found.model, error)) from error
    except Exception as error:  # whatever a library raises over a damaged folder
        line = next(iter(str(error).splitlines()), type(error).__name__)[:200]
        raise InputError(f"the model cannot be loaded ({line})", file=found.folder) from error
    missing = sorted(map(str, report.get("missing_keys", ())))
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        shown = ", ".join(missing[:_SHOWN])
        raise InputError(f"its weights lack {shown}{more}", file=found.folder)
    return processor, network.to(device).eval().requires_grad_(False)


def _not_imported(model: str, error: ImportError) -> str:
    """Return which package is missing, as one line."""
    text = " ".join(str(error).split())
    named = re.search(r"torchvision|torchaudio|timm|num2words|sentencepiece|protobuf", text, re.I)
    package = error.name or (named[0].lower() if named else "")
    return _lacking(model, package) if package else f"{model} cannot be loaded ({text[:200]})"


def _lacking(model: str, package: str) -> str:
    return (
        f"the processor of {model} needs {package}, which cannot be imported; "
        f"pip install {package} (one that fits the torch that is installed)"
    )
