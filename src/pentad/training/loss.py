"""InfoNCE in both directions, with several positives a row; plain, and in chunks of rows.

For unit rows a_i, b_i of two modalities, scale s, positives P_i (i itself among them), rows N_i
that are left out of i's comparison, and weights w_i of sum 1:

    L_ab = sum_i w_i [ log sum_{j not in N_i} exp(s a_i.b_j) - mean_{j in P_i} s a_i.b_j ]
    L    = (L_ab + L_ba) / 2

InfoNCE: van den Oord et al., arXiv:1807.03748, equation 4. Both directions and the learned scale:
CLIP, arXiv:2103.00020, section 2.3. Several positives, their mean outside the logarithm ("out"):
Khosla et al., arXiv:2004.11362, equation 2. For constant vectors L = ln(rows).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_NONE = float("-inf")


@dataclass(frozen=True, eq=False)
class Relations:
    """How the rows of a batch stand to one another; computed for a chunk of rows at a time.

    Attributes:
        keys: int64 (kinds, rows): rows that agree in any kind are positives of each other.
        frozen: Vectors of (rows, dim); where two rows' cosine in any of them exceeds `threshold`
            neither counts against the other.
        threshold: See `frozen`.
    """

    keys: Tensor
    frozen: tuple[Tensor, ...] = ()
    threshold: float = float("inf")

    def positives(self, rows: slice) -> Tensor:
        """Return bool (chunk, rows): what belongs to each row of the chunk."""
        found = self.keys[0, rows, None] == self.keys[0, None, :]
        for kind in self.keys[1:]:
            found |= kind[rows, None] == kind[None, :]
        return found

    def ignored(self, rows: slice, positives: Tensor) -> Tensor | None:
        """Return bool (chunk, rows): what is too similar to be held against a row, if any."""
        if not self.frozen:
            return None
        similar = [vectors[rows] @ vectors.T > self.threshold for vectors in self.frozen]
        return torch.stack(similar).any(dim=0) & ~positives


def info_nce(
    a: Tensor,
    b: Tensor,
    scale: Tensor,
    positives: Tensor,
    *,
    ignored: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Return the loss of one pair of modalities; the formula stands at the top of this file.

    Args:
        a: (rows, dim) unit rows of one modality.
        b: (rows, dim) unit rows of the other; row i belongs to row i of ``a``.
        scale: (), one over the temperature.
        positives: bool (rows, rows), the diagonal set.
        ignored: bool (rows, rows), never a positive; default none.
        weights: (rows,), not negative; default all alike.
    """
    logits = scale * (a @ b.T)
    compared = logits if ignored is None else logits.masked_fill(ignored, _NONE)
    share = a.new_ones(len(a)) if weights is None else weights
    loss = logits.new_zeros(())
    for axis in (1, 0):
        fitting = (logits * positives).sum(axis) / positives.sum(axis)
        loss = loss + (share * (compared.logsumexp(axis) - fitting)).sum()
    return loss / (2 * share.sum())


def chunked_info_nce(
    a: Tensor,
    b: Tensor,
    scale: Tensor,
    relations: Relations,
    *,
    weights: Tensor | None = None,
    chunk: int = 2048,
) -> Tensor:
    """Return what `info_nce` returns, never holding more than (chunk, rows) similarities.

    Two passes over the chunks: the first finds the normalizers of rows and columns, the second the
    gradient, which is closed; similarities are computed twice instead of being kept.

    Args:
        a: (rows, dim) unit rows of one modality.
        b: (rows, dim) unit rows of the other.
        scale: (), one over the temperature.
        relations: Positives and what is left out.
        weights: (rows,), not negative; default all alike.
        chunk: Rows at a time.
    """
    share = a.new_ones(len(a)) if weights is None else weights
    apply = cast("Any", _Chunked).apply
    return cast("Tensor", apply(a, b, scale, relations, share / (2 * share.sum()), chunk))


@dataclass(eq=False)
class _Norms:
    """Normalizers: log-sums, and how many positives there are, of rows and of columns."""

    row: Tensor
    row_count: Tensor
    column: Tensor
    column_count: Tensor

    @classmethod
    def empty(cls, like: Tensor) -> _Norms:
        return cls(*(like.new_full((len(like),), start) for start in (_NONE, 0.0, _NONE, 0.0)))

    def add(self, rows: slice, compared: Tensor, positives: Tensor) -> None:
        self.row[rows] = compared.logsumexp(1)
        self.row_count[rows] = positives.sum(1).to(compared.dtype)
        self.column = torch.logaddexp(self.column, compared.logsumexp(0))
        self.column_count += positives.sum(0)

    def expected(self, rows: slice, compared: Tensor, share: Tensor) -> Tensor:
        """Return (chunk, rows): the slope of the log-sums."""
        by_row = (compared - self.row[rows, None]).exp_().mul_(share[rows, None])
        return by_row.add_((compared - self.column).exp_().mul_(share))

    def wanted(self, rows: slice, positives: Tensor, share: Tensor) -> Tensor:
        """Return (chunk, rows): what each positive weighs, as a row's and as a column's."""
        by_row = (share / self.row_count)[rows, None]
        return (by_row + share / self.column_count).mul_(positives)


class _Chunked(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        a: Tensor,
        b: Tensor,
        scale: Tensor,
        relations: Relations,
        share: Tensor,
        chunk: int,
    ) -> Tensor:
        chunks = [slice(start, start + chunk) for start in range(0, len(a), chunk)]
        norms, held = _Norms.empty(a), None
        for rows in chunks:
            held = _compare(a, b, scale, relations, rows)
            norms.add(rows, held[1], held[2])
        fitting, grads = a.new_zeros(()), [torch.zeros_like(x) for x in (a, b, scale)]
        for rows in chunks:
            if held is None or len(chunks) > 1:
                held = _compare(a, b, scale, relations, rows)
            cosines, compared, positives = held
            wanted = norms.wanted(rows, positives, share)
            slope = norms.expected(rows, compared, share).sub_(wanted)
            fitting += scale * (wanted * cosines).sum()
            grads[0][rows] = scale * (slope @ b)
            grads[1] += scale * (slope.T @ a[rows])
            grads[2] += (slope * cosines).sum()
        ctx.save_for_backward(*grads)
        return (share * (norms.row + norms.column)).sum() - fitting

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor | None, ...]:
        return (*(outer * grad for grad in ctx.saved_tensors), None, None, None)


def _compare(
    a: Tensor, b: Tensor, scale: Tensor, relations: Relations, rows: slice
) -> tuple[Tensor, Tensor, Tensor]:
    """Return cosines, compared logits and positives of a chunk, each (chunk, rows)."""
    cosines = a[rows] @ b.T
    positives = relations.positives(rows)
    ignored = relations.ignored(rows, positives)
    logits = scale * cosines
    return cosines, logits if ignored is None else logits.masked_fill_(ignored, _NONE), positives
