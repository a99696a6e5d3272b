"""Stand-ins for packages that cannot be imported beside a torch without its torchvision.

They have the functions that Pentad calls, with the arguments that these pages name:
https://github.com/mlfoundations/open_clip (README, "Loading models" and "Pretrained models") and
https://huggingface.co/docs/timm (quickstart, "Feature extraction", hub). What is inside is made up:
weights are one matrix a tower, tokens are letters.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

SIDE, LETTERS, CONTEXT = 16, 128, 12


class Shrink:
    """What both packages hand out: a function from a picture to (3, side, side)."""

    def __init__(self, mean: float) -> None:
        self.mean = mean

    def __call__(self, picture: Any) -> Any:
        import torch

        small = picture.convert("RGB").resize((SIDE, SIDE))
        values = np.asarray(small, dtype=np.float32).transpose(2, 0, 1) / 255 - self.mean
        return torch.from_numpy(np.ascontiguousarray(values))

    def __repr__(self) -> str:
        return f"Compose(<function shrink at {id(self):#x}>, Normalize({self.mean}))"


def open_clip() -> ModuleType:
    """Return a module with what Pentad uses of open_clip."""
    import torch
    from safetensors.torch import load_file

    class Model(torch.nn.Module):
        def __init__(self, weights: dict[str, Any]) -> None:
            super().__init__()
            self.text = torch.nn.Parameter(weights["text"])
            self.visual = torch.nn.Parameter(weights["visual"])

        def encode_image(self, image: Any, normalize: bool = False) -> Any:
            return image.flatten(1) @ self.visual

        def encode_text(self, text: Any, normalize: bool = False) -> Any:
            counts = torch.nn.functional.one_hot(text, LETTERS).sum(dim=1).to(self.text.dtype)
            return counts @ self.text

    class Tokenizer:
        context_length = CONTEXT

        def __call__(self, texts: list[str]) -> Any:
            rows = [[ord(c) % LETTERS for c in text.ljust(CONTEXT)[:CONTEXT]] for text in texts]
            return torch.tensor(rows, dtype=torch.long)

    def create_model_from_pretrained(
        model_name: str,
        pretrained: str | None = None,
        precision: str = "fp32",
        device: str = "cpu",
        return_transform: bool = True,
    ) -> Any:
        schema, _, place = model_name.partition(":")
        if schema != "local-dir" or precision != "fp32" or device != "cpu":
            raise AssertionError(model_name)
        config = json.loads((Path(place) / "open_clip_config.json").read_text())
        model = Model(load_file(Path(place) / "open_clip_model.safetensors"))
        return model, Shrink(config["preprocess_cfg"]["mean"][0])

    def get_tokenizer(model_name: str = "") -> Any:
        return Tokenizer()

    tags = {"PE-Core-L-14-336": {"meta": {"hf_hub": "timm/PE-Core-L-14-336/", "url": ""}}}
    tags["RN50"] = {"yfcc15m": {"hf_hub": "", "url": "https://example.org/x.pt"}}
    return _module(
        "open_clip",
        create_model_from_pretrained=create_model_from_pretrained,
        get_tokenizer=get_tokenizer,
        list_pretrained_tags_by_model=lambda model: list(tags.get(model, {})),
        get_pretrained_cfg=lambda model, tag: tags.get(model, {}).get(tag, {}),
    )


def timm() -> ModuleType:
    """Return a module with what Pentad uses of timm."""
    import torch
    from safetensors.torch import load_file

    class Trunk(torch.nn.Module):
        def __init__(self, weights: dict[str, Any], classes: int | None) -> None:
            super().__init__()
            self.stem = torch.nn.Parameter(weights["stem"])
            self.head = None if classes == 0 else torch.nn.Parameter(weights["head"])

        def forward(self, image: Any) -> Any:
            features = image.flatten(1) @ self.stem
            return features if self.head is None else features @ self.head

    def create_model(
        model_name: str, pretrained: bool = False, num_classes: int | None = None
    ) -> Any:
        schema, _, place = model_name.partition(":")
        if schema != "local-dir" or not pretrained:
            raise AssertionError(model_name)
        return Trunk(load_file(Path(place) / "model.safetensors"), num_classes)

    def create_transform(
        input_size: Any, is_training: bool = False, mean: Any = (0.5,), **rest: Any
    ) -> Any:
        if is_training:
            raise AssertionError
        return Shrink(mean[0])

    data = _module(
        "timm.data",
        resolve_model_data_config=lambda model: {"input_size": (3, SIDE, SIDE), "mean": (0.25,)},
        create_transform=create_transform,
    )
    return _module("timm", create_model=create_model, data=data)


def open_clip_folder(folder: Path, *, dim: int = 10) -> Path:
    """Write a model for the stand-in of open_clip."""
    from safetensors.numpy import save_file

    folder.mkdir()
    rng = np.random.default_rng(0)
    weights = {
        "text": rng.normal(size=(LETTERS, dim)).astype(np.float32),
        "visual": rng.normal(size=(3 * SIDE * SIDE, dim)).astype(np.float32),
    }
    save_file(weights, folder / "open_clip_model.safetensors")
    config = {"model_cfg": {"embed_dim": dim}, "preprocess_cfg": {"mean": [0.5, 0.5, 0.5]}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


def timm_folder(folder: Path, *, dim: int = 7) -> Path:
    """Write a model for the stand-in of timm."""
    from safetensors.numpy import save_file

    folder.mkdir()
    rng = np.random.default_rng(1)
    weights = {
        "stem": rng.normal(size=(3 * SIDE * SIDE, dim)).astype(np.float32),
        "head": rng.normal(size=(dim, 3)).astype(np.float32),
    }
    save_file(weights, folder / "model.safetensors")
    config = {"architecture": "resnet10t", "num_features": dim, "pretrained_cfg": {}}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def _module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made
