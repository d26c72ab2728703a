"""Following an exchange account: what the venue says of orders and fills becomes rows, once each.

The stream tells what happens, REST is asked at every connection and then regularly, and both are
evidence of the same kind: it may come twice and in any order. An account is `live` only while its
stream is connected, has been caught up with by REST, and tells what REST tells.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog

from app.core.account_frames import AccountNews, BalanceReport
from app.core.times import moment_of
from app.repositories import account_rows, orders
from app.repositories.account_rows import Place, Trouble
from app.repositories.orders import Applied
from app.services import account_doubts as doubts
from app.services.account_check import Answers, Checker
from app.services.account_counts import FollowCounts
from app.services.account_doubts import Troubles, Untold
from app.services.account_ports import FollowOptions, RestPort, StreamPort
from app.services.account_writer import AccountWriter
from cryptovolt.domain.errors import CryptoVoltError
from cryptovolt.execution.order_evidence import Evidence, OrderKey

log = structlog.get_logger(__name__)

BATCH_S = 0.005
LOOK_EVERY_S = 0.2
HEARTBEAT_EVERY_S = 1.0
TELL_DISCONNECTED_AFTER_S = 10.0
UNCHECKED_AFTER_CHECKS = 3.0
UNCHECKED_AFTER_S = 10.0
CONNECTED_WITHIN_S = 3.0
"""The first check waits so long for the stream, which would ask for another."""
RETRY_CHECK_S = 5.0
SHORTEST_PAUSE = 0.2
END_WITHIN_S = 10.0


class AccountFollower:
    """One account in one market, followed by this process."""

    def __init__(self, place: Place, options: FollowOptions) -> None:
        self.counts = FollowCounts()
        self.troubles = Troubles()
        self.place, self._options = place, options
        self._writer = AccountWriter(place)
        self._lock = asyncio.Lock()
        self._something, self._check_now = asyncio.Event(), asyncio.Event()
        self._evidence: list[Evidence] = []
        self._balances: list[BalanceReport] = []
        self._untold = Untold(options.grace_s)
        self._touched: set[str] = set()
        self._spoken_s: dict[str, float] = {}
        self._incomplete_s: dict[OrderKey, float] = {}
        self._known: dict[Trouble, str] = {}
        self._state, self._reason, self._since = "starting", "", datetime.now(UTC)
        self._started = self._since
        self._connected_at: datetime | None = None
        self._event_at: datetime | None = None
        self._check_at: datetime | None = None
        self._lost: tuple[float, str] | None = (time.monotonic(), "not connected yet")
        self._checked_s = time.monotonic()
        self._check_error = ""
        self._caught_up, self._silent = False, ""
        self._heartbeat_due_s = 0.0
        self._ending = False

    def attach(self, rest: RestPort, stream: StreamPort) -> None:
        """Follow by these; before `run`."""
        self._rest, self._stream = rest, stream
        self._checker = Checker(rest, self._options.symbols)

    async def run(self, stopping: asyncio.Event) -> None:
        """Follow until asked to stop; what was heard is committed before this returns.

        Raises
        ------
        ConfigurationError
            If another process follows the account.
        """
        try:
            await self._begin()
            await self._run(stopping)
        finally:
            await self._stream.close()
            await self._writer.close()

    async def _run(self, stopping: asyncio.Event) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write())
                loops = (self._stream.run(), self._check(), self._look())
                tasks = [group.create_task(loop) for loop in loops]
                await stopping.wait()
                for task in tasks:
                    task.cancel()
                # The writer is not cancelled: what it has taken must be committed.
                self._ending = True
                self._something.set()
        finally:
            async with asyncio.timeout(END_WITHIN_S):
                await self._commit_heard()
                stop = "stopped"
                await self._writer.run(lambda c: account_rows.write_stopped(c, self.place, stop))

    # What the stream delivers.

    def on_news(self, news: AccountNews) -> None:
        """Take what one message of the stream said."""
        at_s = time.monotonic()
        self.counts.events += 1
        self._event_at = datetime.now(UTC)
        for evidence in news.evidence:
            self._untold.told(evidence)
            self._touched.add(evidence.key.symbol)
            self._silent = ""
        for balance in news.balances:
            self._spoken_s[balance.asset] = at_s
        self._evidence += news.evidence
        self._balances += news.balances
        self._something.set()
        if news.ask:
            self._check_now.set()

    def on_connected(self) -> None:
        """Ask REST for what happened before; from now on the stream tells."""
        self._lost, self._caught_up = None, False
        self._connected_at = datetime.now(UTC)
        self._untold.forget()
        self._check_now.set()

    def on_disconnected(self, reason: str) -> None:
        """Note that nothing is told any more."""
        if self._lost is None or self._connected_at is None:
            self._lost = (time.monotonic(), reason)
        self._caught_up = False
        self._untold.forget()

    def on_unreadable(self) -> None:
        """Ask REST for what a message that cannot be read may have said."""
        self._check_now.set()

    # What goes to the database.

    async def _write(self) -> None:
        while not self._ending:
            await self._something.wait()
            self._something.clear()
            # A little patience makes one transaction of the messages of one event.
            await asyncio.sleep(BATCH_S)
            await self._commit_heard()

    async def _commit_heard(self) -> None:
        async with self._lock:
            evidence, self._evidence = self._evidence, []
            balances, self._balances = self._balances, []
            if not evidence and not balances:
                return

            def write(connection: psycopg.Connection[Any]) -> Applied:
                account_rows.tell_balances(connection, self.place, balances)
                return orders.apply(connection, self.place.account, evidence, "stream")

            self._take(await self._writer.insist(write))

    def _take(self, applied: Applied) -> None:
        self.counts.booked += len(applied.news)
        refused = {one.key: one.reason for one in applied.refused}
        self.troubles.judge(applied.orders.values(), refused)
        at_s = time.monotonic()
        for key, order in applied.orders.items():
            if order.missing or order.report is None:
                self._incomplete_s.setdefault(key, at_s)
            else:
                self._incomplete_s.pop(key, None)

    # What is asked of REST.

    async def _check(self) -> None:
        number = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                await self._check_now.wait()
        self._check_now.clear()
        while True:
            wide = not self._caught_up or number % self._options.wide_every == 0
            pause_s = self._options.check_every_s
            try:
                await self._check_once(wide=wide)
                number += 1
            except CryptoVoltError as error:
                self.counts.failed_checks += 1
                self._check_error = str(error)
                log.warning("account.unchecked", source=self.place.source, reason=str(error))
                pause_s = min(RETRY_CHECK_S, pause_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    if self._caught_up:
                        # However often somebody asks for a check, it costs the budget of requests.
                        await asyncio.sleep(pause_s * SHORTEST_PAUSE)
                    await self._check_now.wait()
            self._check_now.clear()

    async def _check_once(self, *, wide: bool) -> None:
        asked_s, connected_at = time.monotonic(), self._connected_at
        following, touched = self._caught_up, set(self._touched)
        self._touched.clear()
        try:
            answers = await self._checker.ask(touched, wide=wide)
            news = await self._commit_answers(answers, asked_s)
            news += await self._ask_for_rest(answers)
        except CryptoVoltError:
            self._touched |= touched
            raise
        self._note_checked(asked_s)
        if following and self._caught_up:
            self._untold.add(news, time.monotonic())
        else:
            self.counts.recovered += len(news)
        if self._lost is None and connected_at == self._connected_at:
            self._caught_up = True

    async def _commit_answers(self, answers: Answers, asked_s: float) -> list[Evidence]:
        await self._commit_heard()
        async with self._lock:
            spoken = {asset for asset, at_s in self._spoken_s.items() if at_s >= asked_s}

            def write(connection: psycopg.Connection[Any]) -> Applied:
                account_rows.set_balances(connection, self.place, answers.balances, spoken)
                account_rows.move_cursors(connection, self.place, answers.cursors)
                return orders.apply(connection, self.place.account, answers.evidence, "rest")

            applied = await self._writer.insist(write)
            self._checker.remember(answers)
            self._take(applied)
            return applied.news

    async def _ask_for_rest(self, answers: Answers) -> list[Evidence]:
        place = self.place

        def read(connection: psycopg.Connection[Any]) -> tuple[set[OrderKey], set[OrderKey]]:
            return orders.unfinished(connection, *place), orders.incomplete(connection, *place)

        unfinished, incomplete = await self._writer.insist(read)
        found = await self._checker.ask_for(unfinished, incomplete, answers.told)
        if not found:
            return []
        async with self._lock:
            applied = await self._writer.insist(
                lambda connection: orders.apply(connection, place.account, found, "rest")
            )
            self._take(applied)
            return applied.news

    def _note_checked(self, asked_s: float) -> None:
        self.counts.checks += 1
        self._check_error = ""
        self._checked_s, self._check_at = asked_s, datetime.now(UTC)
        for subject, reason in self._rest.unreadable.items():
            self.troubles.set(Trouble(doubts.CONTRADICTION, subject), reason)

    # What happens with time.

    async def _look(self) -> None:
        while True:
            at_s = time.monotonic()
            self._doubt(at_s)
            self._judge(at_s)
            changed = self._known.keys() != self.troubles.now.keys()
            if changed or at_s >= self._heartbeat_due_s:
                self._heartbeat_due_s = at_s + HEARTBEAT_EVERY_S
                await self._tell()
            await asyncio.sleep(LOOK_EVERY_S)

    def _doubt(self, at_s: float) -> None:
        late = self._untold.take_late(at_s)
        if late:
            self.counts.missed += len(late)
            log.warning("account.missed", source=self.place.source, facts=len(late))
            # A lost message has others after it.
            if self._untold.nothing_since(late[0].time_ms):
                at = moment_of(late[0].time_ms).isoformat(timespec="milliseconds")
                self._silent = (
                    f"it did not tell of {late[0].symbol} at {at}, nor of any order since"
                )
                self._stream.drop("silent")
        overdue = [k for k, s in self._incomplete_s.items() if at_s - s > self._options.grace_s]
        if overdue:
            # Once each: what REST does not know either is asked again at the next check.
            for key in overdue:
                del self._incomplete_s[key]
            self._check_now.set()

    def _judge(self, at_s: float) -> None:
        lost_s = 0.0 if self._lost is None else at_s - self._lost[0]
        unchecked = self._unchecked(at_s - self._checked_s)
        long_lost = lost_s > TELL_DISCONNECTED_AFTER_S and self._lost is not None
        why_lost = self._lost[1] if self._lost is not None else ""
        self.troubles.set(Trouble(doubts.SILENT), self._silent or None)
        self.troubles.set(Trouble(doubts.DISCONNECTED), why_lost if long_lost else None)
        self.troubles.set(Trouble(doubts.UNCHECKED), unchecked)
        if self._silent:
            self._enter("silent", self._silent)
        elif self._lost is not None:
            never = self._connected_at is None
            self._enter("starting" if never else "disconnected", why_lost)
        elif unchecked is not None:
            self._enter("unchecked", unchecked)
        else:
            self._enter("live" if self._caught_up else "catching_up", "")

    def _unchecked(self, age_s: float) -> str | None:
        bearable_s = max(UNCHECKED_AFTER_CHECKS * self._options.check_every_s, UNCHECKED_AFTER_S)
        if age_s <= bearable_s:
            return None
        return self._check_error or f"REST has not answered all questions for {bearable_s:.0f} s"

    def _enter(self, state: str, reason: str) -> None:
        if state != self._state:
            log.info("account.changed", place=self.place, state=state, reason=reason)
            self._since = datetime.now(UTC)
            self._heartbeat_due_s = 0.0
        self._state, self._reason = state, reason

    async def _tell(self) -> None:
        now, known, values = dict(self.troubles.now), dict(self._known), self._heartbeat()
        begun = {trouble: reason for trouble, reason in now.items() if trouble not in known}
        over = [trouble for trouble in known if trouble not in now]

        def write(connection: psycopg.Connection[Any]) -> None:
            account_rows.write_heartbeat(connection, values)
            _tell_troubles(connection, self.place, begun, over)

        async with self._lock:
            await self._writer.insist(write)
        self._known = now

    def _heartbeat(self) -> dict[str, Any]:
        return {
            "account": self.place.account,
            "source": self.place.source,
            "process": f"{socket.gethostname()}:{os.getpid()}"[:100],
            "state": self._state,
            "reason": self._reason or None,
            "since": self._since,
            "started_at": self._started,
            "connected_at": self._connected_at,
            "last_event_at": self._event_at,
            "last_check_at": self._check_at,
            "counts": self.counts.as_json(self._stream.counts, self._writer.failures),
        }

    async def _begin(self) -> None:
        place = self.place

        def read(connection: psycopg.Connection[Any]) -> None:
            owned = account_rows.read_totals(connection, place)
            self._checker.begin(account_rows.read_cursors(connection, place), owned)
            self._known = account_rows.open_troubles(connection, place)

        await self._writer.run(read)
        self.troubles.now.update(self._known)
        # It was silent when it was last followed, and has not spoken since.
        self._silent = self._known.get(Trouble(doubts.SILENT), "")


def _tell_troubles(
    connection: psycopg.Connection[Any],
    place: Place,
    begun: dict[Trouble, str],
    over: Sequence[Trouble],
) -> None:
    for trouble, reason in begun.items():
        told = (reason, doubts.begun_message(place, trouble, reason), "error")
        account_rows.open_trouble(connection, place, trouble, told)
    for trouble in over:
        account_rows.resolve_trouble(
            connection, place, trouble, doubts.over_message(place, trouble)
        )
