"""How every figure of diagnostics is made and written: SVG and PNG, the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import MissingExtra
from pentad.evaluation.diagnostics.palette import FAINT, INK
from pentad.store.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 160
_METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None}}
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "pentad",
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.titlesize": 10.0,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.5,
}


def require_matplotlib(extra: str = "figures") -> None:
    """Raise where figures cannot be drawn.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtra("matplotlib", extra) from None


@contextmanager
def drawing() -> Iterator[None]:
    """Draw and write within this: settings of the reader's own matplotlib do not matter.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    require_matplotlib()
    import matplotlib
    from matplotlib import style

    with matplotlib.rc_context():
        style.use("default")
        matplotlib.rcParams.update(_STYLE)
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, sizes in inches, that lays its parts out by itself."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    engine = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06)
    figure = Figure(figsize=(width, height), layout=engine, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as SVG and as PNG and return both paths.

    Args:
        figure: Made by `new_figure`, within `drawing`.
        stem: Path without a suffix.
    """
    written = []
    for kind, metadata in _METADATA.items():
        path = stem.with_name(f"{stem.name}.{kind}")
        with replacing(path) as coming:
            figure.savefig(coming, format=kind, dpi=DPI, metadata=metadata)
        written.append(path)
    return written
