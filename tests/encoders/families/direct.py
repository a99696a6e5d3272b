"""What the libraries' own classes make of inputs, called as their documentation says.

Nothing here goes through Pentad, so that its vectors can be compared with these.
"""

from __future__ import annotations

import re
import string
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image as Pillow

from pentad.media.types import Audio, Image, Video, Views

Vectors = NDArray[np.float32]


def direct(name: str, folder: Path, modality: str, inputs: Sequence[Any]) -> Vectors:
    """Return (inputs, dim), not normalised."""
    with torch.no_grad():
        return np.asarray(_OF[name](folder, modality, inputs))


def _towers(
    model_class: str, processor_class: str, **options: Any
) -> Callable[[Path, str, Sequence[Any]], torch.Tensor]:
    def run(folder: Path, modality: str, inputs: Sequence[Any]) -> torch.Tensor:
        model = getattr(transformers, model_class).from_pretrained(folder).eval()
        if modality == "text":
            return model.get_text_features(**_tokens(folder, inputs, 77)).pooler_output
        processor = getattr(transformers, processor_class).from_pretrained(folder)
        rows = []
        for item in inputs:
            made = processor(images=_pictures(item), return_tensors="pt", **options)
            rows.append(model.get_image_features(**made).pooler_output.mean(dim=0))
        return torch.stack(rows)

    return run


def _sigmoid(
    model_class: str, processor_class: str, *, dropped: str, **options: Any
) -> Callable[[Path, str, Sequence[Any]], torch.Tensor]:
    towers = _towers(model_class, processor_class, **options)

    def run(folder: Path, modality: str, inputs: Sequence[Any]) -> torch.Tensor:
        if modality != "text":
            return towers(folder, modality, inputs)
        model = getattr(transformers, model_class).from_pretrained(folder).eval()
        lower = [text.lower() for text in inputs]
        if dropped:
            lower = [re.sub(f"[{re.escape(dropped)}]", "", text) for text in lower]
        tokens = _tokenizer(folder)(
            lower, padding="max_length", max_length=64, truncation=True, return_tensors="pt"
        )
        return model.get_text_features(input_ids=tokens["input_ids"]).pooler_output

    return run


def _clap(folder: Path, modality: str, inputs: Sequence[Any]) -> torch.Tensor:
    model = transformers.ClapModel.from_pretrained(folder).eval()
    if modality == "text":
        return model.get_text_features(**_tokens(folder, inputs, 64)).pooler_output
    extractor = transformers.ClapFeatureExtractor.from_pretrained(folder)
    rows = []
    for sound in inputs:
        starts = range(0, len(sound.samples), 480_000)
        parts = [sound.samples[start : start + 480_000] for start in starts]
        made = extractor(parts, sampling_rate=48_000, return_tensors="pt")
        made["is_longer"] = torch.zeros(len(parts), 1, dtype=torch.bool)
        rows.append(model.get_audio_features(**made).pooler_output.mean(dim=0))
    return torch.stack(rows)


def _xclip(folder: Path, modality: str, inputs: Sequence[Any]) -> torch.Tensor:
    model = transformers.XCLIPModel.from_pretrained(folder).eval()
    if modality == "text":
        return model.get_text_features(**_tokens(folder, inputs, 77)).pooler_output
    processor = transformers.VideoMAEImageProcessor.from_pretrained(folder)
    videos = [_pictures(item, 4) for item in inputs]
    pixels = [processor(video, return_tensors="pt")["pixel_values"] for video in videos]
    return model.get_video_features(torch.cat(pixels)).pooler_output


