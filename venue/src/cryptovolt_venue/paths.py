"""Paths: the trades inside a bar.

The path of a bar goes from its open over one extreme and the other to its close, with steps
between, and its quantities sum to the volume. Everything random follows from the series' key, the
row of the bar and the number of the trade by a hash, so that the trades of any bar can be made
again, at any time, in any order.
"""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt_venue.series import FEW_TRADES, Block, Series

UintArray: TypeAlias = npt.NDArray[np.uint64]
ExactArray: TypeAlias = npt.NDArray[Any]
"""int64, or Python integers where 64 bits might not do."""

_LARGEST = 2.0**62


class Paths(NamedTuple):
    """Trades of bars, arrays of shape ``(n_bars, trades_per_bar)``.

    A bar with fewer trades is padded with trades of quantity 0 at its close, later than its end.
    """

    time_ms: IntArray
    price: IntArray
    quantity: IntArray
    buyer_is_maker: BoolArray


class Sums(NamedTuple):
    """What the trades of each bar sum to; arrays of shape ``(n_bars,)``.

    Quote volumes count ``10 ** -(price_decimals + quantity_decimals)``.
    """

    quote_volume: ExactArray
    taker_volume: IntArray
    taker_quote_volume: ExactArray


def uniform(key: int, row: IntArray, number: IntArray | int, salt: int) -> FloatArray:
    """Return numbers in [0, 1) that depend on the arguments only (splitmix64)."""
    start = np.uint64((key + salt * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)
    mixed = row.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03) + start
    mixed = mixed + np.asarray(number, dtype=np.uint64) * np.uint64(0x8CB92BA72F3D8DD7)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def make_paths(series: Series, block: Block) -> Paths:
    """Return the trades of the bars of a block."""
    full = _paths(series, block, series.trades_per_bar)
    few = (block.n_trades > 0) & (block.n_trades < series.trades_per_bar)
    for rows, n_trades in ((few, FEW_TRADES), (block.n_trades == 0, 0)):
        if rows.any():
            _shorten(full, series, Block(*(column[rows] for column in block)), rows, n_trades)
    return full


def sum_paths(paths: Paths) -> Sums:
    """Return quote volume and the share of takers that bought, bar by bar."""
    price, quantity = exact(paths.price, paths.quantity)
    value = price * quantity
    bought = ~paths.buyer_is_maker
    return Sums(
        value.sum(axis=1),
        np.where(bought, paths.quantity, 0).sum(axis=1),
        np.where(bought, value, 0).sum(axis=1),
    )


def exact(price: IntArray, quantity: IntArray) -> tuple[ExactArray, ExactArray]:
    """Return both as they are, or as Python integers where sums of products might overflow."""
    if price.size and float(price.max()) * float(quantity.max()) * price.size >= _LARGEST:
        return price.astype(object), quantity.astype(object)
    return price, quantity


def _shorten(full: Paths, series: Series, block: Block, rows: BoolArray, n_trades: int) -> None:
    late = block.open_ms[:, None] + series.interval_ms
    padding = Paths(late, block.close[:, None], np.zeros_like(late), np.zeros(late.shape, bool))
    short = _paths(series, block, n_trades) if n_trades else None
    for number, (target, filler) in enumerate(zip(full, padding, strict=True)):
        target[rows] = filler
        if short is not None:
            target[rows, :n_trades] = short[number]


def _paths(series: Series, block: Block, n: int) -> Paths:
    key, row, k = series.key, block.row[:, None], np.arange(n)[None, :]
    price = _prices(key, block, n)
    at = (k + 0.1 + 0.8 * uniform(key, row, k, 1)) / n
    time = block.open_ms[:, None] + (at * series.interval_ms).astype(np.int64)
    moved = np.diff(price, axis=1, prepend=price[:, :1])
    seller_began = np.where(moved == 0, uniform(key, row, k, 2) < 0.5, moved < 0)
    return Paths(time, price, _quantities(key, block, n), seller_began)


def _prices(key: int, block: Block, n: int) -> IntArray:
    row, k = block.row[:, None], np.arange(n)[None, :]
    opening, high, low, closing = (
        column[:, None] for column in (block.open, block.high, block.low, block.close)
    )
    first_at = 1 + np.floor(uniform(key, row, 0, 3) * (n - 3)).astype(np.int64)
    room = n - 2 - first_at
    second_at = first_at + 1 + np.floor(uniform(key, row, 0, 4) * room).astype(np.int64)
    # A bar that rose mostly went down first, one that fell mostly up.
    dips_first = (closing >= opening) ^ (uniform(key, row, 0, 5) < 0.2)
    first, second = np.where(dips_first, low, high), np.where(dips_first, high, low)
    line = np.where(
        k <= first_at,
        opening + (first - opening) * k / first_at,
        np.where(
            k <= second_at,
            first + (second - first) * (k - first_at) / (second_at - first_at),
            second + (closing - second) * (k - second_at) / (n - 1 - second_at),
        ),
    )
    noise = (high - low) * 0.15 * (uniform(key, row, k, 6) - 0.5)
    price = np.clip(np.round(line + noise).astype(np.int64), low, high)
    for at, value in ((0, opening), (first_at, first), (second_at, second), (n - 1, closing)):
        price = np.where(k == at, value, price)
    return price


def _quantities(key: int, block: Block, n: int) -> IntArray:
    weight = 0.2 + uniform(key, block.row[:, None], np.arange(n)[None, :], 7) ** 3
    share = weight / weight.sum(axis=1, keepdims=True)
    # Bars with fewer than n steps of volume are overwritten by their shorter path.
    spare = np.maximum(block.volume - n, 0)
    quantity = 1 + np.floor(share * spare[:, None]).astype(np.int64)
    largest = np.argmax(quantity, axis=1)
    rows = np.arange(len(quantity))
    quantity[rows, largest] += block.volume - quantity.sum(axis=1)
    return quantity
