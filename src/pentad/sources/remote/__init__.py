"""Sources on object stores, listed without reading their media."""
