"""Classes by sentences: zero-shot classification with the text encoder of a model.

A class is known by its name, put into several templates. Every sentence is made unit length, and
the direction of their mean is the vector of the class, as in Radford et al. 2021, "Learning
Transferable Visual Models From Natural Language Supervision", section 3.1.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.encoders.protocol import Encoder
from pentad.evaluation.any_model import AnyModel, vectors_of
from pentad.evaluation.class_labels import ClassLabel, Labels, as_labels
from pentad.evaluation.class_vectors import ClassVectors, class_vector
from pentad.evaluation.templates import as_templates, fill, templates_fingerprint

_SENTENCES_A_CALL = 8192


def zero_shot_classes(
    model: AnyModel,
    labels: Labels,
    modality: str,
    *,
    templates: str | Path | Sequence[str | Path] | None = None,
    progress: Progress = SILENT,
) -> ClassVectors:
    """Return a vector for each class, made of sentences about it.

    Args:
        model: An encoder of text and of what is classified; or a function that takes texts and the
            modality.
        labels: The classes, as `pentad.evaluation.class_labels.as_labels` takes them.
        modality: Of the items that will be classified; it chooses the built-in templates.
        templates: As `pentad.evaluation.templates.as_templates` takes them; None for built-in ones.
        progress: Where to report.

    Returns:
        The classes. A class with prompts of its own is made of these and not of the templates; its
        description is one more sentence. A sentence that is there twice counts once.

    Raises:
        InputError: Labels or templates are wrong, the model has no text, or a sentence cannot be
            encoded.
    """
    known, used = as_labels(labels), as_templates(templates, modality)
    if isinstance(model, Encoder) and Modality.TEXT not in model.modalities:
        raise InputError(
            f"encoder {model.name!r} does not encode text, so labels say nothing to it; give "
            "examples of each class instead",
            expected="text",
            seen=", ".join(m.value for m in model.modalities),
        )
    sentences = [_sentences(label, used) for label in known]
    vectors = _class_matrix(model, [label.name for label in known], sentences, progress)
    made = {
        "from": "prompts",
        "templates": list(used),
        "templates_fingerprint": templates_fingerprint(used),
        "built_in_templates": not templates,
        "sentences": sum(map(len, sentences)),
    }
    return ClassVectors.of([label.name for label in known], vectors, made)


def _sentences(label: ClassLabel, templates: Sequence[str]) -> list[str]:
    found = list(label.prompts) or [fill(template, label.name) for template in templates]
    return list(dict.fromkeys([*found, *([label.description] if label.description else [])]))


def _class_matrix(
    model: AnyModel, names: Sequence[str], sentences: Sequence[list[str]], progress: Progress
) -> NDArray[np.float64]:
    """Return float64 (classes, dim); sentences are encoded some thousands at a time."""
    rows: list[NDArray[np.float64]] = []
    first = 0
    while first < len(names):
        last, waiting = first, list[str]()
        while last < len(names) and (not waiting or len(waiting) < _SENTENCES_A_CALL):
            waiting += sentences[last]
            last += 1
        vectors = _encoded(model, waiting, progress)
        start = 0
        for place in range(first, last):
            own = np.arange(start, start + len(sentences[place]))
            rows.append(class_vector(vectors, own, names[place], True, "prompt"))
            start += len(own)
        first = last
    return np.stack(rows)


def _encoded(model: AnyModel, texts: Sequence[str], progress: Progress) -> NDArray[Any]:
    found = vectors_of(model, Modality.TEXT, texts, progress=progress)
    if found.missing:
        first = found.missing[0]
        raise InputError(f"the prompt {texts[first.row]!r} cannot be encoded: {first.reason}")
    return found.vectors
