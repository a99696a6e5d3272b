"""What came out of trying an encoder."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Check:
    """One thing that was tried.

    Attributes:
        name: What.
        modality: For which inputs; empty where it is about all of them.
        passed: Whether it is as it must be; None where it is only told.
        detail: One line for people.
        value: The number that was measured; None where there is none.
    """

    name: str
    modality: str
    passed: bool | None
    detail: str
    value: float | None = None


@dataclass(frozen=True)
class CheckReport:
    """Everything that was tried with one encoder.

    Attributes:
        encoder: Its name.
        space: The name of its space.
        checks: In the order they were made.
    """

    encoder: str
    space: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        """What is not as it must be."""
        return tuple(check for check in self.checks if check.passed is False)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return {
            "encoder": self.encoder,
            "space": self.space,
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
        }
