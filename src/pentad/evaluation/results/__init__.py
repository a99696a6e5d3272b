"""Runs: what one model scores on every task, as files, and several runs side by side."""
