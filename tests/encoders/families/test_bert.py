from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.encoders.families.bert import KIN, load_bert
from pentad.encoders.families.load import FAMILIES, load_folder
from pentad.encoders.families.torch_encoder import TorchEncoder
from tests.encoders.families.tiny import save_tokenizer

CAPTIONS = [
    "a red ball on wet grass",
    "the dog runs",
    "a",
    "blue cat sings in a small house with loud rain and the sound of a car engine " * 3,
    "man plays guitar",
]


def text_folder(folder: Path, kind: str = "bert", *, seed: int = 0, **config: object) -> Path:
    """Write a text encoder of two layers."""
    import torch
    from transformers import AutoConfig, AutoModel

    words = save_tokenizer(folder, most=64)
    torch.manual_seed(seed)
    sizes: dict[str, object] = {
        "vocab_size": words,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 66,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": words - 1,
        "cls_token_id": 1,
        "sep_token_id": words - 1,
    }
    if kind == "distilbert":
        sizes |= {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4}
    if kind in ("albert", "electra"):
        sizes["embedding_size"] = 32
    made = AutoConfig.for_model(kind, **(sizes | config))
    AutoModel.from_config(made).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return text_folder(tmp_path_factory.mktemp("bert"))


def encoder(folder: Path, pooling: str = "mean") -> TorchEncoder:
    return load_folder(folder, loader=partial(load_bert, pooling=pooling))


def test_every_kind_has_a_loader() -> None:
    assert all(FAMILIES[kind].endswith("bert:load_bert") for kind in KIN)


@pytest.mark.parametrize("kind", sorted(KIN))
def test_kinds_load_and_company_changes_no_bit(kind: str, tmp_path: Path) -> None:
    loaded = load_folder(text_folder(tmp_path / kind, kind))
    rows = loaded.encode(CAPTIONS, modality="text")
    assert rows.shape == (5, 32) == (5, loaded.dim)
    assert loaded.modalities == ("text",)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert len(np.unique(rows.round(5), axis=0)) == 5
    back = loaded.encode(CAPTIONS[::-1], modality="text", batch_size=3)
    assert np.allclose(back[::-1], rows, atol=1e-5)
    alone = loaded.encode(CAPTIONS[1:2], modality="text", batch_size=3)
    assert np.array_equal(alone[0], back[::-1][1])


def test_another_load_gives_the_same_and_another_pooling_another_space(bert: Path) -> None:
    one, two = encoder(bert), encoder(bert)
    assert one.fingerprint == two.fingerprint
    assert np.array_equal(
        one.encode(CAPTIONS, modality="text"), two.encode(CAPTIONS, modality="text")
    )
    prints = {encoder(bert, pooling).fingerprint for pooling in ("mean", "cls", "pooler")}
    assert len(prints) == 3
    assert load_folder(bert).fingerprint == one.fingerprint


def test_mean_is_over_real_tokens_and_the_pooler_is_the_models_own(bert: Path) -> None:
    import torch
    from transformers import AutoTokenizer, BertModel

    model, tokenizer = BertModel.from_pretrained(bert).eval(), AutoTokenizer.from_pretrained(bert)
    with torch.inference_mode():
        for caption in CAPTIONS:
            inputs = tokenizer(caption, return_tensors="pt", truncation=True, max_length=66)
            output = model(input_ids=inputs["input_ids"])
            expected = {
                "mean": output.last_hidden_state.mean(dim=1),
                "cls": output.last_hidden_state[:, 0],
                "pooler": output.pooler_output,
            }
            for pooling, row in expected.items():
                ours = encoder(bert, pooling).encode([caption], modality="text", normalize=False)
                assert np.allclose(ours, row.numpy(), atol=1e-5)


def test_a_model_without_its_pooler_does_for_the_mean_but_not_for_the_pooler(
    tmp_path: Path,
) -> None:
    from transformers import BertConfig, BertModel

    folder = text_folder(tmp_path / "plain")
    config = BertConfig.from_pretrained(folder)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    assert encoder(folder).encode(["a dog"], modality="text").shape == (1, 32)
    with pytest.raises(InputError, match="weights lack pooler"):
        encoder(folder, "pooler")


def test_captions_may_have_as_many_tokens_as_there_are_positions(tmp_path: Path) -> None:
    most = {}
    for kind in ("bert", "roberta"):
        loaded = load_folder(text_folder(tmp_path / kind, kind, pad_token_id=0))
        most[kind] = loaded.network.preprocessing["tokens"]["most"]  # type: ignore[index]
        assert loaded.encode(["dog " * 200], modality="text").shape == (1, 32)
    assert most == {"bert": 66, "roberta": 65}


def test_what_cannot_be_is_refused_in_one_line(bert: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wrong pooling; expected mean, cls, pooler, got 'max'"):
        encoder(bert, "max")
    modern = text_folder(tmp_path / "modern", "modernbert")
    with pytest.raises(InputError, match="a modernbert model has no pooler"):
        encoder(modern, "pooler")
    (modern / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(InputError, match="is no text encoder"):
        encoder(modern)
    with pytest.raises(InputError, match="a model of an unknown kind"):
        load_folder(modern)
