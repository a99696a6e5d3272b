"""Pentad: data sets that join image, video, audio, point cloud and text, from files to scores.

Everything a user needs is a name of this module; each is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pentad.core.engine import get_engine
    from pentad.core.errors import (
        DecodeError,
        InputError,
        MissingExtra,
        PentadError,
        SchemaMismatch,
        SpaceMismatch,
        StoreError,
        UnknownName,
    )
    from pentad.core.modality import Modality
    from pentad.curation.leakage.find import find_leaks
    from pentad.embeddings.embed import embed, embed_frames
    from pentad.embeddings.embeddings import Embeddings
    from pentad.embeddings.exchange.read import read_embeddings
    from pentad.embeddings.exchange.write import write_embeddings
    from pentad.embeddings.frames import FrameEmbeddings, aggregate
    from pentad.encoders.adapters.mteb import to_mteb
    from pentad.encoders.adapters.sentence_transformers import to_sentence_transformer
    from pentad.encoders.check import check_encoder
    from pentad.encoders.model import Model
    from pentad.encoders.model_file import load_model
    from pentad.encoders.protocol import Encoder
    from pentad.encoders.registry import get_encoder, list_encoders
    from pentad.encoders.wrap import as_encoder
    from pentad.evaluation.report import Report
    from pentad.evaluation.tasks.registry import get_task
    from pentad.groups.build import build_groups
    from pentad.groups.groups import Groups
    from pentad.neighbors.find import find_neighbors
    from pentad.neighbors.kmeans.lloyd import kmeans
    from pentad.neighbors.neighbors import Neighbors
    from pentad.neighbors.update import update_neighbors
    from pentad.pipeline.benchmark import benchmark
    from pentad.pipeline.build import build
    from pentad.pipeline.classify import classify
    from pentad.pipeline.evaluate_folder import evaluate_folder
    from pentad.pipeline.quickstart import quickstart
    from pentad.pipeline.search import search_workspace
    from pentad.ratings.triplets import Triplets
    from pentad.serving.index import Hit, Index
    from pentad.sources.emm1.dataset import open_emm1
    from pentad.sources.read import read_folder, read_table
    from pentad.store.items import Items
    from pentad.store.verify import verify
    from pentad.store.workspace import Workspace
    from pentad.training.fit import train

_HOME = {
    "get_task": "evaluation.tasks.registry",
    "find_leaks": "curation.leakage.find",
    "classify": "pipeline.classify",
    "benchmark": "pipeline.benchmark",
    "aggregate": "embeddings.frames",
    "as_encoder": "encoders.wrap",
    "build": "pipeline.build",
    "build_groups": "groups.build",
    "check_encoder": "encoders.check",
    "DecodeError": "core.errors",
    "embed": "embeddings.embed",
    "embed_frames": "embeddings.embed",
    "Embeddings": "embeddings.embeddings",
    "Encoder": "encoders.protocol",
    "evaluate_folder": "pipeline.evaluate_folder",
    "FrameEmbeddings": "embeddings.frames",
    "find_neighbors": "neighbors.find",
    "get_encoder": "encoders.registry",
    "get_engine": "core.engine",
    "Groups": "groups.groups",
    "Hit": "serving.index",
    "Index": "serving.index",
    "InputError": "core.errors",
    "Items": "store.items",
    "kmeans": "neighbors.kmeans.lloyd",
    "list_encoders": "encoders.registry",
    "load_model": "encoders.model_file",
    "MissingExtra": "core.errors",
    "Modality": "core.modality",
    "Model": "encoders.model",
    "Neighbors": "neighbors.neighbors",
    "PentadError": "core.errors",
    "open_emm1": "sources.emm1.dataset",
    "quickstart": "pipeline.quickstart",
    "read_embeddings": "embeddings.exchange.read",
    "read_folder": "sources.read",
    "read_table": "sources.read",
    "Report": "evaluation.report",
    "SchemaMismatch": "core.errors",
    "search_workspace": "pipeline.search",
    "SpaceMismatch": "core.errors",
    "StoreError": "core.errors",
    "to_mteb": "encoders.adapters.mteb",
    "to_sentence_transformer": "encoders.adapters.sentence_transformers",
    "train": "training.fit",
    "Triplets": "ratings.triplets",
    "UnknownName": "core.errors",
    "update_neighbors": "neighbors.update",
    "verify": "store.verify",
    "Workspace": "store.workspace",
    "write_embeddings": "embeddings.exchange.write",
}

__all__ = [
    "DecodeError",
    "Embeddings",
    "Encoder",
    "FrameEmbeddings",
    "Groups",
    "Hit",
    "Index",
    "InputError",
    "Items",
    "MissingExtra",
    "Modality",
    "Model",
    "Neighbors",
    "PentadError",
    "Report",
    "SchemaMismatch",
    "SpaceMismatch",
    "StoreError",
    "Triplets",
    "UnknownName",
    "Workspace",
    "aggregate",
    "as_encoder",
    "benchmark",
    "build",
    "build_groups",
    "check_encoder",
    "classify",
    "embed",
    "embed_frames",
    "evaluate_folder",
    "find_leaks",
    "find_neighbors",
    "get_encoder",
    "get_engine",
    "get_task",
    "kmeans",
    "list_encoders",
    "load_model",
    "open_emm1",
    "quickstart",
    "read_embeddings",
    "read_folder",
    "read_table",
    "search_workspace",
    "to_mteb",
    "to_sentence_transformer",
    "train",
    "update_neighbors",
    "verify",
    "write_embeddings",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module that holds it."""
    if name not in _HOME:
        raise AttributeError(f"module 'pentad' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"pentad.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*globals(), *__all__])
