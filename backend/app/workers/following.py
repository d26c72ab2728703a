"""Following a live series: waiting for the bars that the feed commits, in order, once each."""

from types import TracebackType
from typing import Any

import psycopg

from app.core.database import SessionLocal, libpq_url
from app.core.times import moment_of
from app.repositories.bars import EVER, SeriesKey, latest_bars, read_range
from cryptovolt.domain.bars import Bars

_FEW = 50
_ASK_AGAIN_S = 1.0
"""A notification may be lost with a connection, so the table is read so often in any case."""


class Follower:
    """Hears of committed bars by LISTEN, and reads them from the table.

    Parameters
    ----------
    key : SeriesKey
        The series to follow.
    """

    def __init__(self, key: SeriesKey) -> None:
        self._key = key
        self._prefix = f"{key.symbol}|{key.timeframe}|{key.source}|"
        self._connection: psycopg.Connection[Any] | None = None

    def __enter__(self) -> "Follower":
        self._connection = psycopg.connect(libpq_url(), autocommit=True)
        self._connection.execute("LISTEN bars")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._connection is not None
        self._connection.close()

    def after(self, open_ms: int) -> Bars:
        """Return the committed bars that opened after a time; none where there is no newer one."""
        # Mostly there is one: a prepared statement on a pooled connection finds it.
        with SessionLocal() as db:
            newest = latest_bars(db, self._key, _FEW)
        if len(newest) == _FEW and newest.timestamp[0] > open_ms:
            return read_range(self._key, moment_of(open_ms + 1), EVER[1])
        return newest[int((newest.timestamp <= open_ms).sum()) :]

    def wait(self, timeout_s: float = _ASK_AGAIN_S) -> None:
        """Return when a bar of the series was committed, or after some time.

        Raises
        ------
        psycopg.OperationalError
            If the connection is lost.
        """
        assert self._connection is not None
        for notice in self._connection.notifies(timeout=timeout_s):
            if notice.payload.startswith(self._prefix):
                return
