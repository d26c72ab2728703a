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
from datetime import UTC, datetime
from typing import Any

import structlog

from app.core.account_frames import AccountNews, BalanceReport
from app.core.times import moment_of
from app.repositories.account_rows import Place, Trouble
from app.repositories.orders import Applied
from app.services import account_doubts as doubts
from app.services.account_books import AccountBooks
from app.services.account_check import Answers, Checker
from app.services.account_counts import FollowCounts
from app.services.account_doubts import Troubles, Untold
from app.services.account_ports import FollowOptions, RestPort, StreamPort
from app.services.account_standing import Standing
from cryptovolt.domain.errors import CryptoVoltError
from cryptovolt.execution.order_evidence import Evidence, OrderKey

log = structlog.get_logger(__name__)

BATCH_S = 0.005
LOOK_EVERY_S = 0.2
HEARTBEAT_EVERY_S = 1.0
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
        self._books = AccountBooks(place)
        self._lock = asyncio.Lock()
        self._something, self._check_now = asyncio.Event(), asyncio.Event()
        self._evidence: list[Evidence] = []
        self._balances: list[BalanceReport] = []
        self._untold = Untold(options.grace_s)
        self._touched: set[str] = set()
        self._spoken_s: dict[str, float] = {}
        self._incomplete_s: dict[OrderKey, float] = {}
        self._known: dict[Trouble, str] = {}
        now_s = time.monotonic()
        self.standing = Standing(datetime.now(UTC), checked_s=now_s, lost_s=now_s)
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
            await self._books.close()

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
                await self._books.stop("stopped")

    # What the stream delivers.

    def on_news(self, news: AccountNews) -> None:
        """Take what one message of the stream said."""
        self.counts.events += 1
        self.standing.event_at = datetime.now(UTC)
        for evidence in news.evidence:
            self._untold.told(evidence)
            self._touched.add(evidence.key.symbol)
            self.standing.silent = ""
        self._spoken_s |= dict.fromkeys((one.asset for one in news.balances), time.monotonic())
        self._evidence += news.evidence
        self._balances += news.balances
        self._something.set()
        if news.ask:
            self._check_now.set()

    def on_connected(self) -> None:
        """Ask REST for what happened before; from now on the stream tells."""
        self.standing.connect(datetime.now(UTC))
        self._untold.forget()
        self._check_now.set()

    def on_disconnected(self, reason: str) -> None:
        """Note that nothing is told any more."""
        self.standing.lose(time.monotonic(), reason)
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
            self._take(await self._books.book_heard(evidence, balances))

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
            wide = not self.standing.caught_up or number % self._options.wide_every == 0
            pause_s = self._options.check_every_s
            try:
                await self._check_once(wide=wide)
                number += 1
            except CryptoVoltError as error:
                self.counts.failed_checks += 1
                self.standing.check_error = str(error)
                log.warning("account.unchecked", source=self.place.source, reason=str(error))
                pause_s = min(RETRY_CHECK_S, pause_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    if self.standing.caught_up:
                        # However often somebody asks for a check, it costs the budget of requests.
                        await asyncio.sleep(pause_s * SHORTEST_PAUSE)
                    await self._check_now.wait()
            self._check_now.clear()

    async def _check_once(self, *, wide: bool) -> None:
        asked_s, connected_at = time.monotonic(), self.standing.connected_at
        following, touched = self.standing.caught_up, set(self._touched)
        self._touched.clear()
        try:
            answers = await self._checker.ask(touched, wide=wide)
            self._doubt_news(await self._commit_answers(answers, asked_s), following)
            self._doubt_news(await self._ask_for_rest(answers), following)
        except CryptoVoltError:
            self._touched |= touched
            raise
        self._note_checked(asked_s)
        if self.standing.lost_s is None and connected_at == self.standing.connected_at:
            self.standing.caught_up = True

    def _doubt_news(self, news: list[Evidence], following: bool) -> None:
        if following and self.standing.caught_up:
            self._untold.add(news, time.monotonic())
        else:
            self.counts.recovered += len(news)

    async def _commit_answers(self, answers: Answers, asked_s: float) -> list[Evidence]:
        await self._commit_heard()
        async with self._lock:
            spoken = {asset for asset, at_s in self._spoken_s.items() if at_s >= asked_s}
            applied = await self._books.book_answers(answers, spoken)
            self._checker.remember(answers)
            self._take(applied)
            return applied.news

    async def _ask_for_rest(self, answers: Answers) -> list[Evidence]:
        unfinished, incomplete = await self._books.read_open()
        found = await self._checker.ask_for(unfinished, incomplete, answers.told)
        if not found:
            return []
        async with self._lock:
            applied = await self._books.book_found(found)
            self._take(applied)
            return applied.news

    def _note_checked(self, asked_s: float) -> None:
        self.counts.checks += 1
        self.standing.check(asked_s, datetime.now(UTC))
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
                self.standing.silent = (
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
        standing, every_s = self.standing, self._options.check_every_s
        if standing.judge(at_s, datetime.now(UTC), every_s, self.troubles):
            self._heartbeat_due_s = 0.0
            account, source = self.place
            said = {"state": standing.state, "reason": standing.reason}
            log.info("account.changed", account=account, source=source, **said)

    async def _tell(self) -> None:
        now, known, values = dict(self.troubles.now), dict(self._known), self._heartbeat()
        begun = {trouble: reason for trouble, reason in now.items() if trouble not in known}
        over = [trouble for trouble in known if trouble not in now]
        async with self._lock:
            await self._books.tell(values, begun, over)
        self._known = now

    def _heartbeat(self) -> dict[str, Any]:
        return {
            "account": self.place.account,
            "source": self.place.source,
            "process": f"{socket.gethostname()}:{os.getpid()}"[:100],
            **self.standing.values(),
            "counts": self.counts.as_json(self._stream.counts, self._books.failures),
        }

    async def _begin(self) -> None:
        before = await self._books.begin()
        self._checker.begin(before.cursors, before.owned)
        self._known = before.troubles
        self.troubles.now.update(before.troubles)
        # It was silent when it was last followed, and has not spoken since.
        self.standing.silent = before.troubles.get(Trouble(doubts.SILENT), "")
