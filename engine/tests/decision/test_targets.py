import numpy as np
import pytest

from cryptovolt.decision import FusionPolicy, targets
from cryptovolt.domain.errors import DataError

LONG_ONLY = FusionPolicy()
BOTH_WAYS = FusionPolicy(allow_short=True)
NAN = float("nan")

SCENARIOS = [
    # action, size, vetoed, target long-only, target both ways
    (+1, 0.4, False, 0.4, 0.4),
    (+1, 0.4, True, NAN, NAN),  # vetoed: keeps what is held
    (+1, NAN, False, NAN, NAN),  # no size yet: nothing is opened
    (0, 0.4, False, NAN, NAN),
    (0, 0.4, True, NAN, NAN),
    (-1, 0.4, False, 0.0, -0.4),
    (-1, 0.4, True, 0.0, -0.4),  # a veto of buying never stops a sale
    (-1, NAN, False, 0.0, 0.0),  # no size: closes, opens nothing
]


@pytest.mark.parametrize(("action", "size", "vetoed", "long_only", "both_ways"), SCENARIOS)
def test_scenarios(
    action: int, size: float, vetoed: bool, long_only: float, both_ways: float
) -> None:
    arrays = (np.array([action], np.int8), np.array([size]), np.array([vetoed]))
    np.testing.assert_array_equal(targets(*arrays, LONG_ONLY), [long_only])
    np.testing.assert_array_equal(targets(*arrays, BOTH_WAYS), [both_ways])


def test_arrays_that_do_not_fit_are_refused() -> None:
    one, two = np.zeros(1, np.int8), np.zeros(2)
    with pytest.raises(DataError, match="one length"):
        targets(one, two, np.zeros(1, np.bool_), LONG_ONLY)
    with pytest.raises(DataError, match=r"found -0\.1 at row 0"):
        targets(one, np.array([-0.1]), np.zeros(1, np.bool_), LONG_ONLY)
