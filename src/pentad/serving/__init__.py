"""Search over items of every modality in one space: the in-memory `Index`. No HTTP here."""
