from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pentad.core.seeds import derive_seed, generator


def test_seeds_are_the_same_on_every_machine() -> None:
    assert derive_seed(0) == 3456079177858693020
    assert derive_seed(0, "folds") == 2610269317979099472
    assert derive_seed(7, "folds", 3) == 5178382766352334958
    assert generator(0, "folds").integers(1000, size=5).tolist() == [925, 732, 859, 898, 258]


@given(st.integers(), st.lists(st.text() | st.integers(), max_size=4))
def test_a_seed_fits_63_bits_and_is_repeatable(seed: int, names: list[str | int]) -> None:
    value = derive_seed(seed, *names)
    assert 0 <= value < 2**63
    assert value == derive_seed(seed, *names)


def test_every_use_is_its_own() -> None:
    uses = [(0,), (1,), (0, "a"), (0, "b"), (0, "a", "b"), (0, "b", "a"), (0, "ab"), (0, "a", 1)]
    assert len({derive_seed(*use) for use in uses}) == len(uses)  # type: ignore[arg-type]


def test_generators_are_independent_of_global_state() -> None:
    first = generator(0, "x")
    second = generator(0, "x")
    second.integers(10)
    assert first.integers(10**9) != second.integers(10**9)
