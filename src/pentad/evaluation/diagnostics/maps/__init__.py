"""Maps: the vectors of a space in two dimensions, drawn so that fifty classes can be read."""
