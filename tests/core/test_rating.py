import pytest

from pentad.core.errors import InputError
from pentad.core.rating import Rating


def test_grades_are_ordered_and_codes_are_the_other_way_round() -> None:
    assert Rating.GOOD > Rating.PARTIAL > Rating.BAD == 0
    assert [Rating.from_code(code) for code in (1, 2, 3)] == [2, 1, 0]
    assert all(Rating.from_code(rating.code) is rating for rating in Rating)


@pytest.mark.parametrize("code", [0, 4, -1])
def test_other_codes_are_refused(code: int) -> None:
    with pytest.raises(InputError, match=f"1 Good, 2 Partial, 3 Bad, got {code}"):
        Rating.from_code(code)
