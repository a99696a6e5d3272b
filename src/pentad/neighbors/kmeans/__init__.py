"""K-means over more vectors than memory holds, exact in every step, and faster than by scanning."""
