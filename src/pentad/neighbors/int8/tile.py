"""The innermost step: 6 queries against 64 items, sums and comparison in registers.

A compiler does not find this loop, so it is written in LLVM's own terms: for every four dimensions
four registers of items and six broadcast queries meet in 24 ``vpdpbusd`` (four products of an
unsigned and a signed byte and their sum, exact in 32 bits, for each of 16 items). Sums start at a
number of each item and are compared with one of each query at the end, so that hardly any of them
is ever written to memory beyond the nearest cache.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

TILE_QUERIES = 6
LANES = 16
VECTORS = 4
TILE_ITEMS = VECTORS * LANES
STEP = 2
"""Groups of four dimensions a turn of the loop; their number must be a multiple of it."""

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
_SUMS = ir.VectorType(_I32, LANES)
_BYTES = ir.VectorType(ir.IntType(8), 4 * LANES)
_DOT = "llvm.x86.avx512.vpdpbusd.512"
_BYTES_SINCE = 22  # releases of LLVM before took the bytes as 32-bit numbers
_ADDRESSES = 6


def _tile(
    typing: Any,
    queries: Any,
    items: Any,
    starts: Any,
    needed: Any,
    sums: Any,
    masks: Any,
    turns: Any,
) -> Any:
    """Multiply one tile; all arguments but the last are addresses.

    Args:
        typing: Given by the compiler.
        queries: int8 (groups, 6, 4): group after group of four dimensions.
        items: uint8 (groups, 64, 4), aligned to 64 bytes.
        starts: int32 (64,), where sums start.
        needed: int32 (6,), what sums must reach.
        sums: int32 (6, 64), written, aligned to 64 bytes.
        masks: uint16 (6, 4), written: a bit for each item whose sum reaches what is needed.
        turns: Groups.

    Returns:
        int64: 0 if no bit is set.
    """
    return types.int64(*[types.int64] * (_ADDRESSES + 1)), _emit


tile: Any = intrinsic(_tile)
"""`_tile`, without its first argument."""


def _emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    queries, items, starts, needed, sums, masks, turns = arguments
    before = builder.block
    first = [_load(builder, starts, 64 * j, _SUMS, 4) for j in range(VECTORS)]
    loop, end = (builder.append_basic_block(name) for name in ("groups", "done"))
    builder.branch(loop)
    builder.position_at_end(loop)
    group = builder.phi(_I64)
    group.add_incoming(_I64(0), before)
    carried = [[builder.phi(_SUMS) for _ in range(VECTORS)] for _ in range(TILE_QUERIES)]
    current: list[list[Any]] = [list(row) for row in carried]
    for turn in range(STEP):
        _multiply(builder, queries, items, builder.add(group, _I64(turn)), current)
    following = builder.add(group, _I64(STEP))
    group.add_incoming(following, loop)
    for row, later in zip(carried, current, strict=True):
        for phi, start, value in zip(row, first, later, strict=True):
            phi.add_incoming(start, before)
            phi.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", following, turns), loop, end)
    builder.position_at_end(end)
    return builder.zext(_compare(builder, current, needed, sums, masks), _I64)


def _multiply(builder: Any, queries: Any, items: Any, group: Any, sums: list[list[Any]]) -> None:
    """Add the products of four dimensions to the sums of the tile."""
    query = builder.add(queries, builder.mul(group, _I64(4 * TILE_QUERIES)))
    item = builder.add(items, builder.mul(group, _I64(4 * TILE_ITEMS)))
    columns = [_load(builder, item, 64 * j, _SUMS, 64) for j in range(VECTORS)]
    for r in range(TILE_QUERIES):
        row = _spread(builder, _load(builder, query, 4 * r, _I32, 4))
        for j in range(VECTORS):
            sums[r][j] = _dot(builder, sums[r][j], columns[j], row)


def _dot(builder: Any, total: Any, unsigned: Any, signed: Any) -> Any:
    kind = _BYTES if binding.llvm_version_info[0] >= _BYTES_SINCE else _SUMS
    function = builder.module.globals.get(_DOT) or ir.Function(
        builder.module, ir.FunctionType(_SUMS, [_SUMS, kind, kind]), _DOT
    )
    return builder.call(
        function, [total, builder.bitcast(unsigned, kind), builder.bitcast(signed, kind)]
    )


def _compare(builder: Any, sums: list[list[Any]], needed: Any, out: Any, masks: Any) -> Any:
    """Store sums and masks, and return all masks in one."""
    found = _I16(0)
    for r in range(TILE_QUERIES):
        least = _spread(builder, _load(builder, needed, 4 * r, _I32, 4))
        for j in range(VECTORS):
            place = VECTORS * r + j
            mask = builder.bitcast(builder.icmp_signed(">=", sums[r][j], least), _I16)
            builder.store(mask, _pointer(builder, masks, 2 * place, _I16))
            builder.store(sums[r][j], _pointer(builder, out, 64 * place, _SUMS), align=64)
            found = builder.or_(found, mask)
    return found


def _load(builder: Any, address: Any, offset: int, kind: Any, align: int) -> Any:
    return builder.load(_pointer(builder, address, offset, kind), align=align)


def _pointer(builder: Any, address: Any, offset: int, kind: Any) -> Any:
    return builder.inttoptr(builder.add(address, _I64(offset)), kind.as_pointer())


def _spread(builder: Any, number: Any) -> Any:
    nothing = ir.Constant(_SUMS, ir.Undefined)
    one = builder.insert_element(nothing, number, _I32(0))
    return builder.shuffle_vector(one, nothing, ir.Constant(_SUMS, [0] * LANES))
