from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cryptovolt as cv
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import BadBarError
from cryptovolt.market.checking import Fault, Findings, require_clean
from cryptovolt.market.oddities import Oddity

HOUR = 3_600_000
START = 1_704_067_200_000

MakeBars = Callable[..., Bars]


def spoil(bars: Bars, **cells: dict[int, float]) -> Bars:
    columns = {
        name: getattr(bars, name).copy()
        for name in ("timestamp", "open", "high", "low", "close", "volume")
    }
    for name, values in cells.items():
        for row, value in values.items():
            columns[name][row] = value
    return Bars(symbol=bars.symbol, timeframe=bars.timeframe, source=bars.source, **columns)


def error_kinds(findings: Findings) -> list[str]:
    return [finding.kind for finding in findings.errors]


def warning_kinds(findings: Findings) -> list[str]:
    return [finding.kind for finding in findings.warnings]


def test_good_bars_have_nothing_to_report(make_bars: MakeBars) -> None:
    findings = cv.check_bars(make_bars())
    assert findings.errors == ()
    assert findings.warnings == ()
    assert str(findings).endswith("nothing to report")


FAULTS = [
    # column, row, value, what it is called
    ("open", 3, np.nan, Fault.NOT_A_NUMBER),
    ("high", 3, np.inf, Fault.NOT_A_NUMBER),
    ("volume", 3, np.nan, Fault.NOT_A_NUMBER),
    ("close", 5, -1.0, Fault.PRICE),
    ("low", 5, 0.0, Fault.PRICE),
    ("volume", 6, -0.1, Fault.VOLUME),
    ("high", 7, 1.0, Fault.OHLC),
    ("low", 7, 1e6, Fault.OHLC),
    ("open", 7, 1e6, Fault.OHLC),
    ("close", 7, 1e6, Fault.OHLC),
    ("timestamp", 8, START + 8 * HOUR + 1, Fault.MISALIGNED),
    ("timestamp", 9, START + 8 * HOUR, Fault.DUPLICATE),
    ("timestamp", 9, START + 7 * HOUR, Fault.ORDER),
]


@pytest.mark.parametrize(("column", "row", "value", "fault"), FAULTS)
def test_one_wrong_cell_is_found_in_its_row(
    make_bars: MakeBars, column: str, row: int, value: float, fault: Fault
) -> None:
    findings = cv.check_bars(spoil(make_bars(), **{column: {row: value}}))
    found = {finding.kind: finding.rows.tolist() for finding in findings.errors}
    assert found[fault] == [row]


def test_a_bar_after_the_present_is_an_error_and_an_open_one_a_warning(
    make_bars: MakeBars,
) -> None:
    bars = make_bars(5)
    last = int(bars.timestamp[-1])
    assert error_kinds(cv.check_bars(bars, as_of=last - 1)) == [Fault.FUTURE]
    assert warning_kinds(cv.check_bars(bars, as_of=last + HOUR - 1)) == [Oddity.UNCLOSED]
    assert warning_kinds(cv.check_bars(bars, as_of=last + HOUR)) == []


def test_a_file_that_is_newest_first_is_named_as_such(make_bars: MakeBars) -> None:
    assert "sorted newest first" in str(cv.check_bars(make_bars()[::-1]))


def test_gaps_are_counted_in_bars(make_bars: MakeBars) -> None:
    bars = make_bars(30)
    rows = np.r_[0:10, 12:20, 25:30]
    holed = Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        source="test",
        **{n: getattr(bars, n)[rows] for n in ("timestamp", "open", "high", "low", "close")},
        volume=bars.volume[rows],
    )
    (gap,) = cv.check_bars(holed).warnings
    assert gap.kind == Oddity.GAP
    assert gap.rows.tolist() == [10, 18]
    assert "2 gaps, 7 bars missing, the longest 5" in gap.text


def test_a_wick_is_a_spike_and_a_bar_far_from_both_sides_is_bogus(make_bars: MakeBars) -> None:
    bars = make_bars(30)
    wick = cv.check_bars(spoil(bars, high={12: 200.0}))
    assert [(w.kind, w.rows.tolist()) for w in wick.warnings] == [(Oddity.SPIKE, [12])]
    cells = {name: {12: 1_000.0} for name in ("open", "high", "low", "close")}
    bogus = cv.check_bars(spoil(bars, **cells))
    assert [(w.kind, w.rows.tolist()) for w in bogus.warnings] == [(Oddity.BOGUS, [12])]


def joined(one: Bars, other: Bars, days: int, factor: float, symbol: str = "LUNAUSDT") -> Bars:
    columns = {
        name: np.append(getattr(one, name), getattr(other, name) * factor)
        for name in ("open", "high", "low", "close", "volume")
    }
    time = np.append(
        one.timestamp, one.timestamp[-1] + HOUR + days * 24 * HOUR + np.arange(len(other)) * HOUR
    )
    return Bars(symbol=symbol, timeframe="1h", source="test", timestamp=time, **columns)


@pytest.mark.parametrize(
    ("days", "factor", "kinds"),
    [
        # days without bars, prices times, what is told
        (29, 1.0, [Oddity.GAP]),
        (30, 1.0, [Oddity.GAP, Oddity.RELISTED]),
        (120, 50.0, [Oddity.GAP, Oddity.RESCALED, Oddity.RELISTED]),
        (0, 50.0, [Oddity.RESCALED]),
    ],
)
def test_a_ticker_that_comes_back_is_told_by_its_silence_and_by_its_scale(
    make_bars: MakeBars, days: int, factor: float, kinds: list[Oddity]
) -> None:
    bars = joined(make_bars(30), make_bars(30), days, factor)
    found = {w.kind: w for w in cv.check_bars(bars).warnings}
    assert list(found) == kinds
    assert all(found[kind].rows.tolist() == [30] for kind in kinds)
    if Oddity.RELISTED in found:
        assert f"{days} days without bars before" in found[Oddity.RELISTED].text
        assert "another coin may trade under this name" in found[Oddity.RELISTED].text


