"""When an item counts as seen, so that no decision misses one that its replay will find.

A decision at the close of a bar reads the items with `observed_at` at or before that close, and a
backtest of the same bars reads them again later. Both find the same only if no such item is
committed after the decision was made. Two things see to that:

* An item is stamped later than every live bar that is committed, whatever the clocks say.
* Whoever stamps holds a lock from before the stamp until the items are committed; whoever decides
  waits, after its bar was committed, until nobody holds it.

So an item that is stamped at or before a close was committed before the decision, and any other is
stamped after it.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.times import milliseconds
from app.core.venue import LOOPBACK
from app.repositories.sentiment import Reading, reading_values
from cryptovolt.domain.timeframe import timeframe_ms

_LOCK = "hashtextextended('sentiment_data|observing', 0)"
_OBSERVE = text(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")
_SETTLE = text(f"SELECT pg_advisory_xact_lock({_LOCK})")
# A writer that hangs must not keep decisions waiting: the server ends its transaction.
_NOT_FOR_LONG = text("SET LOCAL idle_in_transaction_session_timeout = '2s'")
_NEWEST = text("""
    SELECT fed.timeframe, max(bar.timestamp)
    FROM feed_status AS fed
    CROSS JOIN LATERAL (
        SELECT timestamp FROM market_data
        WHERE symbol = fed.symbol AND timeframe = fed.timeframe AND source = fed.source
        ORDER BY timestamp DESC LIMIT 1
    ) AS bar
    WHERE starts_with(fed.source, :loopback) = :synthetic
    GROUP BY fed.timeframe
""")
_ANY = text("""
    SELECT EXISTS (
        SELECT FROM sentiment_data
        WHERE symbol = ANY(:symbols) AND scorer_hash = ANY(:hashes) AND synthetic = :synthetic
          AND observed_at > to_timestamp((CAST(:since AS float8) - 1) / 1000)
          AND observed_at <= to_timestamp(CAST(:until AS float8) / 1000)
    )
""")


def observe(db: Session, market_ms: int, *, synthetic: bool) -> int:
    """Return when items count as seen that are stored by this transaction, milliseconds UTC.

    Read after the answer that brought them, and followed by nothing slow: decisions wait for the
    transaction.

    Parameters
    ----------
    db : Session
        Whose transaction stores the items.
    market_ms : int
        Time at the market now.
    synthetic : bool
        Whether they are about the symbols of a loopback venue.
    """
    db.execute(_NOT_FOR_LONG)
    db.execute(_OBSERVE)
    found = db.execute(_NEWEST, {"loopback": LOOPBACK, "synthetic": synthetic}).all()
    closes = [milliseconds(opened) + timeframe_ms(timeframe) for timeframe, opened in found]
    return max([market_ms, *(close + 1 for close in closes)])


def settle(db: Session, patience_ms: int) -> None:
    """Wait until everything stamped so far is committed; the lock goes with the transaction.

    Raises
    ------
    sqlalchemy.exc.OperationalError
        If somebody stamped, and did not commit within the patience.
    """
    db.execute(text(f"SET LOCAL lock_timeout = {int(patience_ms)}"))
    db.execute(_SETTLE)


def anything_seen(db: Session, reading: Reading) -> bool:
    """Return whether a reading from `since_ms` on would find an item."""
    return bool(db.scalar(_ANY, reading_values(reading)))
