"""One metric a file; `registry` lists them and `grammar` reads their names, such as ``hit@5``."""
