"""Numbers that count something."""

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.whole import whole_number


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_whole_numbers_of_numpy_become_those_of_python(value):
    found = whole_number("k", value)
    assert (found, type(found)) == (3, int)


@pytest.mark.parametrize("value", [3.0, np.float64(3), "3", None, True, np.array([1, 2])])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(InputError, match="k must be a whole number"):
        whole_number("k", value)
