"""What a strategy written as code is, and how its own mistakes are told.

A strategy is an object with ``warmup`` (bars a decision is computed from before its block, see
:mod:`cryptovolt.market.windows`) and one of two methods:

- ``target(history)`` returns the share of equity to hold at every bar of the history, an array of
  shape ``(n_bars,)``, or ``(n_bars, n_symbols)`` where the history is a dict of several symbols;
- ``orders(history, account)`` returns the orders to send and to cancel after the last bar of it.

``history`` is `Bars` for one symbol and a dict of symbol to `Bars` for several. Three attributes
are optional: ``settings``, a dict of what an account trades with (``stop_loss``, ``leverage`` …);
``sentiment``, which is set to the items that had been seen by the close of the last bar; and
``funding``, which is set to the payments made at or before that close, by symbol where the history
is a dict.
"""

import copy
import inspect
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from types import CodeType, TracebackType
from typing import Any, TypeAlias, cast

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, StrategyError
from cryptovolt.domain.funding import Funding, FundingRates
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.hybrid import HybridStrategy

Strategy: TypeAlias = Any
"""Anything with ``warmup`` and ``target`` or ``orders``: a user's class need not inherit."""

History: TypeAlias = Bars | dict[str, Bars]

METHODS = ("target", "orders")
_GIVEN_ELSEWHERE = {"cash", "costs"}
MAX_WARMUP = 1_000_000


def method_of(strategy: Strategy) -> str:
    """Return which of the two methods a strategy (or its class) has.

    Raises
    ------
    StrategyError
        If it has neither or both.
    """
    found = [name for name in METHODS if callable(getattr(strategy, name, None))]
    if len(found) == 1:
        return found[0]
    what = "both" if found else "neither"
    raise StrategyError(
        f"expected {name_of(strategy)} to have either target(history) or "
        f"orders(history, account), found {what}"
    )


def check_strategy(strategy: Strategy) -> None:
    """Refuse an object that is no strategy.

    Raises
    ------
    StrategyError
        If it is a class instead of an instance, or has not what a strategy needs.
    """
    if isinstance(strategy, type):
        name = name_of(strategy)
        raise StrategyError(f"expected a strategy, found the class {name}; write {name}()")
    if not isinstance(strategy, HybridStrategy):
        method_of(strategy)
        warmup_of(strategy)


def name_of(strategy: Strategy) -> str:
    """Return the name of a strategy's class."""
    return (strategy if isinstance(strategy, type) else type(strategy)).__name__


def place_of(strategy: Strategy) -> str:
    """Return file and line of the method that decides, and its name."""
    method = method_of(strategy)
    code = _code_of(strategy, method)
    name = f"{name_of(strategy)}.{method}"
    return name if code is None else f"{code.co_filename}:{code.co_firstlineno}: {name}"


def file_of(strategy: Strategy) -> str | None:
    """Return the file of the method that decides; None where Python does not know it."""
    code = _code_of(strategy, method_of(strategy))
    return None if code is None else code.co_filename


def _code_of(strategy: Strategy, method: str) -> CodeType | None:
    return getattr(inspect.unwrap(getattr(strategy, method)), "__code__", None)


def warmup_of(strategy: Strategy) -> int:
    """Return the warm-up of a strategy.

    Raises
    ------
    StrategyError
        If it has none, or it is no count of bars.
    """
    with calling(strategy, "warmup"):
        warmup = getattr(strategy, "warmup", None)
    if warmup is None:
        raise StrategyError(
            f"{place_of(strategy)}: expected an attribute warmup, the bars it needs before it can "
            "decide, found none"
        )
    if not isinstance(warmup, int) or isinstance(warmup, bool) or not 0 <= warmup <= MAX_WARMUP:
        raise StrategyError(
            f"{place_of(strategy)}: expected warmup as a count of bars from 0 to "
            f"{MAX_WARMUP:,}, found {warmup!r}"
        )
    return warmup


