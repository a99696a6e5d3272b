"""The built-in encoders: classical descriptors without weights or downloads."""
