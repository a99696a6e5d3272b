"""Numbers of parameters for people, and what encoding costs."""

from __future__ import annotations

_STEPS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


def people_count(parameters: int | None) -> str:
    """Return a number of parameters as papers write it.

    Examples:
        >>> people_count(1_230_000_000), people_count(86_000_000), people_count(0)
        ('1.23B', '86M', '0')
        >>> people_count(None)
        'unknown'
    """
    if parameters is None:
        return "unknown"
    for step, letter in _STEPS:
        if parameters >= step * 0.9995:
            return f"{parameters / step:.3g}{letter}"
    return str(parameters)


def people_seconds(seconds: float | None) -> str:
    """Return the cost of an item, such as ``12.3 ms``.

    Examples:
        >>> people_seconds(0.0123), people_seconds(2.5), people_seconds(None)
        ('12.3 ms', '2.5 s', '-')
    """
    if seconds is None:
        return "-"
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
