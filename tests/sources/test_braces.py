from __future__ import annotations

import shutil
import subprocess

import pytest

from pentad.core.errors import InputError
from pentad.sources import braces
from pentad.sources.braces import expand_braces

PATTERNS = [
    "plain.tar",
    "{00000..00003}.tar",
    "x{8..11}.tar",
    "x{08..11}.tar",
    "x{3..1}.tar",
    "{0..10..5}",
    "{10..0..4}",
    "{-2..1}",
    "{-05..5..5}",
    "{a..d}",
    "{train,val}/{00..02}.tar",
    "{a,b{1..3},c{x,{y,z}}}.tar",
    "a{b}c",
    "a{}c",
    "a{,b}c",
    "{{1..2},x}",
    "{1..2}{1..2}{1..2}",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_names_are_those_of_the_shell(pattern: str) -> None:
    shell = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {pattern}"], capture_output=True, text=True, check=True
    )
    assert expand_braces(pattern) == shell.stdout.splitlines()


@pytest.mark.parametrize("pattern", ["{00..11.tar", "x{a,{b}.tar"])
def test_an_open_brace_is_an_error(pattern: str) -> None:
    with pytest.raises(InputError, match="opened and not closed"):
        expand_braces(pattern)


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="more than 1,000,000 names"):
        expand_braces("{0..999999999}{0..999999999}.tar")
    monkeypatch.setattr(braces, "MOST_NAMES", 4)
    assert len(expand_braces("{1..4}")) == 4
