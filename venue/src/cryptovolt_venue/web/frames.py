"""Frames: what the streams say, as JSON text.

Texts are put together by hand: a thousand symbols send tens of thousands of frames a second, and
each is made once, however many listen. Numbers are written by the same function as over REST.
"""

from decimal import Decimal

from cryptovolt_venue import book
from cryptovolt_venue.day import DayStatistics
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.history import Kline
from cryptovolt_venue.instruments import text
from cryptovolt_venue.tape import MarkPrice


def kline(feed: Feed, row: Kline, interval: str, now_ms: int, *, closed: bool) -> str:
    """Return the frame of a kline."""
    instrument = feed.series.instrument
    p, q = instrument.price_decimals, instrument.quantity_decimals
    first = feed.first_id + row.first_trade if row.n_trades else -1
    last = first + row.n_trades - 1 if row.n_trades else -1
    return (
        f'{{"e":"kline","E":{now_ms},"s":"{feed.symbol}","k":{{"t":{row.open_ms},'
        f'"T":{row.close_ms},"s":"{feed.symbol}","i":"{interval}","f":{first},"L":{last},'
        f'"o":"{text(row.open, p)}","c":"{text(row.close, p)}","h":"{text(row.high, p)}",'
        f'"l":"{text(row.low, p)}","v":"{text(row.volume, q)}","n":{row.n_trades},'
        f'"x":{"true" if closed else "false"},"q":"{text(row.quote_volume, p + q)}",'
        f'"V":"{text(row.bought, q)}","Q":"{text(row.bought_quote, p + q)}","B":"0"}}}}'
    )


def trade(feed: Feed) -> str:
    """Return the frame of the newest trade."""
    instrument = feed.series.instrument
    end = ',"M":true}' if feed.market == "spot" else ',"X":"MARKET"}'
    return (
        f'{{"e":"trade","E":{feed.last_ms},"s":"{feed.symbol}","t":{feed.last_id},'
        f'"p":"{text(feed.last_price, instrument.price_decimals)}",'
        f'"q":"{text(feed.last_quantity, instrument.quantity_decimals)}",'
        f'"T":{feed.last_ms},"m":{"true" if feed.last_maker else "false"}{end}'
    )


def aggregate_trade(feed: Feed) -> str:
    """Return the frame of the newest trade as an aggregate of one."""
    instrument = feed.series.instrument
    end = ',"M":true}' if feed.market == "spot" else "}"
    number = feed.last_id
    return (
        f'{{"e":"aggTrade","E":{feed.last_ms},"s":"{feed.symbol}","a":{number},'
        f'"p":"{text(feed.last_price, instrument.price_decimals)}",'
        f'"q":"{text(feed.last_quantity, instrument.quantity_decimals)}",'
        f'"f":{number},"l":{number},"T":{feed.last_ms},'
        f'"m":{"true" if feed.last_maker else "false"}{end}'
    )


def book_ticker(feed: Feed) -> str:
    """Return the frame of the best prices after the newest trade."""
    instrument = feed.series.instrument
    p, q = instrument.price_decimals, instrument.quantity_decimals
    top = book.top(feed)
    head = '"e":"bookTicker",' if feed.market == "usdm" else ""
    end = f',"T":{feed.last_ms},"E":{feed.last_ms}}}' if feed.market == "usdm" else "}"
    return (
        f'{{{head}"u":{feed.last_id},"s":"{feed.symbol}","b":"{text(top.bid, p)}",'
        f'"B":"{text(top.bid_quantity, q)}","a":"{text(top.ask, p)}",'
        f'"A":"{text(top.ask_quantity, q)}"{end}'
    )


def mini_ticker(feed: Feed, day: DayStatistics) -> str:
    """Return the frame of the last 24 hours in short."""
    instrument = feed.series.instrument
    p, q = instrument.price_decimals, instrument.quantity_decimals
    return (
        f'{{"e":"24hrMiniTicker","E":{day.close_ms},"s":"{feed.symbol}",'
        f'"c":"{text(day.close, p)}","o":"{text(day.open, p)}","h":"{text(day.high, p)}",'
        f'"l":"{text(day.low, p)}","v":"{text(day.volume, q)}",'
        f'"q":"{text(day.quote_volume, p + q)}"}}'
    )


