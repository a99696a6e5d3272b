"""A tiny model with random numbers of every family, saved as its library saves it."""

from __future__ import annotations

import json
import string
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.encoders.families.tiny import clip_folder, save_tokenizer

SIDE = 32
_TOWER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
_VISION = _TOWER | {"image_size": SIDE, "patch_size": 8}


def _text(words: int, most: int = 77, **more: object) -> dict[str, object]:
    ends = {"bos_token_id": 1, "eos_token_id": words - 1, "pad_token_id": 0}
    return _TOWER | ends | {"vocab_size": words, "max_position_embeddings": most} | more


def _saved(model: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    return folder


def _lively(model: Any, spread: float = 0.1) -> Any:
    """Fill a model with larger numbers than it starts with, so that inputs differ in vectors."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=spread)
    return model


def _seeded(seed: int) -> None:
    import torch

    torch.manual_seed(seed)


def _save_letters(folder: Path) -> int:
    """Write a tokenizer of letters as beside a SigLIP 2; return how many there are."""
    from transformers import GemmaTokenizer

    names = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *string.ascii_letters, *",.!"]
    GemmaTokenizer(
        vocab={name: number for number, name in enumerate(names)},
        merges=[],
        add_bos_token=False,
        add_eos_token=True,
        padding_side="right",
        model_input_names=["input_ids"],
    ).save_pretrained(folder)
    return len(names)


def siglip_folder(folder: Path, *, seed: int = 0, second: bool = False) -> Path:
    """Write a SigLIP model, or a SigLIP 2 for pictures of one size."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    words = _save_letters(folder) if second else save_tokenizer(folder, most=64)
    _seeded(seed)
    config = SiglipConfig(text_config=_text(words, 64), vision_config=_VISION)
    SiglipImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return _saved(SiglipModel(config), folder)


def square_siglip2_folder(folder: Path, *, seed: int = 0) -> Path:
    return siglip_folder(folder, seed=seed, second=True)


def siglip2_folder(folder: Path, *, seed: int = 0) -> Path:
    from transformers import Siglip2Config, Siglip2ImageProcessor, Siglip2Model

    words = _save_letters(folder)
    _seeded(seed)
    vision = _TOWER | {"num_patches": 16, "patch_size": 8}
    config = Siglip2Config(text_config=_text(words, 64), vision_config=vision)
    Siglip2ImageProcessor(patch_size=8, max_num_patches=16).save_pretrained(folder)
    return _saved(Siglip2Model(config), folder)


def metaclip2_folder(folder: Path, *, seed: int = 0) -> Path:
    from transformers import CLIPImageProcessor, MetaClip2Config, MetaClip2Model

    words = save_tokenizer(folder)
    _seeded(seed)
    config = MetaClip2Config(text_config=_text(words), vision_config=_VISION, projection_dim=16)
    CLIPImageProcessor(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    ).save_pretrained(folder)
    return _saved(MetaClip2Model(config), folder)


def clap_folder(folder: Path, *, seed: int = 0, fused: bool = False) -> Path:
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

    words = save_tokenizer(folder, most=64)
    _seeded(seed)
    audio = {
        "patch_embeds_hidden_size": 8,
        "depths": [1, 1],
        "num_attention_heads": [2, 2],
        "hidden_size": 16,
        "enable_fusion": fused,
        "fusion_type": "aff_2d",
        "aff_block_r": 2,
    }
    config = ClapConfig(text_config=_text(words, 66), audio_config=audio, projection_dim=16)
    ClapFeatureExtractor(truncation="fusion" if fused else "rand_trunc").save_pretrained(folder)
    return _saved(ClapModel(config), folder)


def fused_clap_folder(folder: Path, *, seed: int = 0) -> Path:
    return clap_folder(folder, seed=seed, fused=True)


def xclip_folder(folder: Path, *, seed: int = 0) -> Path:
    from transformers import VideoMAEImageProcessor, XCLIPConfig, XCLIPModel

    words = save_tokenizer(folder)
    _seeded(seed)
    mit = {
        "mit_hidden_size": 16,
        "mit_intermediate_size": 32,
        "mit_num_hidden_layers": 1,
        "mit_num_attention_heads": 4,
        "num_frames": 4,
    }
    config = XCLIPConfig(
        text_config=_text(words),
        vision_config=_VISION | mit,
        projection_dim=16,
        prompt_num_attention_heads=4,
    )
    VideoMAEImageProcessor(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    ).save_pretrained(folder)
    return _saved(XCLIPModel(config), folder)


def pe_audio_folder(folder: Path, *, seed: int = 0) -> Path:
    from transformers import PeAudioConfig, PeAudioFeatureExtractor, PeAudioModel

    words = save_tokenizer(folder)
    _seeded(seed)
    text = _text(words, 77, model_type="modernbert", cls_token_id=1, sep_token_id=words - 1)
    dac = {
        "model_type": "dac",
        "encoder_hidden_size": 2,
        "downsampling_ratios": [4, 4, 5],
        "codebook_dim": 8,
        "hidden_size": 16,
        "hop_length": 80,
    }
    config = PeAudioConfig(
        text_config=text, audio_config=_TOWER | {"head_dim": 8, "dac_config": dac}
    )
    PeAudioFeatureExtractor(sampling_rate=2000, hop_length=80).save_pretrained(folder)
    return _saved(_lively(PeAudioModel(config), 0.3), folder)


def pe_av_folder(folder: Path, *, seed: int = 0) -> Path:
    """Write what a PE-AV checkpoint holds of the half that hears, and something of the rest."""
    import torch
    from safetensors.torch import load_file, save_file

    pe_audio_folder(folder, seed=seed)
    config = json.loads((folder / "config.json").read_text())
    around = {"model_type": "pe_audio_video_encoder", "audio_config": config["audio_config"]}
    _write(
        folder / "config.json",
        {
            "model_type": "pe_audio_video",
            "text_config": config["text_config"],
            "audio_video_config": around,
        },
    )
    held = load_file(folder / "model.safetensors")
    shared = {k: v for k, v in held.items() if k.startswith("text_model.")}
    renamed = {f"audio_model.{k}": v for k, v in held.items() if k not in shared}
    rest = {"audio_video_head.proj.weight": torch.zeros(2, 2)}
    save_file(shared | renamed | rest, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def videoprism_folder(folder: Path, *, seed: int = 0) -> Path:
    from transformers import VideoPrismClipModel, VideoPrismConfig

    words = save_tokenizer(folder, most=64)
    _seeded(seed)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4}
    text = sizes | {"num_hidden_layers": 2, "vocab_size": words, "max_position_embeddings": 64}
    vision = sizes | {
        "image_size": 36,
        "num_frames": 4,
        "num_spatial_layers": 1,
        "num_temporal_layers": 1,
        "num_auxiliary_layers": 1,
    }
    model = VideoPrismClipModel(VideoPrismConfig(text_config=text, vision_config=vision))
    return _saved(_lively(model), folder)


def ast_folder(folder: Path, *, seed: int = 0, classes: int = 5) -> Path:
    """Write an AST model with class names, or its trunk where there are no classes."""
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification, ASTModel

    _seeded(seed)
    names = {"id2label": {n: f"sound {n}" for n in range(classes)}} if classes else {}
    config = ASTConfig(**_TOWER, max_length=1024, **names)
    with warnings.catch_warnings():  # its published numbers leave one mel filter empty
        warnings.simplefilter("ignore", UserWarning)
        ASTFeatureExtractor().save_pretrained(folder)
    return _saved((ASTForAudioClassification if classes else ASTModel)(config), folder)


TINY: Mapping[str, Callable[..., Path]] = {
    "clip": clip_folder,
    "siglip": siglip_folder,
    "square siglip2": square_siglip2_folder,
    "siglip2": siglip2_folder,
    "metaclip2": metaclip2_folder,
    "clap": clap_folder,
    "fused clap": fused_clap_folder,
    "xclip": xclip_folder,
    "pe_audio": pe_audio_folder,
    "pe_av": pe_av_folder,
    "videoprism": videoprism_folder,
    "ast": ast_folder,
}
"""Name -> what writes a model of that family into a folder; the folder must be there."""


def _set(file: Path, **values: object) -> None:
    _write(file, json.loads(file.read_text()) | values)


def _write(file: Path, value: Mapping[str, object]) -> None:
    file.write_text(json.dumps(value))
