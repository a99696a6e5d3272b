"""Drawings as SVG text, written by hand: crisp at any size, light and dark."""
