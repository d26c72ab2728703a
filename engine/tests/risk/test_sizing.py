import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt import RiskLimits
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.risk import sizes, volatility_veto

LIMITS = RiskLimits(
    max_position=0.4, target_volatility=0.6, veto_volatility=1.5, veto_sentiment=-0.1
)
NAN = float("nan")

SIZES = [
    # score, volatility per year, share of equity
    (1.0, 0.3, 0.4),  # certain, calm: all that is allowed
    (-1.0, 0.3, 0.4),  # a short is sized the same
    (0.2, 0.3, 0.2),  # just at the threshold: half
    (0.6, 0.6, 0.3),
    (1.0, 1.2, 0.2),  # twice the target volatility: half
    (0.0, 0.3, 0.2),
    (1.0, 0.0, 0.4),
    (1.0, NAN, NAN),  # unknown volatility: no size
    (NAN, 0.3, NAN),
]


@pytest.mark.parametrize(("score", "volatility", "share"), SIZES)
def test_sizes(score: float, volatility: float, share: float) -> None:
    found = sizes(np.array([score]), np.array([volatility]), LIMITS, threshold=0.2)
    assert found[0] == pytest.approx(share, nan_ok=True)


@given(score=st.floats(-1, 1), volatility=st.floats(0, 1e6), threshold=st.floats(0.01, 0.99))
def test_no_size_exceeds_the_largest_position(
    score: float, volatility: float, threshold: float
) -> None:
    found = sizes(np.array([score]), np.array([volatility]), LIMITS, threshold=threshold)
    assert 0.0 < found[0] <= LIMITS.max_position


VETOES = [
    # volatility, typical, news, vetoed
    (0.91, 0.6, -0.11, True),
    (0.89, 0.6, -0.11, False),  # not high enough
    (0.91, 0.6, -0.09, False),  # not bad enough
    (0.91, 0.6, NAN, False),  # no news is not bad news
    (NAN, 0.6, -1.0, False),
    (0.91, NAN, -1.0, False),
    (0.0, 0.0, -1.0, False),  # nothing moves
]


@pytest.mark.parametrize(("volatility", "typical", "news", "vetoed"), VETOES)
def test_buying_is_vetoed_when_volatility_is_high_and_the_news_is_bad(
    volatility: float, typical: float, news: float, vetoed: bool
) -> None:
    found = volatility_veto(np.array([volatility]), np.array([typical]), np.array([news]), LIMITS)
    assert found.tolist() == [vetoed]


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="one length"):
        sizes(np.zeros(2), np.zeros(3), LIMITS)
    with pytest.raises(DataError, match="one length"):
        volatility_veto(np.zeros(2), np.zeros(2), np.zeros(1), LIMITS)
    with pytest.raises(ConfigurationError, match="threshold"):
        sizes(np.zeros(2), np.zeros(2), LIMITS, threshold=NAN)
