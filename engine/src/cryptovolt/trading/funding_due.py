"""Which funding payments one bar brings, for a session that sees bars one by one."""

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.trading.account import FundingDue


def funding_due(
    rates: FundingRates | None, bar: Bars, previous_close: int | None = None
) -> list[FundingDue]:
    """Return the payments of one bar, as a backtest over all bars would make them.

    One at the open is due on what was held before; one later in the bar is due on what is held
    after the fills at its open. One that fell where bars are missing is due at the open of the next
    one.

    Parameters
    ----------
    rates : FundingRates or None
        Recorded rates of the bar's symbol; None where it pays no funding.
    bar : Bars
        Exactly one bar.
    previous_close : int, optional
        Close of the bar before, milliseconds UTC; without, nothing before the bar's open is due.

    Returns
    -------
    list of (symbol, rate, inside)
        In the order of time; for :meth:`cryptovolt.trading.session.PaperSession.on_bar`.

    Raises
    ------
    DataError
        If there is not exactly one bar.
    """
    if len(bar) != 1:
        raise DataError(f"expected one bar, found {len(bar)}")
    if rates is None:
        return []
    opens = int(bar.timestamp[0])
    begin = opens if previous_close is None else min(previous_close, opens)
    payments = rates.between(begin, opens + bar.interval_ms)
    return [(bar.symbol, rate, time > opens) for time, rate in payments]
