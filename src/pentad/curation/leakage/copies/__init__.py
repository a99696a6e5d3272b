"""Near copies: which prints of one set are of the same content as those of another."""
