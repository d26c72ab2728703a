from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cryptovolt as cv
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import BadBarError
from cryptovolt.market.cleaning import Repair, drop_unclosed, take

HOUR = 3_600_000
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")

MakeBars = Callable[..., Bars]


def same_bars(one: Bars, other: Bars) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in COLUMNS)


def joined(*parts: Bars) -> Bars:
    return Bars(
        symbol=parts[0].symbol,
        timeframe=parts[0].timeframe,
        source=parts[0].source,
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS},
    )


def changed(bars: Bars, **values: float) -> Bars:
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    for name, value in values.items():
        columns[name][:] = value
    return Bars(symbol=bars.symbol, timeframe=bars.timeframe, source=bars.source, **columns)


def test_good_bars_come_back_as_they_are(make_bars: MakeBars) -> None:
    bars = make_bars()
    cleaned, repairs = cv.clean_bars(bars)
    assert cleaned is bars
    assert len(repairs) == 0
    assert str(repairs) == "nothing to repair"


@given(seed=st.integers(0, 10_000))
def test_any_order_of_rows_and_any_repetition_gives_the_same_bars(seed: int) -> None:
    rng = np.random.default_rng(seed)
    close = (100 + rng.normal(size=40).cumsum()).round(2)
    bars = Bars(
        symbol="X",
        timeframe="1h",
        timestamp=1_704_067_200_000 + HOUR * np.arange(40),
        open=close,
        high=close,
        low=close,
        close=close,
        volume=(rng.exponential(size=40) + 1.0).round(5),
    )
    rows = np.append(np.arange(40), rng.integers(0, 40, 15))
    rng.shuffle(rows)
    cleaned, repairs = cv.clean_bars(take(bars, rows))
    assert same_bars(cleaned, bars)
    assert repairs.counts[Repair.SAME_DUPLICATE] == 15


CONFLICTS = [
    # volume of one row, of the other; which one stays
    (34081.85798, 34081.86, 0),  # more decimals
    (34081.86, 34081.85798, 1),
    (10.5, 12.5, 1),  # as many decimals, more volume
    (12.5, 12.5, 0),  # all equal: the first in the file
]


@pytest.mark.parametrize(("one", "other", "stays"), CONFLICTS)
def test_of_two_bars_of_one_time_the_more_careful_stays(
    make_bars: MakeBars, one: float, other: float, stays: int
) -> None:
    bars = make_bars(6)
    rows = (changed(bars[5:], volume=one), changed(bars[5:], volume=other, high=500.0))
    cleaned, repairs = cv.clean_bars(joined(bars[:5], *rows))
    assert same_bars(cleaned[5:], rows[stays])
    assert repairs.counts == {Repair.CONFLICTING_DUPLICATE: 1}
    entry = repairs.rows.row(0, named=True)
    assert (entry["row"], entry["kept_row"]) == ((6, 5), (5, 6))[stays]


def test_a_bar_no_neighbour_reaches_is_dropped_and_accounted_for(make_bars: MakeBars) -> None:
    bars = make_bars(30)
    bogus = changed(bars[12:13], open=900.0, high=900.0, low=900.0, close=900.0)
    cleaned, repairs = cv.clean_bars(joined(bars[:12], bogus, bars[13:]))
    assert same_bars(cleaned, joined(bars[:12], bars[13:]))
    assert repairs.rows["timestamp"].to_list() == [bars.timestamp[12]]
    assert repairs.rows["high"].to_list() == [900.0]
    assert "1 × bogus bar dropped: 2024-01-01 12:00 UTC" in str(repairs)


def test_a_crash_that_reaches_back_to_its_neighbours_stays(make_bars: MakeBars) -> None:
    bars = make_bars(30)
    crash = changed(bars[12:13], open=40.0, low=40.0)
    spoilt = joined(bars[:12], crash, bars[13:])
    assert cv.clean_bars(spoilt)[0] is spoilt


