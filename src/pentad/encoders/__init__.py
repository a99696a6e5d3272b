"""What turns media into vectors: the `Encoder` protocol, its registry, one file per family."""

import os

# Nothing is reported to anyone; must be set before the hub's package is loaded.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
