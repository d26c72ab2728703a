"""What costs, orders, funding rates and protections refuse, each in one sentence."""

from collections.abc import Callable

import numpy as np
import pytest

from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import CryptoVoltError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.orders import Order, OrderKind, Side, TimeInForce
from cryptovolt.domain.protections import LowProfit, Protections, StopGuard

NAN = float("nan")
KIND = OrderKind


def order(quantity: float = 1.0, **others: object) -> Order:
    return Order(symbol="COIN", side=Side.BUY, quantity=quantity, **others)  # type: ignore[arg-type]


def rates(times: list[int], values: list[float]) -> FundingRates:
    return FundingRates(timestamp=np.array(times, np.int64), rate=np.array(values, np.float64))


def rates_of_lists() -> FundingRates:
    return FundingRates(timestamp=[1], rate=[0.1])  # type: ignore[arg-type]


REFUSED: list[tuple[Callable[[], object], str]] = [
    (rates_of_lists, "timestamp as an array, found list"),
    (lambda: Costs(fee=0.2), r"fee as a fraction in \[0, 0.1\], found 0.2"),
    (lambda: Costs(fee=NAN), "fee as a fraction"),
    (lambda: Costs(maker_fee=-0.001), "maker_fee as a fraction"),
    (lambda: Costs(spread=NAN), "spread as a fraction"),
    (lambda: Costs(impact=1.1), r"impact in \[0, 1\], found 1.1"),
    (lambda: Costs(volatility=NAN), "volatility in"),
    (lambda: Costs(delay=-1), "delay of 0 to 1000 bars, found -1"),
    (lambda: SymbolRules(tick_size=0.0, step_size=1.0), "positive tick_size, found 0.0"),
    (lambda: SymbolRules(tick_size=1.0, step_size=NAN), "positive step_size, found nan"),
    (lambda: SymbolRules(tick_size=1.0, step_size=1.0, min_notional=NAN), "min_notional"),
    (lambda: order(0.0), "positive quantity, found 0.0"),
    (lambda: order(NAN), "positive quantity, found nan"),
    (lambda: order(kind=KIND.LIMIT), "a limit_price for a limit order, found None"),
    (lambda: order(limit_price=1.0), "no limit_price for a market order, found 1.0"),
    (lambda: order(kind=KIND.STOP, stop_price=NAN), "positive stop_price, found nan"),
    (lambda: order(kind=KIND.STOP_LIMIT, stop_price=1.0), "a limit_price for a stop_limit order"),
    (lambda: order(kind=KIND.TRAILING_STOP, trail=1.0), r"trail as a fraction in \(0, 1\)"),
    (lambda: order(good_for=0), "good_for of at least 1 bar, found 0"),
    (
        lambda: order(kind=KIND.STOP, stop_price=1.0, time_in_force=TimeInForce.IOC),
        "time in force GTC for a stop order, found immediate_or_cancel",
    ),
    (lambda: rates([0, 0], [0.1, 0.1]), "increase, found 0 in row 1 after 0"),
    (lambda: rates([0, 1], [0.1, NAN]), r"rates in \[-1, 1\], found nan in row 1"),
    (lambda: rates([0], [0.1, 0.1]), r"of one length, found shapes \(1,\) and \(2,\)"),
    (lambda: StopGuard(stops=17, within=1, pause=1), "stops between 1 and 16, found 17"),
    (lambda: StopGuard(stops=1, within=0, pause=1), "within between 1 and"),
    (lambda: LowProfit(trades=0, within=1, pause=1), "trades between 1 and 16, found 0"),
    (lambda: LowProfit(trades=1, within=1, pause=1, least=NAN), "least in"),
    (lambda: Protections(cooldown=-1), "cooldown between 0 and"),
    (lambda: Protections(max_drawdown=1.0), r"max_drawdown as a fraction in \(0, 1\)"),
    (lambda: Protections(max_drawdown=0.1, drawdown_pause=0), "drawdown_pause between 1 and"),
    (lambda: Protections(max_order=NAN), "max_order in"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[row[1] for row in REFUSED])
def test_numbers_that_make_no_sense_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(CryptoVoltError, match=message) as raised:
        make()
    assert "\n" not in str(raised.value)


FLATTERING = [
    (Costs(), False),
    (Costs(fee=0.0), True),
    (Costs(slippage=0.0), True),
    (Costs(slippage=0.0, spread=0.001), False),
    (Costs(slippage=0.0, impact=0.1), False),
    (Costs(slippage=0.0, volatility=0.1), False),
    (Costs(maker_fee=0.0), False),  # some venues charge none
]


@pytest.mark.parametrize(("costs", "flattering"), FLATTERING)
def test_costs_are_flattering_without_a_fee_or_without_slippage(
    costs: Costs, flattering: bool
) -> None:
    assert costs.flattering is flattering


def test_funding_rates_between_two_times() -> None:
    funding = rates([0, 8, 16], [0.1, 0.2, 0.3])
    assert list(funding.between(0, 16)) == [(0, 0.1), (8, 0.2)]
    assert list(funding.between(1, 8)) == []
