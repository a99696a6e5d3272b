"""A run as one page: values in, HTML, SVG, JSON and Markdown out. Nothing here reads a file."""
