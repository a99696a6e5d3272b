"""Models of open_clip, such as PE-Core and MobileCLIP 2: captions, pictures, frames, views.

Ilharco et al. 2021, "OpenCLIP"; Bolya et al. 2025, "Perception Encoder"; Faghri et al. 2025,
"MobileCLIP2".

The package needs a torchvision that fits the installed torch. Where Pentad's tests run there is
none, so they use a stand-in for the package (``tests/encoders/families/standins.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.families.folder import read_json
from pentad.encoders.families.network import Feed
from pentad.encoders.families.optional import imported
from pentad.encoders.families.transformed import Transformed, plain_row
from pentad.encoders.families.vision import PICTURE_MODALITIES, PICTURE_TYPES
from pentad.media.types import DecodeOptions

if TYPE_CHECKING:
    import torch

CONFIG = "open_clip_config.json"
_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "model.safetensors",
)


class OpenClip:
    """A `Network` of a text tower and an image tower; videos are frames, points are views."""

    family = "open-clip"
    version = 1
    modalities = (Modality.TEXT, *PICTURE_MODALITIES)
    normalize = "l2"

    def __init__(self, folder: Path) -> None:
        package = library()
        config = read_json(folder / CONFIG)
        _require_weights(folder, _WEIGHTS)
        source = f"local-dir:{folder}"
        model, transform = package.create_model_from_pretrained(
            source, precision="fp32", device="cpu"
        )
        self._model: Any = model.float().eval().requires_grad_(False)
        self.module: torch.nn.Module = self._model
        self._tokenizer = package.get_tokenizer(source)
        self._lock = Lock()
        self._pictures = Transformed(transform)
        self.dim = self._tried_dim()
        self.preprocessing: Mapping[str, object] = {
            "open_clip": config.get("preprocess_cfg"),
            "context_length": getattr(self._tokenizer, "context_length", None),
            **self._pictures.settings,
        }

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return str if modality is Modality.TEXT else PICTURE_TYPES[modality]

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return self._pictures.decode_options(modality)

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row for a caption, and one for every picture."""
        if modality is not Modality.TEXT:
            return self._pictures.feeds(item)
        with self._lock:
            return [{"text": plain_row(self._tokenizer([item])[0])}]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), projected and not normalised."""
        if modality is Modality.TEXT:
            text: torch.Tensor = self._model.encode_text(batch["text"], normalize=False)
            return text
        pictures: torch.Tensor = self._model.encode_image(batch["image"], normalize=False)
        return pictures

    def _tried_dim(self) -> int:
        import torch

        with torch.inference_mode():
            tokens = self._tokenizer(["a"])
            return int(self._model.encode_text(tokens, normalize=False).shape[1])


def load_open_clip(folder: Path) -> OpenClip:
    """Return the open_clip model in a folder.

    Args:
        folder: As the hub holds it: ``open_clip_config.json``, safetensors, tokenizer.

    Raises:
        MissingExtra: open_clip is not installed, or cannot be imported.
        InputError: The folder holds no complete model.
    """
    return OpenClip(folder)


def hub_name_of(model: str, tag: str) -> str:
    """Return where the hub holds what open_clip calls a model with a pretrained tag.

    Examples:
        ``hub_name_of("PE-Core-L-14-336", "meta")`` is ``"timm/PE-Core-L-14-336"``, which
        ``get_encoder("hf:timm/PE-Core-L-14-336")`` loads.

    Raises:
        MissingExtra: open_clip is not installed, or cannot be imported.
        InputError: It knows no such model or tag, or its weights are not on the hub.
    """
    package = library()
    tags = package.list_pretrained_tags_by_model(model)
    if tag not in tags:
        raise InputError(
            f"open_clip has no pretrained tag {tag!r} of {model!r}",
            expected=", ".join(tags) or "a model that open_clip.list_models() names",
        )
    repo = str(package.get_pretrained_cfg(model, tag).get("hf_hub") or "").strip("/")
    if repo.count("/") != 1:
        raise InputError(f"the weights of {model!r} with {tag!r} are not on the hub by themselves")
    return repo


def library() -> Any:
    """Return the package.

    Raises:
        MissingExtra: It is not installed, or cannot be imported.
    """
    return imported("open_clip", package="open-clip-torch", extra="open-clip")


def _require_weights(folder: Path, names: tuple[str, ...]) -> None:
    """Refuse a folder without weights under a name that the library prefers to any pickle."""
    if not any((folder / name).is_file() for name in names):
        raise InputError("holds no weights to load", file=folder, expected=" or ".join(names))
