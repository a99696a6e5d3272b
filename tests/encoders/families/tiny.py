"""Tiny models with random numbers, saved as their libraries save them."""

from __future__ import annotations

from pathlib import Path

WORDS = [
    "a",
    "red",
    "ball",
    "on",
    "wet",
    "grass",
    "while",
    "the",
    "dog",
    "runs",
    "blue",
    "cat",
    "sings",
    "in",
    "small",
    "house",
    "with",
    "loud",
    "rain",
    "and",
    "photo",
    "of",
    "sound",
    "this",
    "is",
    "man",
    "woman",
    "plays",
    "guitar",
    "car",
    "engine",
    "bird",
]


def save_tokenizer(folder: Path, *, most: int = 77, bos: str = "<s>", eos: str = "</s>") -> int:
    """Write a tokenizer of whole words; return how many there are."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = ["<pad>", bos, "<unk>", "<mask>", *WORDS, eos]
    vocabulary = {name: number for number, name in enumerate(names)}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [(bos, vocabulary[bos]), (eos, vocabulary[eos])]
    made.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}", special_tokens=ends
    )
    PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token=bos,
        eos_token=eos,
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=most,
    ).save_pretrained(folder)
    return len(names)


def clip_folder(folder: Path, *, seed: int = 0, **config: object) -> Path:
    """Write a CLIP model of two layers that sees pictures of 32 x 32."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    words = save_tokenizer(folder)
    torch.manual_seed(seed)
    tower = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }
    text = tower | {
        "vocab_size": words,
        "max_position_embeddings": 77,
        "bos_token_id": 1,
        "eos_token_id": words - 1,
    }
    vision = tower | {"image_size": 32, "patch_size": 8}
    made = CLIPConfig(text_config=text, vision_config=vision, projection_dim=16, **config)
    CLIPModel(made).save_pretrained(folder)
    CLIPImageProcessor(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(folder)
    return folder
