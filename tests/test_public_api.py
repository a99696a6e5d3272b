"""The names at the root: complete, sorted, importable, and nothing heavy behind the import."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import pentad

HEAVY = (
    "torch",
    "ray",
    "fastapi",
    "typer",
    "transformers",
    "sentence_transformers",
    "faiss",
    "onnxruntime",
    "polars",
)
ROOT = Path(__file__).parents[1]
SOURCE = Path(pentad.__file__)


def modules_after(code: str) -> set[str]:
    """Return what a fresh process has loaded after running some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_import_loads_nothing_heavy():
    loaded = modules_after("import pentad")
    assert "pentad" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_listing_the_names_loads_nothing_heavy():
    assert modules_after("import pentad; dir(pentad)").isdisjoint(HEAVY)


def test_the_check_for_heavy_modules_sees_one():
    assert "polars" in modules_after("import polars")


def test_all_is_sorted_and_without_repeats():
    assert pentad.__all__ == sorted(set(pentad.__all__))


@pytest.mark.parametrize("name", pentad.__all__)
def test_every_name_can_be_imported(name):
    value = getattr(pentad, name)
    assert value.__name__ == name
    assert value.__module__.startswith("pentad.")
    assert value.__doc__


def test_all_has_every_name_that_is_imported_for_type_checkers():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    names = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(names) == pentad.__all__
    for name, module in names.items():
        assert getattr(pentad, name).__module__ == module


def test_dir_lists_the_names():
    assert set(pentad.__all__) <= set(dir(pentad))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        pentad.no_such_name  # noqa: B018
    with pytest.raises(ImportError):
        from pentad import no_such_name  # noqa: F401


def test_the_submodule_of_a_name_does_not_hide_it():
    import pentad.embeddings.embed
    import pentad.pipeline.build
    import pentad.store.verify

    assert callable(pentad.embed)
    assert callable(pentad.build)
    assert callable(pentad.verify)


def test_the_version_is_one():
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert project["dynamic"] == ["version"]
    assert version("pentad") == pentad.__version__


def test_the_package_says_that_it_has_types():
    assert SOURCE.with_name("py.typed").exists()
