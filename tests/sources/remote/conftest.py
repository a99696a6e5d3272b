from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stores import S3, memory_store, s3_server


@pytest.fixture
def memory() -> Iterator[None]:
    with memory_store():
        yield


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3]:
    (tmp_path / "s3" / "bucket").mkdir(parents=True)
    with s3_server(tmp_path / "s3") as server:
        yield server
