"""Tiny image-text-to-text models with random numbers, saved as their library saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pentad.media.types import Image, Video

TEXT = (
    "a red green blue ball cube cat dog on under near the table grass water small large old new "
    "runs sleeps sings with and two three describe this image in one sentence these are frames of "
    "video order views object user assistant"
)
WORDS = TEXT.split()
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "<image>", "<fake_token_around_image>", "<global-img>")
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }} "
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image> {% else %}{{ part['text'] }} {% endif %}"
    "{% endfor %}{% endfor %}{% if add_generation_prompt %}assistant {% endif %}"
)
BLIP_END = "views"
ENDING = 5
"""Every so manieth word ends a caption, so that captions of a random model have an end."""


def make_tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {name: number for number, name in enumerate([*SPECIAL, *dict.fromkeys(WORDS)])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
    )
    tokenizer.add_tokens(["<image>", *SPECIAL[5:]], special_tokens=True)
    return tokenizer


def ends_of(words: int) -> list[int]:
    return [2, *range(len(SPECIAL), words, ENDING)]


def llama(words: int) -> dict[str, Any]:
    return {
        "vocab_size": words,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "initializer_range": 0.4,
    }


def llava_folder(folder: Path, *, seed: int = 0, template: str | None = TEMPLATE) -> Path:
    """Write a LLaVA of two layers that sees pictures of 16 x 16."""
    import torch
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = make_tokenizer()
    seen = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=16,
        patch_size=8,
        projection_dim=16,
        initializer_range=0.4,
    )
    config = LlavaConfig(
        vision_config=seen,
        text_config=LlamaConfig(**llama(len(tokenizer))),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=4,
    )
    torch.manual_seed(seed)
    network = LlavaForConditionalGeneration(config)
    network.generation_config.eos_token_id = ends_of(len(tokenizer))
    network.generation_config.pad_token_id = 0
    network.save_pretrained(folder)
    LlavaProcessor(
        image_processor=CLIPImageProcessor(
            size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}
        ),
        tokenizer=tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template,
    ).save_pretrained(folder)
    return folder


def idefics_folder(folder: Path, *, seed: int = 0) -> Path:
    """Write an Idefics 3 of two layers, which takes several pictures of any size."""
    import torch
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessor,
        Idefics3Processor,
    )

    tokenizer = make_tokenizer()
    tokenizer.add_tokens(["<end_of_utterance>"], special_tokens=True)
    config = Idefics3Config(
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": 32,
            "patch_size": 8,
            "initializer_range": 0.4,
        },
        text_config={"model_type": "llama", **llama(len(tokenizer)), "pad_token_id": 0},
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=0,
    )
    torch.manual_seed(seed)
    network = Idefics3ForConditionalGeneration(config)
    network.generation_config.eos_token_id = ends_of(len(tokenizer))
    network.generation_config.pad_token_id = 0
    network.save_pretrained(folder)
    Idefics3Processor(
        image_processor=Idefics3ImageProcessor(
            size={"longest_edge": 32}, max_image_size={"longest_edge": 32}, do_image_splitting=False
        ),
        tokenizer=tokenizer,
        image_seq_len=4,
        chat_template=TEMPLATE,
    ).save_pretrained(folder)
    return folder


def blip_folder(folder: Path, *, seed: int = 0) -> Path:
    """Write a BLIP of two layers, which takes one picture and no orders."""
    import torch
    from transformers import (
        BertTokenizerFast,
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessor,
        BlipProcessor,
    )

    names = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "[DEC]", *dict.fromkeys(WORDS)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(names))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
    tokenizer.add_tokens(["[DEC]"], special_tokens=True)
    layers = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "initializer_range": 0.4,
    }
    config = BlipConfig(
        text_config=layers
        | {
            "vocab_size": len(names),
            "max_position_embeddings": 128,
            "bos_token_id": 5,
            "eos_token_id": 2,
            "sep_token_id": names.index(BLIP_END),
            "pad_token_id": 0,
            "encoder_hidden_size": 32,
        },
        vision_config=layers | {"image_size": 32, "patch_size": 8},
        projection_dim=16,
        image_text_hidden_size=16,
    )
    torch.manual_seed(seed)
    BlipForConditionalGeneration(config).save_pretrained(folder)
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), tokenizer).save_pretrained(
        folder
    )
    return folder


def pictures(count: int, *, seed: int = 0) -> list[Image]:
    """Return pictures of various sizes, each of another colour with noise upon it."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        height, width = rng.integers(12, 48, 2)
        plain = rng.integers(0, 256, 3)
        noise = rng.integers(-60, 60, (height, width, 3))
        found.append(Image(np.clip(plain + noise, 0, 255).astype(np.uint8)))
    return found


def video(frames: int, *, seed: int = 0) -> Video:
    rng = np.random.default_rng(seed)
    return Video(rng.integers(0, 256, (frames, 20, 24, 3), dtype=np.uint8), 5.0)
