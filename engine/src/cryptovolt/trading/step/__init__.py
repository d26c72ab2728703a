"""One bar's turn through an account, compiled.

Backtest loops over :func:`run`; paper trading calls :func:`step` once per bar. Both end in the same
turn of a bar. All numbers are int64: prices in ticks, quantities in lots, money in quote units.
The rules are in ``docs/reference/fills.md``, the order of things in :mod:`.bar`, the layout of the
numbers in :mod:`.layout`.
"""

from cryptovolt.trading.step.loop import run, step

__all__ = ["run", "step"]
