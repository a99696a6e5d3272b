"""Neural encoders that run in torch, one file a family."""
