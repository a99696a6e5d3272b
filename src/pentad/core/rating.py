"""What a rater says about a pair, and the number to compute with."""

from __future__ import annotations

from enum import IntEnum

from pentad.core.errors import InputError


class Rating(IntEnum):
    """One judgement. The value is its grade: greater is better."""

    BAD = 0
    PARTIAL = 1
    GOOD = 2

    @property
    def code(self) -> int:
        """The number that published tables hold: 1 good, 2 partial, 3 bad."""
        return 3 - self.value

    @classmethod
    def from_code(cls, code: int) -> Rating:
        """Return the rating that a published code means.

        Raises:
            InputError: There is no such code.

        Examples:
            >>> Rating.from_code(1) is Rating.GOOD
            True
        """
        if code not in (1, 2, 3):
            raise InputError("no such code", expected="1 Good, 2 Partial, 3 Bad", seen=code)
        return cls(3 - code)