def settings_of(
    strategy: Strategy,
    cash: float,
    costs: Costs | None = None,
    limits: RiskLimits | None = None,
) -> TradingSettings:
    """Return what an account that follows a strategy trades with.

    Parameters
    ----------
    strategy : object
        Its ``settings`` name fields of `TradingSettings`.
    cash : float
        Quote currency at the start, positive.
    costs : Costs, optional
        On by default.
    limits : RiskLimits, optional
        Of the account's owner: exits, daily loss, drawdown, largest order and exposure, in place of
        the strategy's own.

    Raises
    ------
    StrategyError
        If a setting is unknown or outside its range.
    """
    given: object = getattr(strategy, "settings", None) or {}
    known = {one.name for one in fields(TradingSettings)} - _GIVEN_ELSEWHERE
    if not isinstance(given, Mapping):
        raise StrategyError(
            f"{place_of(strategy)}: expected settings as a dict, found {type(given).__name__}"
        )
    own = dict(cast("Mapping[str, Any]", given))
    unknown = sorted(set(own) - known)
    if unknown:
        raise StrategyError(
            f"{place_of(strategy)}: expected settings among {', '.join(sorted(known))}, found "
            f"{', '.join(unknown)}"
        )
    if limits is not None:
        own |= {
            "stop_loss": limits.stop_loss,
            "take_profit": limits.take_profit,
            "max_daily_loss": limits.max_daily_loss,
            "rebalance_band": limits.rebalance_band,
            "leverage": limits.max_exposure,
            "protections": limits.protect(own.get("protections")),
        }
    try:
        return TradingSettings(cash=cash, costs=costs or Costs(), **own)
    except (ConfigurationError, TypeError) as error:
        if not own:
            raise
        raise StrategyError(f"{place_of(strategy)}: its settings: {error}") from error


def limited(target: FloatArray, limits: RiskLimits | None) -> FloatArray:
    """Return targets cut to the largest position and scaled to the largest exposure."""
    if limits is None:
        return target
    cut = np.clip(target, -limits.max_position, limits.max_position)
    gross = np.nansum(np.abs(cut), axis=-1, keepdims=True)
    return cut * np.minimum(1.0, limits.max_exposure / np.maximum(gross, limits.max_exposure))


def fresh(strategy: Strategy) -> Strategy:
    """Return a copy that remembers nothing of what the original will be asked later.

    Raises
    ------
    StrategyError
        If it holds something that cannot be copied.
    """
    try:
        return copy.deepcopy(strategy)
    except TypeError as error:
        raise StrategyError(
            f"{place_of(strategy)}: expected a strategy that can be copied, found {error}; keep "
            "what cannot be copied outside it, or give it a __deepcopy__"
        ) from error


def tell_sentiment(strategy: Strategy, sentiment: SentimentSeries | None, as_of: int) -> None:
    """Set the strategy's ``sentiment`` to the items seen by a time, where it asks for them.

    Raises
    ------
    StrategyError
        If there is sentiment, but the strategy has no such attribute.
    """
    if sentiment is None:
        return
    require_attribute(strategy, "sentiment")
    strategy.sentiment = sentiment.seen_until(as_of)


def tell_funding(strategy: Strategy, funding: Funding | None, history: History, as_of: int) -> None:
    """Set the strategy's ``funding`` to the payments made by a time, where it asks for them.

    A strategy without the attribute pays its funding and need not look at it.
    """
    if funding is None or not hasattr(strategy, "funding"):
        return
    if isinstance(history, Bars):
        symbol = history.symbol
        rates = funding if isinstance(funding, FundingRates) else funding.get(symbol)
        strategy.funding = None if rates is None else rates.paid_until(as_of)
        return
    given = dict.fromkeys(history, funding) if isinstance(funding, FundingRates) else funding
    strategy.funding = {symbol: rates.paid_until(as_of) for symbol, rates in given.items()}


def require_attribute(strategy: Strategy, name: str) -> None:
    """Refuse to hand something to a strategy that would not look at it."""
    if not hasattr(strategy, name):
        raise StrategyError(
            f"{place_of(strategy)}: expected an attribute {name} (for example `{name} = None`) to "
            f"receive the {name} that was given, found none"
        )


@contextmanager
def calling(strategy: Strategy, what: str) -> Generator[None]:
    """Turn whatever a strategy's own code raises into one sentence with file and line.

    Raises
    ------
    StrategyError
        In place of any other exception; those of CryptoVolt's own functions get their place.
    """
    try:
        yield
    except StrategyError:
        raise
    except CryptoVoltError as error:
        where = place_of_error(strategy, error.__traceback__)
        raise StrategyError(f"{where}: {name_of(strategy)}.{what}: {error}") from error
    except Exception as error:
        where = place_of_error(strategy, error.__traceback__)
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise StrategyError(
            f"{where}: {name_of(strategy)}.{what} raised {said.splitlines()[0]}"
        ) from error


def place_of_error(strategy: Strategy, traceback: TracebackType | None) -> str:
    """Return file and line of the last frame in the strategy's file, else of the last frame."""
    own = file_of(strategy)
    places: list[tuple[str, int]] = []
    while traceback is not None:
        places.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    file, line = next((place for place in reversed(places) if place[0] == own), places[-1])
    return f"{file}:{line}"
