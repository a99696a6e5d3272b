"""Encoders of Pentad for programs that expect encoders of another library."""
