"""The one writer of a followed account: one connection, one thread, one transaction at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.core import database
from app.core.errors import advice
from app.repositories.account_rows import Place
from app.repositories.copy import driver
from cryptovolt.domain.errors import ConfigurationError

log = structlog.get_logger(__name__)
T = TypeVar("T")
Action = Callable[[psycopg.Connection[Any]], T]

_RETRY_S = 0.5
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


class AccountWriter:
    """While it lives no other process can follow the same account."""

    def __init__(self, place: Place) -> None:
        self.failures = 0
        self._place = place
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="account-writer")
        self._connection: Connection | None = None

    async def insist(self, action: Action[T]) -> T:
        """Do something in a transaction, however often that must be tried; it may be repeated."""
        while True:
            try:
                return await self.run(action)
            except (DBAPIError, psycopg.Error, OSError, ConfigurationError) as error:
                # Also where a session of ours that died still holds the lock.
                self.failures += 1
                log.warning("account.commit_failed", reason=advice(error))
                await asyncio.sleep(_RETRY_S)

    async def run(self, action: Action[T]) -> T:
        """Do something in a transaction of the writer's thread, and return what it returned.

        Raises
        ------
        ConfigurationError
            If another process follows the account.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._in_transaction, action)

    async def close(self) -> None:
        """Give the connection back."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=True)

    def _in_transaction(self, action: Action[T]) -> T:
        if self._connection is None:
            self._connection = self._connect()
        try:
            result = action(driver(self._connection))
            self._connection.commit()
        except BaseException:
            # Whether it was committed is not known; everything may be written again.
            self._drop()
            raise
        return result

    def _connect(self) -> Connection:
        connection = database.engine.connect()
        account, source = self._place
        row = driver(connection).execute(_LOCK, [f"account|{account}|{source}"]).fetchone()
        connection.commit()
        if row is None or row[0] is not True:
            connection.close()
            raise ConfigurationError(
                f"expected to be the only one to follow {account} in {source}, found another "
                "process that does: stop it first (account_status names it)"
            )
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closed, not handed back: its lock must not outlive it.
            connection.invalidate()
            connection.close()
