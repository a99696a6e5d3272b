"""What all tests share: a private home folder, and the data that lies beside the repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[1].parent / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason=f"needs data that is not in the repository ({SHARED})")
    for item in items:
        if item.get_closest_marker("external"):
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def _private_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests from reading or writing what the user has, and from the network."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        for name, folder in {"CONFIG": ".config", "CACHE": ".cache", "DATA": ".local"}.items():
            patch.setenv(f"XDG_{name}_HOME", str(home / folder))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data beside the repository; for tests marked ``external``."""
    return SHARED


@pytest.fixture(scope="session")
def real(shared: Path) -> Path:
    """2,143 real files with captions, in the neutral layout."""
    return shared / "real"
