"""The rows of one followed account: each call is one transaction, repeated until it succeeds."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg

from app.core.account_frames import BalanceReport
from app.repositories import account_rows, orders
from app.repositories.account_rows import Cursor, Place, Trouble
from app.repositories.orders import Applied
from app.services.account_check import Answers
from app.services.account_doubts import begun_message, over_message
from app.services.account_writer import AccountWriter
from cryptovolt.execution.order_evidence import Evidence, OrderKey

Connection = psycopg.Connection[Any]


class Before(NamedTuple):
    """What an earlier process left."""

    cursors: dict[str, Cursor]
    owned: dict[str, tuple[Any, Any]]
    troubles: dict[Trouble, str]


class AccountBooks:
    """Reads and writes what is known of an account."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._writer = AccountWriter(place)

    @property
    def failures(self) -> int:
        """Transactions that had to be repeated."""
        return self._writer.failures

    async def begin(self) -> Before:
        """Return what was known before.

        Raises
        ------
        ConfigurationError
            If another process follows the account.
        """

        def read(connection: Connection) -> Before:
            return Before(
                account_rows.read_cursors(connection, self._place),
                account_rows.read_totals(connection, self._place),
                account_rows.open_troubles(connection, self._place),
            )

        return await self._writer.run(read)

    async def book_heard(
        self, evidence: Sequence[Evidence], balances: Sequence[BalanceReport]
    ) -> Applied:
        """Book what the stream said."""

        def write(connection: Connection) -> Applied:
            account_rows.tell_balances(connection, self._place, balances)
            return orders.apply(connection, self._place.account, evidence, "stream")

        return await self._writer.insist(write)

    async def book_answers(self, answers: Answers, spoken: set[str]) -> Applied:
        """Book what REST said; the stream has spoken since of the balances of some assets."""

        def write(connection: Connection) -> Applied:
            account_rows.set_balances(connection, self._place, answers.balances, spoken)
            account_rows.move_cursors(connection, self._place, answers.cursors)
            return orders.apply(connection, self._place.account, answers.evidence, "rest")

        return await self._writer.insist(write)

    async def book_found(self, evidence: Sequence[Evidence]) -> Applied:
        """Book what REST said of single orders."""
        account = self._place.account
        return await self._writer.insist(lambda c: orders.apply(c, account, evidence, "rest"))

    async def read_open(self) -> tuple[set[OrderKey], set[OrderKey]]:
        """Return the orders that are not ended, and those of which something is missing."""
        place = self._place
        return await self._writer.insist(
            lambda c: (orders.unfinished(c, *place), orders.incomplete(c, *place))
        )

    async def tell(
        self, values: dict[str, Any], begun: dict[Trouble, str], over: Sequence[Trouble]
    ) -> None:
        """Say how the account is followed, and what troubles began and ended."""
        place = self._place

        def write(connection: Connection) -> None:
            account_rows.write_heartbeat(connection, values)
            for trouble, reason in begun.items():
                told = (reason, begun_message(place, trouble, reason), "error")
                account_rows.open_trouble(connection, place, trouble, told)
            for trouble in over:
                account_rows.resolve_trouble(
                    connection, place, trouble, over_message(place, trouble)
                )

        await self._writer.insist(write)

    async def stop(self, reason: str) -> None:
        """Say that the account is no longer followed; tried once."""
        await self._writer.run(lambda c: account_rows.write_stopped(c, self._place, reason))

    async def close(self) -> None:
        """Give the connection back."""
        await self._writer.close()
