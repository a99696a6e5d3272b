"""``python -m pentad.cli`` does what ``pentad`` does."""

from pentad.cli import main

main()
