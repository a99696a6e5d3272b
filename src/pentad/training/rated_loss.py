"""InfoNCE with items that people rated bad as further negatives of their own anchor.

For unit anchors a_i (captions, or the items they were written for), rated items r_i of weight w_i
that fit them, scale s, positives P_i (i itself among them), and B_i the items rated bad for the
anchor of row i:

    L_ar = sum_i w_i [ log( sum_j exp(s a_i.r_j) + sum_{b in B_i} exp(s a_i.b) )
                       - mean_{j in P_i} s a_i.r_j ] / sum_i w_i
    L_ra = sum_j w_j [ log sum_i exp(s a_i.r_j) - mean_{i in P_j} s a_i.r_j ] / sum_j w_j
    L    = (L_ar + L_ra) / 2

A bad item counts against its own anchor alone: for every other caption it is as good as unknown.

An anchor that has bad items b and none that fits has no row above. Then, with the items o of the
batch that belong to other anchors,

    L_b = log( 1 + exp( s a.b - log mean_o exp(s a.o) ) ),

where the mean is a level to fall below and no gradient goes through it: nothing is known of o.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_NONE = float("-inf")


@dataclass(frozen=True, eq=False)
class Hard:
    """Items that were rated bad.

    Attributes:
        items: (bad, dim) unit rows.
        owners: bool (rows, bad): which rows of the fitting pairs have the anchor it is bad for.
    """

    items: Tensor
    owners: Tensor


def rated_nce(
    a: Tensor, r: Tensor, scale: Tensor, positives: Tensor, weights: Tensor, hard: Hard | None
) -> Tensor:
    """Return L; the formula stands at the top of this file.

    Args:
        a: (rows, dim) anchors.
        r: (rows, dim) rated items; row i fits row i of ``a``.
        scale: (), one over the temperature.
        positives: bool (rows, rows), the diagonal set.
        weights: (rows,), positive.
        hard: What was rated bad; an item without an owner is passed over.
    """
    logits = scale * (a @ r.T)
    compared = logits
    if hard is not None and len(hard.items):
        against = (scale * (a @ hard.items.T)).masked_fill(~hard.owners, _NONE)
        compared = torch.cat([logits, against], dim=1)
    share = weights / weights.sum()
    wanted = logits * positives
    by_row = compared.logsumexp(1) - wanted.sum(1) / positives.sum(1)
    by_column = logits.logsumexp(0) - wanted.sum(0) / positives.sum(0)
    return 0.5 * (share * (by_row + by_column)).sum()


def lonely_terms(a: Tensor, bad: Tensor, scale: Tensor, level: Tensor) -> Tensor:
    """Return L_b of each pair, (pairs,).

    Args:
        a: (pairs, dim) anchors to which nothing fits.
        bad: (pairs, dim) the items that are bad for them.
        scale: (), one over the temperature.
        level: (pairs,) what the anchors have with other items, as `levels` gives it.
    """
    return torch.nn.functional.softplus(scale * (a * bad).sum(1) - level)


def levels(anchors: Tensor, others: Tensor, foreign: Tensor, scale: Tensor) -> Tensor:
    """Return log mean_o exp(s a.o) for each anchor, (anchors,); no gradient goes through it.

    Args:
        anchors: (anchors, dim) unit rows.
        others: (items, dim) unit rows.
        foreign: bool (anchors, items): which items belong to other anchors. An anchor without any
            has the level 0, that of an item at a right angle.
        scale: (), one over the temperature.
    """
    with torch.no_grad():
        logits = (scale * (anchors @ others.T)).masked_fill(~foreign, _NONE)
        count = foreign.sum(1)
        level = logits.logsumexp(1) - count.clamp(min=1).log()
        return torch.where(count > 0, level, torch.zeros_like(level))
