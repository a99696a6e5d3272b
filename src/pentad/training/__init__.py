"""Trains projection heads on top of a bridge: from groups and native pairs, by InfoNCE."""
