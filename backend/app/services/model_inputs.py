"""What a model is given beside its bars: the same kinds of it in training, on paper and again.

Everything that training was given is kept in files named by their content, so that the same model
can be trained again for ever.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from app.core.config import settings
from app.repositories.bars import SeriesKey, read_range
from app.services import sentiment_snapshots
from app.services.funding import StoredFunding
from app.services.markets import Market, keep_news
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.market.snapshots import read_snapshot, write_snapshot
from cryptovolt.trading.hybrid import Beside

_BARS, _FUNDING = "snapshots", "snapshots/funding"
_OTHER_BARS = ("mark", "index", "leader")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a model was trained on: hashes of what lies in files, None of what there was not."""

    bars: str
    sentiment: str | None = None
    funding: str | None = None
    mark: str | None = None
    index: str | None = None
    leader: str | None = None
    series: Mapping[str, str] | None = None
    """Which series mark, index and leader are, as SYMBOL:TIMEFRAME:SOURCE."""

    @property
    def kinds(self) -> frozenset[str]:
        """What there was beside the bars."""
        names = ("sentiment", "funding", *_OTHER_BARS)
        return frozenset(name for name in names if getattr(self, name) is not None)

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        named = {name: getattr(self, name) for name in ("bars", *sorted(self.kinds))}
        return {**named, "series": dict(self.series or {})}


def given_of(record: Mapping[str, Any] | None) -> Given:
    """Return what a record of the registry says; a model of before said nothing but its bars."""
    return Given(**dict(record)) if record else Given(bars="")


def keep_given(market: Market, beside: Beside) -> Given:
    """Write what training will be given to files, and return their hashes."""
    folder = settings.home / _BARS
    rates = beside.of(market.bars).get("funding")
    others: dict[str, Bars] = {
        name: bars for name in _OTHER_BARS if (bars := getattr(beside, name)) is not None
    }
    return Given(
        bars=write_snapshot(market.bars, folder).stem,
        sentiment=keep_news(market),
        funding=None if rates is None else _write_rates(rates),
        series={name: f"{b.symbol}:{b.timeframe}:{b.source}" for name, b in others.items()},
        **{name: write_snapshot(bars, folder).stem for name, bars in others.items()},
    )


def given_again(given: Given) -> tuple[Bars, SentimentSeries | None, Beside]:
    """Return exactly what a model was trained on, each file checked against its hash.

    Raises
    ------
    DataError
        If a file is missing or was changed.
    """
    folder = settings.home / _BARS
    others = {
        name: read_snapshot(hash_, folder)
        for name in _OTHER_BARS
        if (hash_ := getattr(given, name)) is not None
    }
    rates = None if given.funding is None else _read_rates(given.funding)
    news = given.sentiment and sentiment_snapshots.read_snapshot(given.sentiment)
    return read_snapshot(given.bars, folder), news or None, Beside(funding=rates, **others)


def beside_stored(key: SeriesKey, kinds: frozenset[str], series: Mapping[str, str]) -> Beside:
    """Return the same kinds of input as they are stored now, for a model that is to say something.

    Raises
    ------
    DataError
        If one of them is not stored.
    """
    rates: FundingRates | None = None
    if "funding" in kinds:
        rates = StoredFunding().rates(key)
        if rates is None:
            raise DataError(f"expected stored funding rates of {key}, found none; fetch some first")
    others: dict[str, Bars] = {}
    for name in kinds & set(_OTHER_BARS):
        others[name] = bars = read_range(SeriesKey(*series[name].split(":")))
        if not len(bars):
            raise DataError(f"expected stored bars of the {name} {series[name]}, found none")
    return Beside(funding=rates, **others)


def _write_rates(rates: FundingRates) -> str:
    folder = settings.home / _FUNDING
    path = folder / f"{_hash_of(rates)}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        waiting = path.with_suffix(".part")
        pl.DataFrame({"timestamp": rates.timestamp, "rate": rates.rate}).write_parquet(waiting)
        waiting.replace(path)
    return path.stem


def _read_rates(hash_: str) -> FundingRates:
    path = settings.home / _FUNDING / f"{hash_}.parquet"
    found = _rates_in(path)
    if _hash_of(found) != hash_:
        raise DataError(f"{path}: the content is not what the name says")
    return found


def _rates_in(path: Path) -> FundingRates:
    if not path.is_file():
        raise DataError(f"{path}: there is no such snapshot of funding rates")
    try:
        frame = pl.read_parquet(path)
        return FundingRates(timestamp=frame["timestamp"].to_numpy(), rate=frame["rate"].to_numpy())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path}: expected a snapshot of funding rates ({error})") from None


def _hash_of(rates: FundingRates) -> str:
    return hashlib.sha256(rates.timestamp.tobytes() + rates.rate.tobytes()).hexdigest()
