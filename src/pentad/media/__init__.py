"""Decode and validate one image, clip, video, cloud or mesh, in a bounded worker process."""
