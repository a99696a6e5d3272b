"""Arrays out of a pickle, without unpickling it.

An unpickler is a machine that imports what a file names and calls it. One that is told what not to
call is still that machine, and one name too many is enough. This module is none: it walks over the
opcodes, knows the few names that NumPy writes around an array, and puts containers and arrays
together itself. It imports nothing that a file names and calls nothing, so that whatever else a
file asks for can only be refused. It also sees sizes before memory is given to them.

Understood are protocols 2 to 5 with dicts, lists, tuples, text, bytes, numbers, None, and arrays of
numbers, booleans and text. One array of objects is allowed: the outermost, in which NumPy wraps
whatever it saves.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any

from pentad.core.errors import DecodeError, Reason
from pentad.media.tame_arrays import ArrayType, PendingArray, RawArray, damaged, known, made, refuse

MAX_STEPS = 100_000
"""Opcodes in one file; a cloud with texts and features beside it has some hundreds."""


def read_pickled_dict(data: bytes) -> dict[str, RawArray]:
    """Return the arrays of a dict that NumPy saved.

    Args:
        data: What stands after the header of a ``.npy`` file of one object.

    Returns:
        Key -> array. What else the dict holds, texts and nested lists such as captions and their
        features, is left out.

    Raises:
        DecodeError: It is damaged, is no such dict, or asks for anything but plain data.
    """
    machine = _Machine()
    try:
        for step, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if step >= MAX_STEPS:
                raise DecodeError(Reason.TOO_LARGE, f"pickle: more than {MAX_STEPS:,} steps")
            if step == 0 and (opcode.name != "PROTO" or argument not in (2, 3, 4, 5)):
                refuse("it is not of protocol 2 to 5")
            machine.step(opcode.name, argument)
    except (ValueError, IndexError, OverflowError) as error:
        raise _fault(error) from None
    return machine.result()


def _fault(error: Exception) -> DecodeError:
    text = " ".join(str(error).split())[:200]
    if isinstance(error, IndexError):
        text = "a value is missing"
    cut = any(word in text for word in ("remain", "exhausted", "not enough data", "no newline"))
    return DecodeError(Reason.TRUNCATED if cut else Reason.CORRUPT, f"pickle: {text}")


class _Mark:
    """Where the contents of a container begin on the stack."""


class _Machine:
    """The stack and the memo of one file."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.outermost: PendingArray | None = None

    def step(self, name: str, argument: Any) -> None:
        """Do what one opcode says.

        Raises:
            DecodeError: No cloud needs it, or it does not fit here.
        """
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _STEPS:
            _STEPS[name](self)
        elif name in _STEPS_WITH_ARGUMENT:
            _STEPS_WITH_ARGUMENT[name](self, argument)
        elif name not in _PASSED:
            refuse(f"it has the opcode {name}")

    def result(self) -> dict[str, RawArray]:
        """Return the arrays, when the file has ended."""
        if len(self.stack) != 1:
            damaged("it does not end with one value")
        outermost = self.stack[0]
        values = outermost.values if isinstance(outermost, PendingArray) else None
        if values is None or len(values) != 1 or not isinstance(values[0], dict):
            refuse("it is not one dict in an array")
        arrays = {
            key: value.raw if isinstance(value, PendingArray) else value
            for key, value in values[0].items()
        }
        return {key: value for key, value in arrays.items() if isinstance(value, RawArray)}

    def pop(self) -> Any:
        """Take the topmost value."""
        found = self.stack.pop()
        if isinstance(found, _Mark):
            damaged("a value is missing")
        return found

    def pops(self, count: int) -> list[Any]:
        """Take some values, the topmost last."""
        return [self.pop() for _ in range(count)][::-1]

    def above_mark(self) -> list[Any]:
        """Take all above the last mark, and the mark."""
        places = reversed(range(len(self.stack)))
        place = next((p for p in places if isinstance(self.stack[p], _Mark)), None)
        if place is None:
            damaged("a mark is missing")
        found = self.stack[place + 1 :]
        del self.stack[place:]
        return found

    def remember(self, place: int) -> None:
        """Note the topmost value."""
        if isinstance(self.stack[-1], _Mark):
            damaged("a value is missing")
        self.memo[place] = self.stack[-1]

    def recall(self, place: int) -> None:
        """Add a value that was noted."""
        if place not in self.memo:
            damaged(f"nothing was noted at {place}")
        self.stack.append(self.memo[place])

    def name(self, module: object, name: object) -> None:
        """Add a known name."""
        if not isinstance(module, str) or not isinstance(name, str):
            refuse("it asks for something without a name")
        self.stack.append(known(f"{module} {name}"))

    def extend(self, values: list[Any]) -> None:
        """Add values to the list on the stack."""
        if not isinstance(self.stack[-1], list):
            refuse("it adds to something that is no list")
        self.stack[-1].extend(values)

    def update(self, pairs: list[Any]) -> None:
        """Add keys and values, alternating, to the dict on the stack."""
        if not isinstance(self.stack[-1], dict):
            refuse("it sets items of something that is no dict")
        if len(pairs) % 2:
            damaged("a dict has a key without a value")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            # A tuple would be hashed through and through, which can be made to take for ever.
            if not isinstance(key, str | bytes):
                refuse("a dict has a key that is no text")
            self.stack[-1][key] = value

    def build(self) -> None:
        """Give the array or the type on the stack its content."""
        state, target = self.pop(), self.stack[-1]
        if not isinstance(target, ArrayType | PendingArray):
            refuse("it sets the state of something that is no array")
        target.set_state(state)
        if isinstance(target, PendingArray) and target.values is not None:
            if self.outermost is not None:
                refuse("it has an array of objects inside")
            self.outermost = target


