"""Lists on a device against sorting everything."""

import numpy as np
import torch

from pentad.neighbors.device.lists import Lists

CPU = torch.device("cpu")


def test_pairs_of_uneven_numbers_end_up_sorted_in_the_lists_of_their_queries():
    rng = np.random.default_rng(0)
    lists = Lists(9, 5, CPU)
    seen = [[] for _ in range(9)]
    for _ in range(4):
        left = np.sort(rng.choice(6, 120, p=[0.8, 0.1, 0.04, 0.03, 0.02, 0.01]))
        products = rng.permutation(120).astype(np.float32) + rng.random(120, np.float32)
        rows = rng.choice(10_000, 120, replace=False)
        lists.offer(slice(2, 8), *(torch.from_numpy(a) for a in (left, rows, products)))
        for q, row, product in zip(left, rows, products, strict=True):
            seen[q + 2].append((-product, row))
    for q, pairs in enumerate(seen):
        best = sorted(pairs)[:5]
        count = len(best)
        assert lists.rows[q, :count].tolist() == [row for _, row in best]
        assert lists.products[q, :count].tolist() == [-product for product, _ in best]
        assert lists.rows[q, count:].tolist() == [-1] * (5 - count)
        assert torch.isneginf(lists.products[q, count:]).all()


def test_pairs_below_the_last_of_their_list_change_nothing():
    lists = Lists(1, 2, CPU)
    whole = slice(0, 1)
    lists.offer_all(whole, torch.tensor([[4, 7]]), torch.tensor([[1.0, 3.0]]))
    lists.offer(whole, torch.tensor([0, 0]), torch.tensor([8, 9]), torch.tensor([0.5, 1.0]))
    assert lists.rows.tolist() == [[7, 4]]
