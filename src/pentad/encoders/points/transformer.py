"""Blocks of a pre-norm transformer with fused attention and a GELU or SwiGLU MLP."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from pentad.encoders.points.architecture import NORM_EPS, Architecture


class Attention(nn.Module):
    """Self-attention; queries, keys and values are one matrix."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, asking: int | None = None) -> Tensor:
        """Return what the first ``asking`` tokens find among all, or all tokens."""
        if asking is None:
            query, key, value = self.qkv(tokens).chunk(3, dim=-1)
        else:
            width = tokens.shape[-1]
            weight, bias = self.qkv.weight, self.qkv.bias
            query = functional.linear(tokens[:, :asking], weight[:width], bias[:width])
            key, value = functional.linear(tokens, weight[width:], bias[width:]).chunk(2, dim=-1)
        found = functional.scaled_dot_product_attention(
            self._split(query), self._split(key), self._split(value)
        )
        joined: Tensor = self.out(found.transpose(1, 2).flatten(2))
        return joined

    def _split(self, values: Tensor) -> Tensor:
        return values.reshape(*values.shape[:2], self.heads, -1).transpose(1, 2)


class Mlp(nn.Module):
    """Two layers with GELU between, or a SwiGLU whose gate is the first half of the first layer."""

    def __init__(self, a: Architecture) -> None:
        super().__init__()
        self.gated = a.gated
        self.up = nn.Linear(a.width, 2 * a.hidden if a.gated else a.hidden)
        self.norm = nn.LayerNorm(a.hidden, eps=NORM_EPS) if a.inner_norm else nn.Identity()
        self.down = nn.Linear(a.hidden, a.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return as many tokens of the same width."""
        inner = self.up(tokens)
        if self.gated:
            gate, value = inner.chunk(2, dim=-1)
            inner = functional.silu(gate) * value
        else:
            inner = functional.gelu(inner)
        out: Tensor = self.down(self.norm(inner))
        return out


class Block(nn.Module):
    """Attention, then the MLP; each sees normalised tokens and adds to what was there."""

    def __init__(self, a: Architecture) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(a.width, eps=NORM_EPS)
        self.attention = Attention(a.width, a.heads)
        self.norm2 = nn.LayerNorm(a.width, eps=NORM_EPS)
        self.mlp = Mlp(a)

    def forward(self, tokens: Tensor, wanted: int | None = None) -> Tensor:
        """Return all tokens, or the first ``wanted``, for which less is computed."""
        seen: Tensor = tokens[:, :wanted] + self.attention(self.norm1(tokens), wanted)
        return seen + cast("Tensor", self.mlp(self.norm2(seen)))
