from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cryptovolt import RiskLimits
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.risk import PRE_TRADE_LIMITS, AccountState, OrderIntent, check

LIMITS = RiskLimits(
    max_position=0.5, max_order=0.3, max_exposure=0.8, max_daily_loss=0.05, max_drawdown=0.2
)
ACCOUNT = AccountState(
    equity=10_000.0, peak_equity=10_000.0, day_start_equity=10_000.0, gross_exposure=0.0
)
NAN = float("nan")

SCENARIOS: list[tuple[str, float, float, dict[str, float], list[str] | None]] = [
    # what, order, held, changes of the account, breaches
    ("a first buy within limits", 2_999.0, 0.0, {}, []),
    ("an order too large", 3_001.0, 0.0, {}, ["order_size"]),
    (
        "adding beyond the position limit",
        2_500.0,
        2_600.0,
        {"gross_exposure": 2_600.0},
        ["position"],
    ),
    ("too much in all symbols", 2_000.0, 0.0, {"gross_exposure": 6_001.0}, ["exposure"]),
    ("a day that lost too much", 100.0, 0.0, {"day_start_equity": 10_600.0}, ["daily_loss"]),
    ("too far below the peak", 100.0, 0.0, {"peak_equity": 12_600.0}, ["drawdown"]),
    ("a short too large", -3_001.0, 0.0, {}, ["order_size"]),
    ("turning long into short within limits", -4_000.0, 2_000.0, {"gross_exposure": 2_000.0}, []),
    (
        "turning long into a short too large",
        -5_500.0,
        2_000.0,
        {"gross_exposure": 2_000.0},
        ["order_size"],
    ),
    (
        "everything at once: all are reported",
        9_000.0,
        0.0,
        {"gross_exposure": 1.0, "day_start_equity": 11_000.0, "peak_equity": 20_000.0},
        ["order_size", "position", "exposure", "daily_loss", "drawdown"],
    ),
    ("closing in a ruined account", -9_000.0, 9_000.0, {"equity": -5.0, "peak_equity": 9e9}, []),
    ("covering a short in a ruined account", 500.0, -9_000.0, {"equity": NAN}, []),
    ("opening in an account without equity", 1.0, 0.0, {"equity": 0.0}, None),
    ("opening with unknown equity", 1.0, 0.0, {"equity": NAN}, None),
]


@pytest.mark.parametrize(
    ("notional", "held", "changes", "breaches"),
    [scenario[1:] for scenario in SCENARIOS],
    ids=[scenario[0] for scenario in SCENARIOS],
)
def test_scenarios(
    notional: float, held: float, changes: dict[str, float], breaches: list[str] | None
) -> None:
    order = OrderIntent(symbol="BTCUSDT", notional=notional, held=held)
    found = [breach.limit for breach in check(order, replace(ACCOUNT, **changes), LIMITS)]
    if breaches is None:
        assert len(found) == len(PRE_TRADE_LIMITS)
    else:
        assert found == breaches


def test_a_breach_says_what_is_allowed_and_what_was_found() -> None:
    (breach,) = check(OrderIntent(symbol="BTCUSDT", notional=4_000.0), ACCOUNT, LIMITS)
    assert (breach.allowed, breach.found) == (3_000.0, 4_000.0)
    assert str(breach) == "order_size: allowed 3,000, found 4,000"


def test_closing_a_position_up_to_rounding_is_no_new_position() -> None:
    held = 0.1 + 0.2
    order = OrderIntent(symbol="BTCUSDT", notional=-held * (1 + 1e-12), held=held)
    assert order.reduces_position
    assert order.closing == abs(order.notional)


MONEY = st.floats(0.01, 1e9)
ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(
    held=MONEY,
    share=st.floats(0.0, 1.0),
    is_short=st.booleans(),
    equity=ANY,
    peak=ANY,
    day_start=ANY,
    gross=ANY,
)
def test_a_reducing_order_is_never_refused(
    held: float,
    share: float,
    is_short: bool,
    equity: float,
    peak: float,
    day_start: float,
    gross: float,
) -> None:
    sign = -1.0 if is_short else 1.0
    order = OrderIntent(symbol="BTCUSDT", notional=-sign * held * share, held=sign * held)
    account = AccountState(
        equity=equity, peak_equity=peak, day_start_equity=day_start, gross_exposure=gross
    )
    assert check(order, account, LIMITS) == ()


@given(
    notional=st.floats(-20_000, 20_000),
    held=st.floats(-5_000, 5_000),
    others=st.floats(0, 10_000),
    equity=st.floats(1, 20_000),
    peak=st.floats(1, 30_000),
    day_start=st.floats(1, 30_000),
)
def test_nothing_beyond_a_limit_is_ever_approved(
    notional: float, held: float, others: float, equity: float, peak: float, day_start: float
) -> None:
    order = OrderIntent(symbol="BTCUSDT", notional=notional, held=held)
    account = AccountState(
        equity=equity,
        peak_equity=peak,
        day_start_equity=day_start,
        gross_exposure=others + abs(held),
    )
    assume(not check(order, account, LIMITS))
    after = abs(held + notional)
    slack = 1e-6
    if after > abs(held) * (1 + slack):
        assert after <= equity * LIMITS.max_position + slack
        assert others + after <= equity * LIMITS.max_exposure + slack
    if after > abs(held) * (1 + slack) or (held + notional) * held < -slack:
        assert equity >= day_start * (1 - LIMITS.max_daily_loss) - slack
        assert equity >= peak * (1 - LIMITS.max_drawdown) - slack


@given(notional=st.floats(0.01, 1e6), equity=MONEY, field=st.sampled_from(["held", "notional"]))
def test_an_order_with_an_unknown_number_is_refused(
    notional: float, equity: float, field: str
) -> None:
    order = replace(OrderIntent(symbol="BTCUSDT", notional=notional), **{field: NAN})
    account = AccountState(equity=equity, peak_equity=equity, day_start_equity=equity)
    assert check(order, account, LIMITS)


BAD_LIMITS: list[tuple[dict[str, Any], str]] = [
    ({"max_position": 0.0}, "max_position in (0, 10]"),
    ({"max_order": -1.0}, "max_order in (0, 10]"),
    ({"max_exposure": NAN}, "max_exposure in (0, 10]"),
    ({"target_volatility": 11.0}, "target_volatility in (0, 10]"),
    ({"stop_loss": 1.0}, "stop_loss in (0, 1), or None"),
    ({"take_profit": 0.0}, "take_profit in (0, 10], or None"),
    ({"max_daily_loss": 5.0}, "max_daily_loss in (0, 1]"),
    ({"max_drawdown": NAN}, "max_drawdown in (0, 1]"),
    ({"veto_volatility": 0.5}, "veto_volatility in [1, 100]"),
    ({"veto_sentiment": 0.1}, "veto_sentiment in [-1, 0)"),
]


@pytest.mark.parametrize(("values", "message"), BAD_LIMITS)
def test_limits_that_make_no_sense_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RiskLimits(**values)
    assert f"expected {message}, found" in str(caught.value)


def test_stops_may_be_switched_off() -> None:
    limits = RiskLimits(stop_loss=None, take_profit=None)
    assert (limits.stop_loss, limits.take_profit) == (None, None)