_LITERALS = frozenset(
    {
        "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "SHORT_BINUNICODE",
        "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8",
        "SHORT_BINSTRING", "BINSTRING",
    }
)  # fmt: skip
_PASSED = frozenset({"PROTO", "FRAME", "STOP"})
_STEPS: dict[str, Callable[[_Machine], None]] = {
    "NONE": lambda m: m.stack.append(None),
    "NEWTRUE": lambda m: m.stack.append(True),
    "NEWFALSE": lambda m: m.stack.append(False),
    "MARK": lambda m: m.stack.append(_Mark()),
    "EMPTY_TUPLE": lambda m: m.stack.append(()),
    "EMPTY_LIST": lambda m: m.stack.append([]),
    "EMPTY_DICT": lambda m: m.stack.append({}),
    "TUPLE": lambda m: m.stack.append(tuple(m.above_mark())),
    "TUPLE1": lambda m: m.stack.append(tuple(m.pops(1))),
    "TUPLE2": lambda m: m.stack.append(tuple(m.pops(2))),
    "TUPLE3": lambda m: m.stack.append(tuple(m.pops(3))),
    "APPEND": lambda m: m.extend(m.pops(1)),
    "APPENDS": lambda m: m.extend(m.above_mark()),
    "SETITEM": lambda m: m.update(m.pops(2)),
    "SETITEMS": lambda m: m.update(m.above_mark()),
    "MEMOIZE": lambda m: m.remember(len(m.memo)),
    "STACK_GLOBAL": lambda m: m.name(*m.pops(2)),
    "REDUCE": lambda m: m.stack.append(made(*m.pops(2))),
    "BUILD": lambda m: m.build(),
}
_STEPS_WITH_ARGUMENT: dict[str, Callable[[_Machine, Any], None]] = {
    "BINPUT": lambda m, a: m.remember(a),
    "LONG_BINPUT": lambda m, a: m.remember(a),
    "BINGET": lambda m, a: m.recall(a),
    "LONG_BINGET": lambda m, a: m.recall(a),
    "GLOBAL": lambda m, a: m.name(*a.split(" ", 1)),
}