def test_listings_are_cut_where_the_market_was_closed(make_bars: MakeBars) -> None:
    bars = joined(make_bars(30), make_bars(20), 120, 50.0)
    first, second = cv.split_listings(bars)
    assert (len(first), len(second)) == (30, 20)
    assert first.close[-1] == bars.close[29]
    assert second.open[0] == bars.open[30]
    assert [len(part) for part in cv.split_listings(first)] == [30]
    assert cv.split_listings(first[:0])[0].symbol == "LUNAUSDT"


def test_three_bars_without_a_trade_are_a_halt_where_the_market_always_trades(
    make_bars: MakeBars,
) -> None:
    bars = make_bars(1_000)
    still = {row: float(bars.close[499]) for row in (500, 501, 502, 700, 701)}
    prices = dict.fromkeys(("open", "high", "low", "close"), still)
    halted = spoil(bars, **prices, volume=dict.fromkeys(still, 0.0))
    found = {w.kind: w for w in cv.check_bars(halted).warnings}
    assert found[Oddity.HALT].rows.tolist() == [500]
    assert "the longest 3 bars" in found[Oddity.HALT].text
    # The same bars in a market that often does not trade are its nature.
    assert Oddity.HALT not in warning_kinds(cv.check_bars(halted[480:720]))


@pytest.mark.parametrize(
    ("symbol", "told"),
    [("USTUSDT", True), ("USDC/USDT", True), ("DAI-USD", True), ("BTCUSDT", False)],
)
def test_a_stablecoin_that_leaves_one_dollar_is_told(
    make_bars: MakeBars, symbol: str, told: bool
) -> None:
    bars = make_bars(30)
    close = np.full(30, 0.9995)
    close[20:] = np.linspace(0.98, 0.12, 10)
    coin = Bars(
        symbol=symbol,
        timeframe="1h",
        timestamp=bars.timestamp,
        open=np.append(close[:1], close[:-1]),
        high=np.maximum(close, np.append(close[:1], close[:-1])),
        low=np.minimum(close, np.append(close[:1], close[:-1])),
        close=close,
        volume=bars.volume,
    )
    found = {w.kind: w for w in cv.check_bars(coin).warnings}
    assert (Oddity.OFF_PEG in found) is told
    if told:
        assert found[Oddity.OFF_PEG].rows.tolist() == list(range(21, 30))
        assert "farthest 0.12 at 2024-01-02 05:00 UTC" in found[Oddity.OFF_PEG].text


def test_silence_is_counted_with_its_longest_run(make_bars: MakeBars) -> None:
    bars = spoil(make_bars(30), volume={4: 0.0, 10: 0.0, 11: 0.0, 12: 0.0})
    (silent,) = cv.check_bars(bars).warnings
    assert silent.kind == Oddity.SILENT
    assert "4 of 30 bars, the longest run 3 from 2024-01-01 10:00 UTC" in silent.text


def test_opens_copied_from_the_close_before_are_told(make_bars: MakeBars) -> None:
    bars = make_bars(2_000)
    opens = np.append(bars.open[:1], bars.close[:-1])
    copied = Bars(
        symbol="X",
        timeframe="1h",
        timestamp=bars.timestamp,
        open=opens,
        high=np.maximum(bars.high, opens),
        low=np.minimum(bars.low, opens),
        close=bars.close,
        volume=bars.volume,
    )
    assert warning_kinds(cv.check_bars(bars)) == []
    assert warning_kinds(cv.check_bars(copied)) == [Oddity.COPIED_OPENS]


def test_require_clean_names_the_first_wrong_bar_and_what_is_in_it(make_bars: MakeBars) -> None:
    bars = spoil(make_bars(), high={9: 1.0}, volume={4: -2.0})
    with pytest.raises(BadBarError, match=r"BTCUSDT 1h, bar 4 \(2024-01-01 04:00 UTC\): volume"):
        require_clean(bars)
    with pytest.raises(BadBarError, match="volume -2"):
        require_clean(bars)


def test_require_clean_advises_to_clean_what_can_be_cleaned(make_bars: MakeBars) -> None:
    with pytest.raises(BadBarError, match="Call clean_bars first"):
        require_clean(make_bars()[::-1])


@given(row=st.integers(0, 47), seed=st.integers(0, 1_000))
def test_whatever_cell_is_lost_is_found(row: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    name = ("open", "high", "low", "close", "volume")[int(rng.integers(5))]
    values = {n: np.full(48, 5.0) for n in ("open", "high", "low", "close", "volume")}
    values[name][row] = np.nan
    time = START + HOUR * np.arange(48)
    bars = Bars(symbol="X", timeframe="1h", source="test", timestamp=time, **values)
    assert cv.check_bars(bars).errors[0].rows.tolist() == [row]


@pytest.mark.real_data
def test_exchange_outages_are_the_known_gaps(real_data: Callable[[str], Path]) -> None:
    bars = cv.read_bars(real_data("bars/BTC_USDT-1h-2017-2022.feather"))
    findings = cv.check_bars(bars)
    assert findings.errors == ()
    gap = next(w for w in findings.warnings if w.kind == Oddity.GAP)
    # Counted by the collector of the file.
    assert "27 gaps, 127 bars missing" in gap.text
