"""What a strategy and its account are given besides bars, and the hash that tells it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, cast

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.funding import Funding, FundingRates
from cryptovolt.domain.ports import Classifier, Forecaster
from cryptovolt.domain.sentiment import SentimentSeries

Markets: TypeAlias = Bars | Mapping[str, Bars]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """What a strategy and its account are given besides bars; None of what there is not.

    Parameters
    ----------
    rules : SymbolRules or mapping of str to SymbolRules, optional
        Inferred from the bars where not given.
    funding : FundingRates or mapping of str to FundingRates, optional
        Charged to what is held; a strategy sees the payments made so far.
    detail_bars : Bars or mapping of str to Bars, optional
        Of a smaller time frame.
    sentiment : SentimentSeries, optional
        A strategy sees the items seen so far.
    model : Classifier or Forecaster, optional
        Handed to a strategy.
    probability_up : ndarray of shape (n_bars,), optional
        For the hybrid strategy, in place of models.
    mark, index, leader : Bars, optional
        For the hybrid strategy's models, see :func:`cryptovolt.build_features`.
    """

    rules: SymbolRules | Mapping[str, SymbolRules] | None = None
    funding: Funding | None = None
    detail_bars: Markets | None = None
    sentiment: SentimentSeries | None = None
    model: Classifier | Forecaster | None = None
    probability_up: FloatArray | None = None
    mark: Bars | None = None
    index: Bars | None = None
    leader: Bars | None = None

    def within(self, traded: Mapping[str, Bars], n_bars: int) -> "Inputs":
        """Return what is known by the last of these bars, and detail bars inside of them only.

        Parameters
        ----------
        traded : mapping of str to Bars
            The bars an account trades on.
        n_bars : int
            Bars of all history up to the last of them.
        """
        first = next(iter(traded.values()))
        if not len(first):
            return self
        start, end = int(first.timestamp[0]), int(first.timestamp[-1]) + first.interval_ms
        up = self.probability_up
        return replace(
            self,
            funding=funding_until(self.funding, end),
            sentiment=None if self.sentiment is None else self.sentiment.seen_until(end),
            detail_bars=_between(self.detail_bars, start, end),
            probability_up=None if up is None else up[:n_bars],
            mark=_until(self.mark, end),
            index=_until(self.index, end),
            leader=_until(self.leader, end),
        )

    def fingerprint(self) -> str:
        """Return the SHA-256 of every input but the rules; empty where there is none."""
        parts = {
            one.name: fingerprint_of(getattr(self, one.name))
            for one in fields(self)
            if one.name != "rules"
        }
        said = "\n".join(f"{name}:{print_}" for name, print_ in parts.items() if print_)
        return hashlib.sha256(said.encode()).hexdigest() if said else ""


def funding_until(funding: Funding | None, end: int) -> Funding | None:
    """Return the payments made at or before a time (milliseconds UTC)."""
    if funding is None or isinstance(funding, FundingRates):
        return None if funding is None else funding.paid_until(end)
    return {symbol: rates.paid_until(end) for symbol, rates in funding.items()}


def data_hash_of(bars: Mapping[str, Bars], inputs: Inputs | None = None) -> str:
    """Return the SHA-256 of all data a result was computed from, 64 hex digits.

    Of one symbol the content hash of its bars, of several that of these; where there is funding,
    sentiment, detail bars or a model, that of both.
    """
    hashes = [series.content_hash() for series in bars.values()]
    own = hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    more = "" if inputs is None else inputs.fingerprint()
    return hashlib.sha256(f"{own}\n{more}".encode()).hexdigest() if more else own


def fingerprint_of(data: Any) -> str:
    """Return a hash of one input; empty for None."""
    if data is None:
        return ""
    if isinstance(data, Bars):
        return data.content_hash()
    if isinstance(data, FundingRates):
        return _hashed(data.timestamp, data.rate)
    if isinstance(data, SentimentSeries):
        return data.content_hash()
    if isinstance(data, np.ndarray):
        return _hashed(cast("FloatArray", data))
    if isinstance(data, Mapping):
        parts = cast("Mapping[str, object]", data)
        return " ".join(f"{name}:{fingerprint_of(value)}" for name, value in parts.items())
    return str(data.artefact_hash)


def _hashed(*arrays: np.ndarray[Any, Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _until(bars: Bars | None, end: int) -> Bars | None:
    return None if bars is None else bars[: int(np.searchsorted(bars.timestamp, end))]


def _between(bars: Markets | None, start: int, end: int) -> Markets | None:
    if bars is None or isinstance(bars, Bars):
        return None if bars is None else _rows_between(bars, start, end)
    return {symbol: _rows_between(series, start, end) for symbol, series in bars.items()}


def _rows_between(bars: Bars, start: int, end: int) -> Bars:
    first, last = np.searchsorted(bars.timestamp, [start, end]).tolist()
    return bars[first:last]
