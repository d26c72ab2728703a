"""Which bar a funding payment falls into."""

import numpy as np
import pytest

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.execution.payments import payments_due

HOUR = 3_600_000


def bars_at(*hours: int) -> Bars:
    prices = np.full(len(hours), 100.0)
    return Bars(
        symbol="COIN", timeframe="1h", timestamp=np.array(hours) * HOUR, open=prices, high=prices,
        low=prices, close=prices, volume=prices,
    )  # fmt: skip


def rates(*hours: float) -> FundingRates:
    times = np.array([round(hour * HOUR) for hour in hours], np.int64)
    return FundingRates(timestamp=times, rate=np.full(times.size, 0.0001))


PLACES = [
    #  bars, funding due at hour, (row of the bar, whether inside it)
    ((0, 1, 2), 1.0, (1, False)),  # at its open
    ((0, 1, 2), 1.5, (1, True)),  # later in it
    ((0, 1, 2), 0.0, (0, False)),  # at the first open
    ((0, 1, 2), 2.99, (2, True)),  # in the last bar
    ((0, 1, 2), 3.0, None),  # after the last bar
    ((1, 2, 3), 0.5, None),  # before the first bar
    ((0, 1, 4), 2.0, (2, False)),  # while bars are missing: at the next open
    ((0, 1, 4), 3.99, (2, False)),
    ((0, 1, 4), 1.99, (1, True)),  # still inside the bar before the gap
]


@pytest.mark.parametrize(("hours", "due", "place"), PLACES)
def test_a_payment_falls_into_the_bar_in_which_it_is_due(
    hours: tuple[int, ...], due: float, place: tuple[int, bool] | None
) -> None:
    rows = payments_due(rates(due), ("COIN",), bars_at(*hours))
    found = [(int(row[0]), bool(row[3])) for row in rows]
    assert found == ([] if place is None else [place])


def test_payments_of_several_symbols_are_in_order_of_time_then_symbol() -> None:
    funding = {"B": rates(1.0, 1.5), "A": rates(1.0, 2.0)}
    rows = payments_due(funding, ("A", "B"), bars_at(0, 1, 2))
    assert [tuple(row[[0, 3, 1]].tolist()) for row in rows] == [
        (1, 0, 0),
        (1, 0, 1),
        (1, 1, 1),
        (2, 0, 0),
    ]


@pytest.mark.parametrize("funding", [None, {}, rates()])
def test_no_funding_is_no_payment(funding: FundingRates | dict[str, FundingRates] | None) -> None:
    assert len(payments_due(funding, ("COIN",), bars_at(0, 1))) == 0


def test_funding_of_a_stranger_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected funding of COIN, found it for OTHER"):
        payments_due({"OTHER": rates(0.0)}, ("COIN",), bars_at(0, 1))
