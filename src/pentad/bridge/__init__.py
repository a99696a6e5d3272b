"""Learns the map that lets captions retrieve items whose encoder has never seen text."""
