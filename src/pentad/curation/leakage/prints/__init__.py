"""Content prints: few bytes that tell a copy of a picture, video, sound or cloud from others."""
