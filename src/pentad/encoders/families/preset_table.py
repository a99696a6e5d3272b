"""Published models by their names: what is known of them without loading anything.

Dimensions and licences are as their sources state them; "not stated" where they state none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pentad.core.modality import Modality

_PICTURES = (Modality.TEXT, Modality.IMAGE, Modality.VIDEO, Modality.POINTS)
_SOUNDS = (Modality.TEXT, Modality.AUDIO)
_VIDEOS = (Modality.TEXT, Modality.VIDEO)
_OPEN_CLIP = ("open_clip", "open-clip-torch", "open-clip")
_SENTENCE = ("sentence_transformers", "sentence-transformers", "sentence")
_POOLER = "pentad.encoders.families.bert:load_bert"


@dataclass(frozen=True)
class Line:
    """Models of one family by one publisher.

    Attributes:
        user: Whose they are on the hub.
        modalities: What they encode.
        licence: Of the weights.
        citation: Whom to cite.
        about: What they are, a sentence or two.
        models: Name -> length of a vector. The name is the repository's, unless `repo` names one.
        classes: Named classes that they also score.
        repo: ``USER/NAME`` where it is not that of a model's name.
        loader: ``module:function`` that reads the folder, where the folder does not tell.
        options: What the loader is told.
        needs: Module, package and extra of Pentad that it cannot do without; empty for none.
        pickled: Where in the repository the weights lie, if only as a pickle: ``{name}`` stands for
            the model's. Such a model has to be converted once.
    """

    user: str
    modalities: tuple[Modality, ...]
    licence: str
    citation: str
    about: str
    models: Mapping[str, int]
    classes: int = 0
    repo: str = ""
    loader: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    needs: tuple[str, str, str] | tuple[()] = ()
    pickled: str = ""


LINES: tuple[Line, ...] = (
    Line(
        "openai",
        _PICTURES,
        "not stated",
        "Radford et al. 2021, Learning Transferable Visual Models From Natural Language "
        "Supervision, arXiv 2103.00020",
        "CLIP, the one that others are compared with. Captions of up to 77 tokens, in English.",
        {
            "clip-vit-base-patch32": 512,
            "clip-vit-base-patch16": 512,
            "clip-vit-large-patch14": 768,
            "clip-vit-large-patch14-336": 768,
        },
    ),
    Line(
        "google",
        _PICTURES,
        "Apache-2.0",
        "Zhai et al. 2023, Sigmoid Loss for Language Image Pre-Training, arXiv 2303.15343",
        "SigLIP: pictures and captions of up to 64 tokens, in English.",
        {"siglip-base-patch16-224": 768, "siglip-so400m-patch14-384": 1152},
    ),
    Line(
        "google",
        _PICTURES,
        "Apache-2.0",
        "Tschannen et al. 2025, SigLIP 2: Multilingual Vision-Language Encoders with Improved "
        "Semantic Understanding, Localization, and Dense Features, arXiv 2502.14786",
        "SigLIP 2: pictures and captions of up to 64 tokens, in many languages; naflex ones keep a "
        "picture's form.",
        {
            "siglip2-base-patch16-224": 768,
            "siglip2-so400m-patch14-384": 1152,
            "siglip2-base-patch16-naflex": 768,
            "siglip2-so400m-patch16-naflex": 1152,
        },
    ),
    Line(
        "facebook",
        _PICTURES,
        "CC-BY-NC",
        "Chuang et al. 2025, Meta CLIP 2: A Worldwide Scaling Recipe, arXiv 2507.22062",
        "MetaCLIP 2: pictures and captions of up to 77 tokens, in many languages.",
        {"metaclip-2-worldwide-huge-quickgelu": 1024, "metaclip-2-worldwide-b32": 512},
    ),
    Line(
        "timm",
        _PICTURES,
        "Apache-2.0",
        "Bolya et al. 2025, Perception Encoder: The best visual embeddings are not at the output "
        "of the network, arXiv 2504.13181",
        "Perception Encoder, core: pictures, frames and captions of up to 32 tokens. Needs "
        "pentad[open-clip].",
        {"PE-Core-L-14-336": 1024},
        needs=_OPEN_CLIP,
    ),
    Line(
        "timm",
        _PICTURES,
        "Apple Machine Learning Research Model License (apple-amlr)",
        "Faghri et al. 2025, MobileCLIP2: Improving Multi-Modal Reinforced Training",
        "MobileCLIP 2, the smallest: pictures and captions, fast on weak machines. Needs "
        "pentad[open-clip].",
        {"MobileCLIP2-S0-OpenCLIP": 512},
        needs=_OPEN_CLIP,
    ),
    Line(
        "laion",
        _SOUNDS,
        "Apache-2.0",
        "Wu et al. 2023, Large-Scale Contrastive Language-Audio Pretraining with Feature Fusion "
        "and Keyword-to-Caption Augmentation, arXiv 2211.06687",
        "CLAP: captions and sounds of any kind, heard in windows of 10 seconds at 48 kHz.",
        {
            "larger_clap_general": 512,
            "larger_clap_music_and_speech": 512,
            "clap-htsat-unfused": 512,
            "clap-htsat-fused": 512,
        },
    ),
    Line(
        "facebook",
        _SOUNDS,
        "Apache-2.0",
        "Vyas et al. 2025, Pushing the Frontier of Audiovisual Perception with Large-Scale "
        "Multimodal Correspondence Learning, arXiv 2512.19687",
        "Perception Encoder, audio-visual: captions and sounds at 48 kHz. Its video half is not "
        "loaded.",
        {"pe-av-small": 1024, "pe-av-base": 1024, "pe-av-large": 1024},
    ),
    Line(
        "microsoft",
        _VIDEOS,
        "MIT",
        "Ni et al. 2022, Expanding Language-Image Pretrained Models for General Video Recognition, "
        "arXiv 2208.02816",
        "X-CLIP: captions and videos, eight frames at once.",
        {"xclip-base-patch32": 512, "xclip-base-patch16": 512, "xclip-large-patch14": 768},
    ),
    Line(
        "google",
        _VIDEOS,
        "CC-BY-4.0",
        "Zhao et al. 2024, VideoPrism: A Foundational Visual Encoder for Video Understanding, "
        "arXiv 2402.13217",
        "VideoPrism: captions of up to 64 tokens and videos, 16 (base) or 8 (large) frames at "
        "once.",
        {"videoprism-lvt-base-f16r288": 768, "videoprism-lvt-large-f8r288": 1024},
    ),
    Line(
        "MIT",
        (Modality.AUDIO,),
        "BSD-3-Clause",
        "Gong et al. 2021, AST: Audio Spectrogram Transformer, arXiv 2104.01778",
        "AST: sounds in windows of 10.24 seconds at 16 kHz, and the 527 classes of AudioSet.",
        {"ast-finetuned-audioset-10-10-0.4593": 768},
        classes=527,
    ),
    Line(
        "google-bert",
        (Modality.TEXT,),
        "Apache-2.0",
        "Devlin et al. 2019, BERT: Pre-training of Deep Bidirectional Transformers for Language "
        "Understanding, arXiv 1810.04805",
        "BERT, the mean of its tokens: captions of up to 512 tokens, in English.",
        {"bert-base-uncased": 768},
    ),
    Line(
        "google-bert",
        (Modality.TEXT,),
        "Apache-2.0",
        "Devlin et al. 2019, BERT: Pre-training of Deep Bidirectional Transformers for Language "
        "Understanding, arXiv 1810.04805",
        "BERT, its pooler: the trained layer on top of the first token.",
        {"bert-base-uncased-pooler": 768},
        repo="google-bert/bert-base-uncased",
        loader=_POOLER,
        options={"pooling": "pooler"},
    ),
    Line(
        "answerdotai",
        (Modality.TEXT,),
        "Apache-2.0",
        "Warner et al. 2024, Smarter, Better, Faster, Longer, arXiv 2412.13663",
        "ModernBERT, the mean of its tokens: long captions, in English.",
        {"ModernBERT-base": 768},
    ),
    Line(
        "sentence-transformers",
        (Modality.TEXT,),
        "Apache-2.0",
        "Reimers and Gurevych 2019, Sentence-BERT, arXiv 1908.10084",
        "A sentence encoder, in English. Needs pentad[sentence].",
        {"all-MiniLM-L6-v2": 384, "all-mpnet-base-v2": 768},
        needs=_SENTENCE,
    ),
    Line(
        "google",
        (Modality.TEXT,),
        "gemma",
        "Vera et al. 2025, EmbeddingGemma: Powerful and Lightweight Text Representations",
        "EmbeddingGemma: sentences in many languages. Asks for consent on the hub. Needs "
        "pentad[sentence].",
        {"embeddinggemma-300m": 768},
        needs=_SENTENCE,
    ),
    Line(
        "BAAI",
        (Modality.POINTS,),
        "MIT",
        "Zhou et al. 2023, Uni3D: Exploring Unified 3D Representation at Scale, arXiv 2310.06773",
        "Uni3D: 10,000 points with colours. Trained without the objects of LVIS, so that it may be "
        "scored on them. Published as a pickle: convert it once, see docs/encoders.md.",
        {
            "uni3d-ti-no-lvis": 1024,
            "uni3d-s-no-lvis": 1024,
            "uni3d-b-no-lvis": 1024,
            "uni3d-l-no-lvis": 1024,
            "uni3d-g-no-lvis": 1024,
        },
        repo="BAAI/Uni3D",
        pickled="modelzoo/{name}/model.pt",
    ),
)