def ticker(feed: Feed, day: DayStatistics) -> str:
    """Return the frame of the last 24 hours."""
    instrument = feed.series.instrument
    p, q = instrument.price_decimals, instrument.quantity_decimals
    moved, top = day.close - day.open, book.top(feed)
    average = round(day.quote_volume / day.volume) if day.volume else 0
    best = (
        f'"b":"{text(top.bid, p)}","B":"{text(top.bid_quantity, q)}",'
        f'"a":"{text(top.ask, p)}","A":"{text(top.ask_quantity, q)}","x":"{text(day.open, p)}",'
        if feed.market == "spot"
        else ""
    )
    first = feed.first_id + day.first_trade if day.n_trades else -1
    return (
        f'{{"e":"24hrTicker","E":{day.close_ms},"s":"{feed.symbol}","p":"{text(moved, p)}",'
        f'"P":"{100 * moved / day.open:.3f}","w":"{text(average, p)}",{best}'
        f'"c":"{text(day.close, p)}","Q":"{text(feed.last_quantity, q)}",'
        f'"o":"{text(day.open, p)}","h":"{text(day.high, p)}","l":"{text(day.low, p)}",'
        f'"v":"{text(day.volume, q)}","q":"{text(day.quote_volume, p + q)}","O":{day.open_ms},'
        f'"C":{day.close_ms},"F":{first},"L":{feed.last_id if day.n_trades else -1},'
        f'"n":{day.n_trades}}}'
    )


def mark_price(found: MarkPrice) -> str:
    """Return the frame of a mark price."""
    return (
        f'{{"e":"markPriceUpdate","E":{found.time_ms},"s":"{found.symbol}",'
        f'"p":"{_plain(found.mark_price)}","i":"{_plain(found.index_price)}",'
        f'"P":"{_plain(found.index_price)}","r":"{_plain(found.funding_rate)}",'
        f'"T":{found.next_funding_ms}}}'
    )


def depth_update(
    feed: Feed, first: int, before: int, bids: list[tuple[int, int]], asks: list[tuple[int, int]]
) -> str:
    """Return the frame of what changed in the book since update `before`."""
    late = f'"T":{feed.last_ms},' if feed.market == "usdm" else ""
    previous = f'"pu":{before},' if feed.market == "usdm" else ""
    return (
        f'{{"e":"depthUpdate","E":{feed.last_ms},{late}"s":"{feed.symbol}","U":{first},'
        f'"u":{feed.last_id},{previous}"b":{_side(feed, bids)},"a":{_side(feed, asks)}}}'
    )


def partial_depth(feed: Feed, depth: int) -> str:
    """Return the frame of the best levels."""
    bids, asks = book.levels(feed, depth)
    sides = [[(price, book.offered(feed, price)) for price in side] for side in (bids, asks)]
    b, a = _side(feed, sides[0]), _side(feed, sides[1])
    if feed.market == "spot":
        return f'{{"lastUpdateId":{feed.last_id},"bids":{b},"asks":{a}}}'
    return (
        f'{{"e":"depthUpdate","E":{feed.last_ms},"T":{feed.last_ms},"s":"{feed.symbol}",'
        f'"U":{feed.last_id},"u":{feed.last_id},"pu":{feed.last_id - 1},"b":{b},"a":{a}}}'
    )


def _side(feed: Feed, rows: list[tuple[int, int]]) -> str:
    instrument = feed.series.instrument
    p, q = instrument.price_decimals, instrument.quantity_decimals
    inside = ",".join(f'["{text(price, p)}","{text(quantity, q)}"]' for price, quantity in rows)
    return f"[{inside}]"


def _plain(value: Decimal) -> str:
    return format(value, "f")
