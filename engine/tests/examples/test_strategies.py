"""The worked strategies do what their first lines say, on bars made for it and generated ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cryptovolt as cv
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import StrategyError
from cryptovolt.domain.timeframe import DAY_MS, timeframe_ms
from cryptovolt.execution.inference import infer_rules
from cryptovolt.research.lookahead import lookahead
from cryptovolt.research.probes import probe_of
from cryptovolt.research.recursive import recursive
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.session import PaperSession
from cryptovolt.trading.strategy import settings_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HOUR = timeframe_ms("1h")
START = 19_000 * DAY_MS

TARGETS = ("template.py", "trend.py", "mean_reversion.py", "funding_carry.py:FundingCarry",
           "hybrid.py")  # fmt: skip
ONE_SYMBOL = (*TARGETS, "breakout.py")


def bars_of(close: FloatArray, *, spread: float = 0.0, symbol: str = "BTCUSDT") -> cv.Bars:
    """Hours from midnight; each opens at the close before it."""
    close = np.round(close, 2)
    open_ = np.concatenate([close[:1], close[:-1]])
    return cv.Bars(
        symbol=symbol,
        timeframe="1h",
        timestamp=START + HOUR * np.arange(close.size),
        open=open_,
        high=np.round(np.maximum(open_, close) + spread, 2),
        low=np.round(np.minimum(open_, close) - spread, 2),
        close=close,
        volume=np.full(close.size, 1e6),
    )


def rates_of(times: IntArray, rate: FloatArray | float) -> cv.FundingRates:
    return cv.FundingRates(timestamp=times, rate=np.broadcast_to(rate, times.shape).copy())


def every_eight_hours(bars: cv.Bars) -> IntArray:
    return bars.timestamp[bars.timestamp % (8 * HOUR) == 0]


def strategy_of(name: str, **parameters: object) -> Any:
    return cv.load_strategy(str(EXAMPLES / name), parameters)


def funding_of(strategy: Any, bars: cv.Bars) -> cv.FundingRates | None:
    """Rates for a strategy that looks at them."""
    if not hasattr(strategy, "funding"):
        return None
    times = every_eight_hours(bars)
    return rates_of(times, np.random.default_rng(4).normal(0.0, 1e-4, times.size))


@pytest.fixture(scope="module")
def market() -> cv.Bars:
    return synthetic_bars(4_000, end=1_700_000_000_000, rng=np.random.default_rng(21))


def test_every_strategy_in_the_folder_is_tested() -> None:
    classes = {name.partition(":")[0] for name in ONE_SYMBOL}
    assert {path.name for path in EXAMPLES.glob("*.py")} == classes | {"results.py"}


@pytest.mark.parametrize("name", ONE_SYMBOL)
def test_it_trades_without_a_stamp_and_twice_the_same(name: str, market: cv.Bars) -> None:
    strategy = strategy_of(name)
    rates = funding_of(strategy, market)
    runs = [cv.backtest(market, strategy, seed=seed, funding=rates) for seed in (1, 2)]
    assert runs[0].stamps == runs[1].stamps == ()
    assert len(runs[0].trades) > 0
    np.testing.assert_array_equal(runs[0].equity, runs[1].equity)
    assert runs[0].trades.equals(runs[1].trades)


@pytest.mark.parametrize("name", TARGETS)
def test_no_line_of_it_reads_ahead_and_its_warm_up_suffices(name: str, market: cv.Bars) -> None:
    strategy, markets = strategy_of(name), {market.symbol: market}
    probe = probe_of(strategy, funding=funding_of(strategy, market))
    ahead = lookahead(markets, probe, rng=np.random.default_rng(1), seed=1, n_times=20)
    assert not ahead.guilty, str(ahead)
    memory = recursive(markets, probe, rng=np.random.default_rng(1), seed=1, n_times=10)
    assert not memory.changing, str(memory)


def dues(rates: cv.FundingRates | None, bars: cv.Bars) -> list[list[tuple[str, float, bool]]]:
    """What is due at the open of each bar."""
    known = {} if rates is None else dict(rates.between(0, int(bars.timestamp[-1]) + 1))
    return [
        [(bars.symbol, known[time], False)] if time in known else []
        for time in bars.timestamp.tolist()
    ]


@pytest.mark.parametrize("name", ONE_SYMBOL)
def test_on_paper_it_is_not_stopped_and_ends_like_its_backtest(name: str, market: cv.Bars) -> None:
    strategy, rules = strategy_of(name), infer_rules(market)
    session = PaperSession(strategy, rules, settings_of(strategy, 10_000.0), market[:0])
    rates = funding_of(strategy, market)
    part = market[:2_000]
    due = dues(rates, part)
    turns = [
        session.on_bar(part[row : row + 1], funding=due[row], rates=rates)
        for row in range(len(part))
    ]
    run = cv.backtest(part, strategy_of(name), rules=rules, funding=rates)
    assert rates is None or run.statistics["funding_paid"] != 0.0
    assert [float(turn.equity) for turn in turns] == run.equity.tolist()


def test_trend_holds_by_the_sign_of_four_weeks_and_less_when_prices_swing() -> None:
    rng = np.random.default_rng(5)
    change = rng.normal(0.0, np.repeat([0.003, 0.02], 1_500))
    bars = bars_of(1_000.0 * np.exp(np.cumsum(change)))
    target = strategy_of("trend.py").target(bars)
    decided = np.flatnonzero(np.isfinite(target))
    assert set(((bars.timestamp[decided] + HOUR) % DAY_MS).tolist()) == {0}
    logs = np.diff(np.log(bars.close))
    for t in decided[decided >= 1_440].tolist():
        swings = logs[t - 1_440 : t].std() * np.sqrt(365 * 24)
        wanted = min(1.0, 0.4 / swings) if bars.close[t] > bars.close[t - 672] else 0.0
        assert target[t] == pytest.approx(wanted, rel=1e-9)
    assert np.nanmax(target) > 1.5 * target[decided[-1]]


def test_trend_goes_short_only_where_it_is_told_to() -> None:
    bars = bars_of(np.linspace(2_000.0, 1_000.0, 2_000))
    assert np.nanmin(strategy_of("trend.py").target(bars)) == 0.0
    assert np.nanmin(strategy_of("trend.py", short=True).target(bars)) == -1.0


def test_mean_reversion_buys_below_the_lower_band_and_sells_in_the_middle() -> None:
    close = np.full(60, 100.0) + np.tile([0.0, 0.5], 30)
    close[40], close[41:45], close[45:] = 97.0, 98.0, 100.5
    bars = bars_of(close)
    run = cv.backtest(bars, strategy_of("mean_reversion.py"))
    (trade,) = run.trades.filter(run.trades["entry_time"].dt.epoch("ms") >= bars.timestamp[30])\
        .to_dicts()  # fmt: skip
    hours = [int(trade[f"{side}_time"].timestamp() * 1_000 - START) // HOUR
             for side in ("entry", "exit")]  # fmt: skip
    # Decided at the close of hours 40 and 45, filled at the next opens.
    assert hours == [41, 46]


def breakout_bars(after: list[float]) -> cv.Bars:
    """Twenty days between 98 and 102, one range of 4 a day, and then what is given."""
    quiet = 100.0 + 2.0 * np.sin(2.0 * np.pi * np.arange(480) / 24.0)
    return bars_of(np.concatenate([quiet, after]))


BREAKOUTS = [
    #  after the quiet days              reason of the exit, its price
    ([101.0, 103.0, 105.0, 96.0, 91.0], "stop", 98.0),  # the low of ten days, above 102 - 2 × 4
    ([101.0, 103.0, 120.0, 140.0, 150.0], "take_profit", 142.0),  # 102 + 5 × 2 × 4
]


@pytest.mark.parametrize(("after", "reason", "price"), BREAKOUTS)
def test_breakout_enters_above_the_high_and_leaves_by_one_of_two_orders(
    after: list[float], reason: str, price: float
) -> None:
    bars = breakout_bars(after)
    run = cv.backtest(bars, strategy_of("breakout.py"), cv.Costs(fee=0.0))
    bought, sold = run.orders.to_dicts()
    assert bought["side"] == "BUY"
    assert bought["price"] == pytest.approx(102.0, rel=1e-3)
    # 1 % of 10,000 for each N, the mean range of a day, which is 4.
    assert bought["quantity"] == pytest.approx(25.0, rel=0.02)
    assert (sold["side"], str(sold["reason"])) == ("SELL", reason)
    assert sold["price"] == pytest.approx(price, rel=0.02)
    assert sold["quantity"] == bought["quantity"]


def test_breakout_asks_for_nothing_in_a_market_that_stands_still() -> None:
    bars = bars_of(np.full(700, 100.0))
    assert len(cv.backtest(bars, strategy_of("breakout.py")).orders) == 0


@pytest.mark.parametrize(("rate", "side"), [(1e-4, -0.5), (-1e-4, 0.5), (0.0, 0.0)])
def test_funding_carry_is_on_the_side_that_is_paid(rate: float, side: float) -> None:
    bars = bars_of(np.full(400, 100.0))
    strategy = strategy_of("funding_carry.py:FundingCarry")
    run = cv.backtest(bars, strategy, funding=rates_of(every_eight_hours(bars), rate))
    target = run.target[:, 0]
    decided = target[np.isfinite(target)]
    # A week of payments comes first: the 21st is made at the open of hour 160.
    assert np.flatnonzero(np.isfinite(target))[0] == 167
    assert set(decided.tolist()) == {side}


def test_funding_carry_knows_a_payment_only_when_it_was_made() -> None:
    bars = bars_of(np.full(600, 100.0))
    times = every_eight_hours(bars)
    strategy = strategy_of("funding_carry.py:FundingCarry")
    told: list[FloatArray] = []
    for sign in (1.0, -1.0):
        later = np.where(times > bars.timestamp[400] + HOUR, sign, 1.0)
        rates = rates_of(times, 1e-4 * later)
        told.append(cv.backtest(bars, strategy, funding=rates).target[:, 0])
    np.testing.assert_array_equal(told[0][:401], told[1][:401])
    assert np.nanmax(told[1]) == 0.5


def test_funding_carry_without_rates_says_what_it_needs(market: cv.Bars) -> None:
    strategy = cv.load_strategy(str(EXAMPLES / "funding_carry.py:FundingCarry"))
    with pytest.raises(StrategyError, match="expected recorded funding rates beside the bars"):
        cv.backtest(market, strategy)


def test_cash_and_carry_keeps_the_payments_whatever_the_price_does() -> None:
    close = 1_000.0 * np.exp(np.cumsum(np.random.default_rng(6).normal(0.0, 0.01, 2_000)))
    coin, perpetual = bars_of(close), bars_of(close, symbol="BTCUSDT-PERP")
    markets = {bars.symbol: bars for bars in (coin, perpetual)}
    rates = rates_of(every_eight_hours(coin), 1e-3)
    strategy = cv.load_strategy(str(EXAMPLES / "funding_carry.py:CashAndCarry"))
    run = cv.backtest(markets, strategy, funding={perpetual.symbol: rates})
    received = -run.statistics["funding_paid"]
    paid = run.statistics["fees_paid"] + run.statistics["slippage_paid"]
    assert run.stamps == ()
    assert received > 10.0 * paid
    # The legs drift apart by less than the band, and the price moved by far more.
    assert run.equity[-1] - 10_000.0 == pytest.approx(received - paid, rel=0.1)


class UpModel:
    """A model that is sure of a rise."""

    feature_names = ("return_1",)
    artefact_hash = "0" * 64

    def probability_up(self, values: FloatArray) -> FloatArray:
        return np.full(len(values), 1.0)


def news_of(bars: cv.Bars, score: float) -> cv.SentimentSeries:
    times = bars.timestamp + 60_000
    return cv.SentimentSeries(event_time=times, observed_at=times, score=np.full(times.size, score))


def test_hybrid_listens_to_a_model_and_to_news(market: cv.Bars) -> None:
    strategy = strategy_of("hybrid.py")
    alone = cv.backtest(market, strategy)
    # 0.6 of the model alone reaches 0.2, whatever the rules say; bad news take 0.1 away.
    convinced = cv.backtest(market, strategy, model=UpModel())
    warned = cv.backtest(market, strategy, sentiment=news_of(market, -1.0))
    assert alone.stamps == convinced.stamps == warned.stamps == ()
    exposure = [run.statistics["exposure"] for run in (warned, alone, convinced)]
    assert exposure[0] < exposure[1] < 0.8 < exposure[2]
