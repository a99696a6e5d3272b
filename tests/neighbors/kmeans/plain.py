"""Lloyd's iterations written down plainly: every pair in float64, every mean from scratch."""

import numpy as np

from pentad.neighbors.metrics import get_metric, row_dots


def nearest(vectors, centroids, metric):
    """Return the nearest centroid of each vector, ties to the lower number, and all scores."""
    x, c = vectors.astype(np.float64), centroids.astype(np.float64)
    left, right = (a.ravel() for a in np.indices((len(x), len(c))))
    squares = row_dots(x, x)[left], row_dots(c, c)[right]
    scores = get_metric(metric).scores(x[left], c[right], squares).reshape(len(x), len(c))
    return scores.argmax(axis=1), scores


def move(vectors, own, centroids, metric):
    """Return the means, or their directions; empty clusters stay."""
    x = vectors.astype(np.float64)
    if metric == "cosine":
        lengths = np.linalg.norm(x, axis=1, keepdims=True)
        x = np.divide(x, lengths, out=np.zeros_like(x), where=lengths > 0)
    moved = centroids.copy()
    for cluster in range(len(centroids)):
        mine = x[own == cluster]
        if not len(mine):
            continue
        total = mine.sum(axis=0)
        size = np.linalg.norm(total) if metric == "cosine" else len(mine)
        if size > 2.0**-32 * len(mine):
            moved[cluster] = total / size
    return moved


def lloyd(vectors, centroids, metric, iterations):
    """Return centroids, assignment and the objective after each assignment."""
    objective, own = [], None
    for turn in range(iterations + 1):
        before, (own, scores) = own, nearest(vectors, centroids, metric)
        best = scores[np.arange(len(own)), own]
        objective.append(float(best.mean() if metric == "cosine" else (best * best).mean()))
        if turn == iterations or (turn and (own == before).all()):
            return centroids, own, objective
        centroids = move(vectors, own, centroids, metric)
    raise AssertionError
