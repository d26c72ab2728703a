"""A feed: one instrument as it is traded now, bar after bar and trade after trade.

The state of a feed is a function of its series and of market time; :meth:`Feed.sync` brings it up
to a time without telling anybody, :meth:`Feed.step` plays the next event and tells the watchers.
Numbers are the integer counts of the series.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import TypeAlias

from cryptovolt_venue.paths import make_paths, sum_paths
from cryptovolt_venue.series import Series
from cryptovolt_venue.tape import Market

NEVER = 2**62
_BLOCK_TRADES = 1024

Watcher: TypeAlias = Callable[["Feed"], None]


class Feed:
    """One instrument in replay.

    Parameters
    ----------
    series : Series
    first_id : int
        Id of its first trade.
    number : int
        Its place among the feeds: of two events at one time that of the lower number comes first.
    now_ms : int, optional
        Where to begin; by default at the first bar.
    """

    __slots__ = (
        "_block",
        "_block_first",
        "_block_stop",
        "_makers",
        "_prices",
        "_quantities",
        "_rows",
        "_sums",
        "_times",
        "bought",
        "bought_quote",
        "close",
        "close_ms",
        "close_watchers",
        "due_ms",
        "first_id",
        "high",
        "last_maker",
        "last_ms",
        "last_price",
        "last_quantity",
        "low",
        "market",
        "n_in_bar",
        "n_row_trades",
        "n_trades",
        "number",
        "open",
        "open_ms",
        "quote_volume",
        "row",
        "series",
        "stopped",
        "symbol",
        "trade_watchers",
        "volume",
    )

    def __init__(
        self, series: Series, first_id: int, number: int, now_ms: int | None = None
    ) -> None:
        self.series, self.first_id, self.number = series, first_id, number
        self.market: Market = series.instrument.market
        self.symbol = series.instrument.symbol
        self.trade_watchers: list[Watcher] = []
        self.close_watchers: list[Watcher] = []
        self.stopped = False
        self._block_first = self._block_stop = 0
        self.n_trades = 0
        """Trades up to now; the id of the newest is ``first_id + n_trades - 1``."""
        self.last_ms, self.last_quantity, self.last_maker = series.open_ms(0), 0, False
        self.last_price = series.typical_price
        row = 0 if now_ms is None else max(0, series.row_at(now_ms + 1) - 1)
        self._remember_last_of(row)
        self._enter(row)

    @property
    def last_id(self) -> int:
        """Id of the newest trade, and of the newest state of the book."""
        return self.first_id + self.n_trades - 1

    @property
    def finished(self) -> bool:
        """Whether every bar has been played."""
        return self.row >= self.series.n_rows

    def quote_volume_of(self, row: int) -> int | None:
        """Return the quote volume of a whole bar, if it is at hand."""
        if self._block_first <= row < self._block_stop:
            return self._sums[0][row - self._block_first]
        return None

    def sync(self, now_ms: int) -> None:
        """Bring the state up to `now_ms` (not earlier than it is).

        What somebody watches is left to :meth:`step`, which tells them: also another trade of the
        same millisecond, when this is called while they are told of the first.
        """
        if self.finished or self.stopped or self.trade_watchers:
            return
        if self.close_watchers:
            now_ms = min(now_ms, self.close_ms - 1)
        if now_ms >= self.close_ms:
            row = max(0, self.series.row_at(now_ms + 1) - 1)
            self._remember_last_of(row)
            self._enter(row)
            if now_ms >= self.close_ms:
                self._remember_last_of(row + 1)
                self._enter(row + 1)
        done = bisect_right(self._times[: self.n_row_trades], now_ms)
        while self.n_in_bar < done:
            self._trade()
        self._plan()

    def step(self) -> None:
        """Play the event that is due at `due_ms`."""
        if self.trade_watchers and self.n_in_bar < self.n_row_trades:
            self._trade()
            for watch in self.trade_watchers:
                watch(self)
        else:
            self._finish_bar()
            for watch in self.close_watchers:
                watch(self)
            self._enter(self.row + 1)
        self._plan()

    def stop(self) -> None:
        """Play nothing any more: the instrument is no longer traded."""
        self.stopped, self.due_ms = True, NEVER

    def restart(self, now_ms: int) -> None:
        """Trade again from `now_ms` on."""
        self.stopped = False
        self.sync(now_ms)
        self._plan()

    def _plan(self) -> None:
        if self.stopped or self.finished:
            self.due_ms = NEVER
        elif self.trade_watchers and self.n_in_bar < self.n_row_trades:
            self.due_ms = self._times[self.n_in_bar]
        else:
            self.due_ms = self.close_ms

    def _enter(self, row: int) -> None:
        self.row, self.n_in_bar = row, 0
        self.quote_volume = self.bought = self.bought_quote = self.volume = 0
        self.open = self.high = self.low = self.close = self.last_price
        if row >= self.series.n_rows:
            self.n_row_trades, self.due_ms = 0, NEVER
            return
        if not self._block_first <= row < self._block_stop:
            self._load(row)
        at = row - self._block_first
        self.open_ms = self._rows[0][at]
        self.close_ms = self.open_ms + self.series.interval_ms
        self.n_row_trades = self._rows[6][at]
        self.n_trades = self._rows[7][at]
        paths = self._block
        self._times: list[int] = paths.time_ms[at].tolist()
        self._prices: list[int] = paths.price[at].tolist()
        self._quantities: list[int] = paths.quantity[at].tolist()
        self._makers: list[bool] = paths.buyer_is_maker[at].tolist()
        self._plan()

    def _load(self, row: int) -> None:
        n_rows = max(1, _BLOCK_TRADES // self.series.trades_per_bar)
        block = self.series.block(row, min(row + n_rows, self.series.n_rows))
        paths = make_paths(self.series, block)
        self._block_first, self._block_stop = row, row + len(block.row)
        self._rows: list[list[int]] = [column.tolist() for column in block[1:]]
        self._block = paths
        self._sums: list[list[int]] = [column.tolist() for column in sum_paths(paths)]

    def _trade(self) -> None:
        k = self.n_in_bar
        price, quantity = self._prices[k], self._quantities[k]
        self.last_ms, self.last_maker = self._times[k], self._makers[k]
        self.last_price, self.last_quantity = price, quantity
        if k:
            if price > self.high:
                self.high = price
            if price < self.low:
                self.low = price
        else:
            self.open = self.high = self.low = price
        self.close = price
        self.volume += quantity
        self.quote_volume += price * quantity
        if not self.last_maker:
            self.bought += quantity
            self.bought_quote += price * quantity
        self.n_in_bar = k + 1
        self.n_trades += 1

    def _finish_bar(self) -> None:
        at = self.row - self._block_first
        rows = self._rows
        self.open, self.high, self.low, self.close = (rows[n][at] for n in (1, 2, 3, 4))
        self.volume = rows[5][at]
        self.quote_volume, self.bought, self.bought_quote = (sums[at] for sums in self._sums)
        if self.n_row_trades > self.n_in_bar:
            last = self.n_row_trades - 1
            self.n_trades += self.n_row_trades - self.n_in_bar
            self.n_in_bar = self.n_row_trades
            self.last_ms, self.last_maker = self._times[last], self._makers[last]
            self.last_price, self.last_quantity = self._prices[last], self._quantities[last]

    def _remember_last_of(self, before: int) -> None:
        """Take over the last trade of the rows before `before`."""
        row = self.series.traded_row(min(before, self.series.n_rows) - 1)
        if row < 0:
            return
        block = self.series.block(row, row + 1)
        paths, last = make_paths(self.series, block), int(block.n_trades[0]) - 1
        self.n_trades = int(block.first_trade[0]) + last + 1
        self.last_ms = int(paths.time_ms[0, last])
        self.last_price, self.last_quantity = (
            int(paths.price[0, last]),
            int(paths.quantity[0, last]),
        )
        self.last_maker = bool(paths.buyer_is_maker[0, last])