def test_bars_filled_in_for_an_outage_go_and_those_of_a_thin_coin_stay(
    make_bars: MakeBars,
) -> None:
    bars = make_bars(1_000)
    price = bars.close[499]
    still = changed(bars[500:503], open=price, high=price, low=price, close=price, volume=0.0)
    cleaned, repairs = cv.clean_bars(joined(bars[:500], still, bars[503:]))
    assert len(cleaned) == 997
    assert repairs.counts == {Repair.FILLED: 3}
    thin = joined(bars[480:500], still, bars[503:520])
    assert cv.clean_bars(thin)[0] is thin


@pytest.mark.parametrize(
    "cells", [{"open": np.nan}, {"low": -1.0}, {"volume": -1.0}, {"high": 1.0}, {"timestamp": 7}]
)
def test_a_bar_that_contradicts_itself_is_never_repaired(
    make_bars: MakeBars, cells: dict[str, float]
) -> None:
    bars = make_bars(20)
    spoilt = joined(bars[:7], changed(bars[7:8], **cells), bars[8:])
    with pytest.raises(BadBarError, match="bar 7 "):
        cv.clean_bars(spoilt)


def test_only_closed_bars_stay_before_the_present(make_bars: MakeBars) -> None:
    bars = make_bars(10)
    closed, repairs = drop_unclosed(bars, int(bars.timestamp[-1]) + HOUR - 1)
    assert len(closed) == 9
    assert repairs.counts == {Repair.UNCLOSED: 1}
    closed, repairs = drop_unclosed(bars, int(bars.timestamp[-1]) + HOUR)
    assert len(closed) == 10
    assert len(repairs) == 0


@pytest.mark.real_data
class TestAFamousFreeDownload:
    """Both files hold the same market, recorded by two people."""

    @pytest.fixture
    def pair(self, real_data: Callable[[str], Path]) -> tuple[Bars, Bars]:
        dirty = cv.read_bars(real_data("dirty/Binance_ETHUSDT_1h.csv.gz"))
        clean = cv.read_bars(real_data("bars/ETH_USDT-1h-2017-2022.feather"))
        return dirty, clean

    def test_every_kind_of_repair_is_counted(self, pair: tuple[Bars, Bars]) -> None:
        cleaned, repairs = cv.clean_bars(pair[0])
        assert repairs.counts == {
            Repair.SORTED: 36_062,
            Repair.SAME_DUPLICATE: 1,
            Repair.CONFLICTING_DUPLICATE: 2_648,
            Repair.BOGUS: 1,
            Repair.FILLED: 119,
        }
        assert len(cleaned) == 36_062 - 1 - 2_648 - 1 - 119
        assert cv.check_bars(cleaned).errors == ()

    def test_of_every_conflicting_pair_the_right_bar_was_kept(
        self, pair: tuple[Bars, Bars]
    ) -> None:
        dirty, clean = pair
        _, repairs = cv.clean_bars(dirty)
        kept = repairs.rows.filter(repairs.rows["repair"] == Repair.CONFLICTING_DUPLICATE)
        rows = kept["kept_row"].to_numpy()
        places = np.searchsorted(clean.timestamp, dirty.timestamp[rows])
        for name in ("open", "high", "low", "close"):
            assert np.array_equal(getattr(dirty, name)[rows], getattr(clean, name)[places])

    def test_it_agrees_with_the_clean_file_wherever_its_recorder_did_not_rewrite_it(
        self, pair: tuple[Bars, Bars]
    ) -> None:
        cleaned, _ = cv.clean_bars(pair[0])
        clean = pair[1]
        _, ours, theirs = np.intersect1d(cleaned.timestamp, clean.timestamp, return_indices=True)
        assert ours.size == len(cleaned)
        rounding = 0.005 + 1e-9
        # The recorder replaced opens by the close before; close is what it left alone. What
        # differs there are bars the exchange itself corrected later.
        differs = np.abs(cleaned.close[ours] - clean.close[theirs]) > rounding
        assert differs.mean() < 0.007
        exact = cleaned.timestamp[ours] > 1_605_855_600_000
        for name in ("open", "high", "low", "close"):
            distance = np.abs(getattr(cleaned, name)[ours] - getattr(clean, name)[theirs])
            assert (distance[exact] > rounding).sum() <= 3
