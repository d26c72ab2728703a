"""The paper trader: replays a stream of closed bars and records every turn.

One bar is one transaction: signal, trades, alerts, equity and the state that a restart needs become
durable together or not at all. A trader that was killed goes on after the last bar it recorded.

Run as a process of its own (``python -m app.workers.trader``), it ends when its standard input is
closed, so it never outlives the process that started it. It exits with 2 when its input cannot be
used, which another start would not change.
"""

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.config import settings
from app.core.database import SessionLocal
from app.core.errors import advice
from app.core.logging import configure_logging
from app.core.times import milliseconds
from app.models.paper import PaperSession as SessionRow
from app.repositories.paper import find_unfinished, stop_unfinished
from app.services import markets, paper
from app.services.auth import ensure_local_user
from app.services.bar_import import ImportOptions
from app.services.bars import take_snapshot
from app.services.corridor import WalkOptions, opening
from app.services.funding import (
    FundingSource,
    StoredFunding,
    due_at,
    funding_source,
    is_charged,
    total_paid,
)
from app.services.markets import Market
from app.services.training import champion, keep_model, train, training_bars
from app.wiring import trial_ledger
from app.workers import BAD_INPUT
from cryptovolt.domain.errors import CryptoVoltError, TransientError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.execution.inference import infer_rules
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.session import PaperSession

log = structlog.get_logger(__name__)

KIND = "up"
PAUSE_BETWEEN_REPLAYS_S = 20.0
HEAD_START_BARS = 120
"""Bars of a new session that are replayed at once, so that the page has something to show."""


@dataclass(frozen=True, slots=True)
class TraderOptions:
    """What to replay, and how fast."""

    bars: Path | None = None
    news: Path | None = None
    symbol: str | None = None
    timeframe: str | None = None
    source: str | None = None
    funding: Path | None = None
    speed: float = 2.0


@dataclass(slots=True)
class Replay:
    """A session over a market that is under way."""

    market: Market
    session_id: int
    session: PaperSession
    next_bar: int
    hurry_until: int = 0
    funding: FundingRates | None = None

    @property
    def finished(self) -> bool:
        """Whether the stream is over."""
        return self.next_bar >= len(self.market.bars)


def choose_market(options: TraderOptions, now: datetime) -> Market:
    """Return what to replay: files, else the longest stored series, else SYNTHETIC."""
    if options.bars is not None:
        chosen = ImportOptions(
            as_of=milliseconds(now),
            symbol=options.symbol,
            timeframe=options.timeframe,
            source=options.source,
        )
        return markets.market_from_files([options.bars], chosen, options.news)
    longest = markets.longest_series()
    return markets.synthetic_market(now) if longest is None else markets.stored_market(longest)


def begin(market: Market, now: datetime, funding: FundingSource | None = None) -> Replay:
    """Return the session to go on with, or a new one over the held-out bars.

    A perpetual pays the funding that the source knows (what is stored if none is given); where
    none is known, the session says so.
    """
    rates = (funding or StoredFunding()).rates(market.key)
    model_id, strategy = _strategy(market)
    options = WalkOptions(now=now, funding=rates)
    first = training_bars(len(market.bars))
    rules = infer_rules(market.bars, options.cash)
    chosen = strategy.trading_settings(options.cash)
    with SessionLocal.begin() as db:
        user = ensure_local_user(db)
        db.flush()
        row = find_unfinished(db, user.user_id, KIND, _series(market))
        start = opening(market, user.user_id, model_id, strategy, options, db, KIND, first)
        # Another model, other limits or other funding would not go on with what the session holds.
        if row is not None and row.state and _goes_on(row, start):
            next_bar, state = _rows_closed_by(market, row.as_of or now), row.state
            row.settings = {**(row.settings or {}), **start.settings}
        else:
            stop_unfinished(db, user.user_id, KIND, now)
            row = paper.open_session(db, start)
            next_bar, state = first, None
        session_id = row.session_id
    session = PaperSession(strategy, rules, chosen, market.bars[:next_bar])
    if state is not None:
        session.restore(state)
    log.info("session.began", session_id=session_id, next_bar=next_bar)
    hurry_until = next_bar + HEAD_START_BARS if state is None else 0
    return Replay(market, session_id, session, next_bar, hurry_until, rates)


