import numpy as np
import pytest

from pentad.core.modality import Modality
from pentad.neighbors.neighbors import Neighbors


@pytest.fixture
def make_neighbors():
    """Make neighbors from rows of (item id, score), best first."""

    def make(modality, rows, *, text_ids=None, **fields):
        ids = np.array([[item for item, _ in row] for row in rows], dtype=np.uint32)
        scores = np.array([[score for _, score in row] for row in rows], dtype=np.float32)
        queries = np.arange(len(rows)) if text_ids is None else np.array(text_ids)
        options = {
            "query_modality": Modality.TEXT,
            "space": f"toy-{modality}",
            "k": ids.shape[1],
            **fields,
        }
        return Neighbors(
            queries.astype(np.uint32), ids, scores, modality=Modality(modality), **options
        )

    return make
