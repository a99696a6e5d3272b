"""`Keys`: which row of the layout each kept vector is, under which id and name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Keys:
    """Collected batch by batch; a layout gives ids and names for all of its rows or for none."""

    def __init__(self) -> None:
        self._numbers: list[NDArray[np.int64]] = []
        self._ids: list[NDArray[Any]] = []
        self._names: list[str] | None = None

    def add(
        self,
        numbers: NDArray[np.int64],
        ids: NDArray[Any] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        """Append rows: their numbers in the whole layout, from 0, ids and names."""
        self._numbers.append(numbers)
        if ids is not None:
            self._ids.append(ids)
        if names is not None:
            self._names = [*(self._names or ())] if self._names is None else self._names
            self._names.extend(names)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """int64 (rows,), ascending."""
        return np.concatenate(self._numbers) if self._numbers else np.empty(0, np.int64)

    @property
    def ids(self) -> NDArray[Any] | None:
        """(rows,) of the layout's own ids, or None."""
        return np.concatenate(self._ids) if self._ids else None

    @property
    def names(self) -> list[str] | None:
        """One a row, or None."""
        return self._names
