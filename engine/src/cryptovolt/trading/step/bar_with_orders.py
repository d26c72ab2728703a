"""One bar's turn through an account whose strategy has orders working.

The same phases as :func:`.bar.bar_turn`, with what orders do between them. Runs of targets never
come here, and need not compile it.
"""

from cryptovolt.trading.step.bar import (
    begin_bar,
    end_bar,
    is_margined,
    pay_funding,
    stops_of_bar,
    value_at_open,
)
from cryptovolt.trading.step.compiled import called
from cryptovolt.trading.step.exits import margin_call
from cryptovolt.trading.step.layout import (
    Numbers,
)
from cryptovolt.trading.step.resting import (
    limits_inside,
    orders_after_bar,
    orders_at_open,
    stops_inside,
)


@called
def bar_turn_with_orders(
    t: int,
    cell: int,
    day: int,
    bars: Numbers,
    books: Numbers,
    payments: Numbers,
    orders: Numbers,
    fills: Numbers,
) -> None:
    """Let account and orders live through bar `t`, as :func:`.bar.bar_turn` does without orders."""
    begin_bar(t, cell, day, bars, books, payments, fills)
    orders_at_open(bars, books, orders, fills)
    pay_funding(1, bars, books, payments)
    if is_margined(books):
        margin_call(bars, books, fills)
    stops_inside(False, False, bars, books, orders, fills)
    stops_of_bar(False, bars, books, fills)
    value_at_open(bars, books)
    stops_inside(True, False, bars, books, orders, fills)
    limits_inside(True, bars, books, orders, fills)
    if is_margined(books):
        margin_call(bars, books, fills)
    # What has just been opened can still be stopped out in this bar.
    stops_inside(False, True, bars, books, orders, fills)
    stops_of_bar(True, bars, books, fills)
    value_at_open(bars, books)
    limits_inside(False, bars, books, orders, fills)
    # Before the marks of this bar are wiped.
    orders_after_bar(bars, books, orders)
    end_bar(bars, books, fills)
