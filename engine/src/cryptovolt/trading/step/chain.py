"""The chain of symbols that a bar can change: nothing else is visited in it.

It leads through the records in the order of the symbols, because that is the order of the fills.
A symbol that joins while the chain is walked is visited if its place has not been passed.
"""

from cryptovolt.trading.step.compiled import called, inlined
from cryptovolt.trading.step.exact import bar_of, record
from cryptovolt.trading.step.layout import (
    ACTIVE,
    FIRST,
    HEADER,
    N_SYMBOL,
    NEXT,
    PARTS_OF_VOLUME,
    ROOM,
    VOLUME,
    Numbers,
)


@inlined
def after(s: int, books: Numbers) -> int:
    """Return the symbol after this one, or a number beyond all of them."""
    return record(s, books)[NEXT]


@inlined
def put_behind(link: int, s: int, bars: Numbers, books: Numbers) -> int:
    """Put a symbol into the chain where `link` points to what follows it; return its own link."""
    one = record(s, books)
    one[ACTIVE] = 1
    one[NEXT], books[link] = books[link], s
    volume = bar_of(s, bars, books)[VOLUME]
    one[ROOM] = volume // PARTS_OF_VOLUME if volume >= 0 else -1
    return HEADER + s * N_SYMBOL + NEXT


@called
def join(s: int, bars: Numbers, books: Numbers) -> None:
    """Let a symbol take part in this bar that had no reason to at the open."""
    if record(s, books)[ACTIVE] == 0:
        link = FIRST
        while books[link] < s:
            link = HEADER + books[link] * N_SYMBOL + NEXT
        put_behind(link, s, bars, books)
