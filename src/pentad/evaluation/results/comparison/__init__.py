"""Several runs side by side: which scores can be compared, which differ, and a picture of it."""
