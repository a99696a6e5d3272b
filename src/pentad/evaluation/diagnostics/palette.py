"""One color and one marker a modality, told apart by readers who see few colors, and in gray.

Colors are of Okabe and Ito, "Color Universal Design" (2008).
"""

from __future__ import annotations

from pentad.core.modality import Modality

INK, FAINT, GRID, BACKGROUND = "#1c2028", "#6b7280", "#e5e7eb", "#d3d7dd"
COLORS = {
    Modality.TEXT: "#0072B2",
    Modality.IMAGE: "#E69F00",
    Modality.AUDIO: "#009E73",
    Modality.VIDEO: "#CC79A7",
    Modality.POINTS: "#D55E00",
}
MARKERS = {
    Modality.TEXT: "o",
    Modality.IMAGE: "s",
    Modality.AUDIO: "^",
    Modality.VIDEO: "D",
    Modality.POINTS: "X",
}
HATCHES = {
    Modality.TEXT: "",
    Modality.IMAGE: "//",
    Modality.AUDIO: "..",
    Modality.VIDEO: "\\\\",
    Modality.POINTS: "xx",
}
CLASSES = (
    "#332288", "#CC3311", "#117733", "#0077BB", "#AA4499", "#997700",
    "#009988", "#882255", "#EE7733", "#555555", "#6699CC", "#999933",
)  # fmt: skip
"""For classes that are labelled directly; of Tol, "Colour Schemes" (2021), light ones left out."""