def _pe_audio(folder: Path, modality: str, inputs: Sequence[Any]) -> torch.Tensor:
    model = transformers.PeAudioModel.from_pretrained(folder).eval()
    extractor = transformers.PeAudioFeatureExtractor.from_pretrained(folder)
    if modality == "text":
        silence = extractor([np.zeros(2000, np.float32)] * len(inputs), sampling_rate=2000)
        sound = {k: torch.tensor(np.asarray(v)) for k, v in silence.items()}
        return model(**_tokens(folder, inputs, 77), **sound).text_audio_embeds
    rows = []
    for sound in inputs:
        count = -(-len(sound.samples) // 60_000)
        size = -(-len(sound.samples) // count)
        parts = [sound.samples[n * size : (n + 1) * size] for n in range(count)]
        made = extractor(
            parts,
            padding="max_length",
            max_length=-(-size // 2000) * 2000,
            sampling_rate=2000,
            return_tensors="pt",
        )
        ids = torch.ones(count, 3, dtype=torch.int64)
        rows.append(model(input_ids=ids, **made).audio_embeds.mean(dim=0))
    return torch.stack(rows)


def _videoprism(folder: Path, modality: str, inputs: Sequence[Any]) -> torch.Tensor:
    model = transformers.VideoPrismClipModel.from_pretrained(folder).eval()
    if modality == "text":
        plain = [re.sub(r"[^a-z]+", " ", text.lower()).strip() + "." for text in inputs]
        tokens = _tokenizer(folder)(
            plain, padding="max_length", max_length=64, truncation=True, return_tensors="pt"
        )
        tokens.pop("token_type_ids", None)
        return model.get_text_features(**tokens).pooler_output
    videos = [
        [np.asarray(p.resize((36, 36), Pillow.Resampling.BICUBIC)) / 255 for p in _pictures(v, 4)]
        for v in inputs
    ]
    pixels = torch.tensor(np.array(videos), dtype=torch.float32).permute(0, 1, 4, 2, 3)
    return model.get_video_features(pixels).pooler_output.reshape(len(videos), -1)


def _ast(folder: Path, modality: str, inputs: Sequence[Any]) -> torch.Tensor:
    trunk = transformers.ASTForAudioClassification.from_pretrained(folder).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        extractor = transformers.ASTFeatureExtractor.from_pretrained(folder)
    rows = []
    for sound in inputs:
        starts = range(0, len(sound.samples), 163_840)
        parts = [sound.samples[start : start + 163_840] for start in starts]
        made = extractor(parts, sampling_rate=16_000, return_tensors="pt")
        pooled = trunk.audio_spectrogram_transformer(**made).pooler_output
        rows.append(pooled.mean(dim=0))
    return torch.stack(rows)


_OF: dict[str, Callable[[Path, str, Sequence[Any]], torch.Tensor]] = {
    "clip": _towers("CLIPModel", "CLIPImageProcessor"),
    "metaclip2": _towers("MetaClip2Model", "CLIPImageProcessor"),
    "siglip": _sigmoid("SiglipModel", "SiglipImageProcessor", dropped=string.punctuation),
    "square siglip2": _sigmoid("SiglipModel", "SiglipImageProcessor", dropped=""),
    "siglip2": _sigmoid("Siglip2Model", "Siglip2ImageProcessor", dropped="", max_num_patches=16),
    "clap": _clap,
    "fused clap": _clap,
    "xclip": _xclip,
    "pe_audio": _pe_audio,
    "videoprism": _videoprism,
    "ast": _ast,
}


def _tokenizer(folder: Path) -> Any:
    return transformers.AutoTokenizer.from_pretrained(folder)


def _tokens(folder: Path, texts: Sequence[str], most: int) -> dict[str, torch.Tensor]:
    made = _tokenizer(folder)(
        list(texts), padding=True, truncation=True, max_length=most, return_tensors="pt"
    )
    return {name: made[name] for name in ("input_ids", "attention_mask")}


def _pictures(item: Image | Video | Views, count: int = 8) -> list[Pillow.Image]:
    if isinstance(item, Image):
        return [Pillow.fromarray(item.pixels)]
    if isinstance(item, Views):
        return [Pillow.fromarray(pixels) for pixels in item.images]
    have = len(item.frames)
    return [Pillow.fromarray(item.frames[int((n + 0.5) * have / count)]) for n in range(count)]


def inputs_of(modality: str, rate: int | None) -> list[Any]:
    """Return a few different inputs, long and short ones."""
    rng = np.random.default_rng(3)
    if modality == "text":
        return ["a red ball on wet grass", "Dog runs, loud!", "", "car engine bird " * 40, "cat"]
    if modality == "audio":
        hertz = rate or 1
        lengths = [hertz // 3, 2 * hertz + 7, 12 * hertz + 123, 5 * hertz]
        return [Audio(rng.normal(0, 0.1, n).astype(np.float32), hertz) for n in lengths]
    shapes = [(40, 30), (33, 64), (64, 64), (20, 50)]
    made = [_noise(rng, *shape, 1 if modality == "image" else 5) for shape in shapes]
    if modality == "image":
        return [Image(pixels[0]) for pixels in made]
    if modality == "points":
        return [Views(pixels) for pixels in made]
    return [Video(pixels, 5.0) for pixels in made]


def _noise(rng: np.random.Generator, height: int, width: int, count: int) -> NDArray[np.uint8]:
    coarse = rng.integers(0, 256, (count, 4, 4, 3)).astype(np.uint8)
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
    return np.ascontiguousarray(coarse[:, rows][:, :, columns])