def take_turn(replay: Replay) -> None:
    """Live through the next bar and record it, in one transaction."""
    market, rates = replay.market, replay.funding
    bar = market.bars[replay.next_bar : replay.next_bar + 1]
    due = due_at(market.bars, replay.next_bar, rates)
    turn = replay.session.on_bar(bar, market.news, due, rates)
    paid = total_paid(replay.session.account.payments)
    with SessionLocal.begin() as db:
        row = db.get_one(SessionRow, replay.session_id)
        paper.record(db, row, [turn], replay.session.state(), paid)
    replay.next_bar += 1


def finish(replay: Replay, now: datetime) -> None:
    """Close the session of a stream that is over."""
    with SessionLocal.begin() as db:
        paper.close_session(db, db.get_one(SessionRow, replay.session_id), {}, now)


def run(options: TraderOptions, stopping: threading.Event) -> None:
    """Replay the market again and again until asked to stop."""
    market = choose_market(options, datetime.now(UTC))
    funding = funding_source(options.funding)
    while not stopping.is_set():
        replay = begin(market, datetime.now(UTC), funding)
        while not replay.finished and not stopping.wait(_pause(replay, options)):
            take_turn(replay)
        if replay.finished:
            finish(replay, datetime.now(UTC))
            stopping.wait(PAUSE_BETWEEN_REPLAYS_S)


def _goes_on(row: SessionRow, start: paper.Opening) -> bool:
    same = (row.model_id, row.strategy_id) == (start.model_id, start.strategy_id)
    return same and is_charged(row.settings or {}) == is_charged(start.settings)


def _pause(replay: Replay, options: TraderOptions) -> float:
    return 0.0 if replay.next_bar < replay.hurry_until else 1.0 / options.speed


def _strategy(market: Market) -> tuple[int, HybridStrategy]:
    with SessionLocal() as db:
        found = champion(db, market.key)
        if found is not None:
            row, model = found
            return row.model_id, HybridStrategy(models=(model,))
    snapshot = take_snapshot(market.key)
    seed = WalkOptions(now=datetime.now(UTC)).seed
    trained = train(market, seed, ledger=trial_ledger())
    with SessionLocal.begin() as db:
        model_id = keep_model(db, trained, market, snapshot.hash, settings.home / "models")
    return model_id, HybridStrategy(models=trained.promoted)


def _series(market: Market) -> tuple[str, str, str]:
    return market.key.symbol, market.key.timeframe, market.key.source


def _rows_closed_by(market: Market, moment: datetime) -> int:
    closes = market.bars.timestamp + market.bars.interval_ms
    return int((closes <= milliseconds(moment)).sum())


def _options(arguments: Sequence[str]) -> TraderOptions:
    parser = argparse.ArgumentParser(prog="python -m app.workers.trader")
    for name in ("bars", "news", "funding"):
        parser.add_argument(f"--{name}", type=Path)
    for name in ("symbol", "timeframe", "source"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--speed", type=float, default=2.0)
    return TraderOptions(**vars(parser.parse_args(arguments)))


def _stop_with_parent(stopping: threading.Event) -> None:
    # End of file comes when the parent closes the pipe, and also when it is killed. Read without
    # Python's buffer, whose lock a waiting thread would hold when the interpreter ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stopping.set()


def main(arguments: Sequence[str]) -> int:
    """Run the trader until standard input is closed."""
    configure_logging(quiet=True)
    stopping = threading.Event()
    threading.Thread(target=_stop_with_parent, args=(stopping,), daemon=True).start()
    try:
        run(_options(arguments), stopping)
    except (TransientError, SQLAlchemyError) as error:
        log.warning("trader.interrupted", reason=advice(error))
        return 1
    except CryptoVoltError as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
