from __future__ import annotations

import pytest

from pentad.core.progress import SILENT


def test_silent_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with SILENT.task("work", 3) as task:
        task.advance()
        task.advance(2)
    SILENT.notice("hello")
    assert capsys.readouterr() == ("", "")


def test_errors_pass_through_a_task() -> None:
    with pytest.raises(KeyError), SILENT.task("work"):
        raise KeyError
