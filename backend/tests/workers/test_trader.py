"""The paper trader: one transaction a bar, and going on after a kill as if nothing had happened."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.database import SessionLocal
from app.models.database import Alert, Signal, Trade
from app.models.paper import EquitySnapshot, PaperSession
from app.repositories.bars import SeriesKey
from app.services.bar_import import store_bars
from app.services.funding import FundingFile
from app.services.markets import Market, stored_market, synthetic_market
from app.services.training import champion, training_bars
from app.workers.replaying import Replay, begin, finish, take_turn
from app.workers.trader import TraderOptions, choose_market
from cryptovolt.backtest.simulate import simulate_account
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.execution.inference import infer_rules
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.hybrid import HybridStrategy

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
N_TURNS = 60


@pytest.fixture(scope="module")
def market(database_url: str) -> Market:
    del database_url
    return synthetic_market(NOW)


@pytest.fixture(scope="module")
def perpetual(database_url: str) -> Market:
    """Generated bars, stored as those of a perpetual."""
    del database_url
    made = synthetic_bars(4_000, end=1_700_000_000_000, rng=np.random.default_rng(24))
    columns = {
        name: getattr(made, name)
        for name in ("timestamp", "open", "high", "low", "close", "volume")
    }
    bars = Bars(symbol="PERPUSDT", timeframe="1h", source="test-usdm", **columns)
    with SessionLocal.begin() as session:
        store_bars(session, bars)
    return stored_market(SeriesKey("PERPUSDT", "1h", "test-usdm"))


def rates_of(bars: Bars) -> FundingRates:
    """Every eight hours, much in favour of shorts; every third half an hour late."""
    times = bars.timestamp[::8].copy()
    times[2::3] += 1_800_000
    drawn = np.random.default_rng(5).normal(2e-3, 1e-3, times.size)
    return FundingRates(timestamp=times, rate=np.round(drawn, 8))


@dataclass(frozen=True)
class Recorded:
    """Rates that were recorded beforehand."""

    found: FundingRates | None

    def rates(self, key: SeriesKey) -> FundingRates | None:
        assert key.source == "test-usdm"
        return self.found


def rows_of(db: Session, session_id: int) -> list[tuple[object, ...]]:
    """Everything a session has stored, without the ids that differ from session to session."""
    db.expire_all()
    signals = select(
        Signal.timestamp, Signal.signal_type, Signal.score, Signal.target, Signal.reasons
    )
    trades = select(Trade.timestamp, Trade.trade_type, Trade.price, Trade.quantity, Trade.pnl)
    equity = select(EquitySnapshot.timestamp, EquitySnapshot.equity, EquitySnapshot.cash)
    found: list[tuple[object, ...]] = []
    for query, table in ((signals, Signal), (trades, Trade), (equity, EquitySnapshot)):
        rows = db.execute(query.where(table.session_id == session_id).order_by(table.timestamp))
        found += [tuple(row) for row in rows]
    return found


def lived(replay: Replay, n_turns: int) -> Replay:
    for _ in range(n_turns):
        take_turn(replay)
    return replay


def test_without_files_or_stored_prices_the_market_is_synthetic(market: Market) -> None:
    assert choose_market(TraderOptions(), NOW).key == market.key


def test_a_killed_trader_goes_on_where_its_last_transaction_ended(
    market: Market, db: Session
) -> None:
    whole = lived(begin(market, NOW), N_TURNS)
    finish(whole, NOW)
    interrupted = lived(begin(market, NOW), 25)
    # Nothing is said to the first one: it is as if its process had been killed.
    resumed = begin(market, NOW)
    assert resumed.session_id == interrupted.session_id
    assert resumed.next_bar == training_bars(len(market.bars)) + 25
    lived(resumed, N_TURNS - 25)
    rows = rows_of(db, whole.session_id)
    assert len(rows) > 2 * N_TURNS
    assert rows_of(db, resumed.session_id) == rows
    finish(resumed, NOW)


def test_a_bar_cannot_be_booked_twice(market: Market, db: Session) -> None:
    first = begin(market, NOW)
    second = begin(market, NOW)
    lived(first, 1)
    before = rows_of(db, first.session_id)
    n_alerts = db.scalar(select(func.count()).select_from(Alert))
    late = Replay(market, first.session_id, second.session, first.next_bar - 1)
    with pytest.raises(IntegrityError):
        take_turn(late)
    assert rows_of(db, first.session_id) == before
    assert db.scalar(select(func.count()).select_from(Alert)) == n_alerts
    finish(first, NOW)


def test_the_end_of_the_stream_closes_the_session(market: Market, db: Session) -> None:
    replay = lived(begin(market, NOW), 2)
    finish(replay, NOW)
    row = db.get_one(PaperSession, replay.session_id)
    assert row.stopped_at == NOW
    assert begin(market, NOW).session_id != replay.session_id


def test_a_perpetual_on_paper_pays_funding_as_its_backtest_does_also_after_a_kill(
    perpetual: Market, db: Session
) -> None:
    rates = rates_of(perpetual.bars)
    lived(begin(perpetual, NOW, Recorded(rates)), 150)
    # It is killed, and goes on.
    replay = begin(perpetual, NOW, Recorded(rates))
    first = training_bars(len(perpetual.bars))
    assert replay.next_bar == first + 150
    lived(replay, len(perpetual.bars) - replay.next_bar)
    finish(replay, NOW)
    found = champion(db, perpetual.key)
    strategy = HybridStrategy(models=() if found is None else (found[1],))
    account = strategy.trading_settings(10_000.0)
    rules = infer_rules(perpetual.bars, 10_000.0)
    target = strategy.decide(perpetual.bars, perpetual.news).target[first:]
    bars = perpetual.bars[first:]
    run = simulate_account(bars, target, account, rules, rates)
    query = select(EquitySnapshot.equity, EquitySnapshot.cash)
    kept = db.execute(
        query.where(EquitySnapshot.session_id == replay.session_id).order_by(
            EquitySnapshot.timestamp
        )
    ).all()
    assert [float(equity) for equity, _ in kept] == run.equity.tolist()
    row = db.get_one(PaperSession, replay.session_id)
    paid = (row.statistics or {})["funding_paid"]
    assert paid == pytest.approx(run.statistics["funding_paid"], abs=1e-9)
    assert paid > 0.0
    # Trades and funding explain the cash to the last unit.
    cash = Decimal(10_000) - sum((p.paid for p in run.payments), Decimal(0))
    for trade in db.scalars(select(Trade).filter_by(session_id=replay.session_id)):
        assert trade.price is not None
        assert trade.quantity is not None
        assert trade.fee is not None
        value = trade.price * trade.quantity
        cash += (value if trade.trade_type == "SELL" else -value) - trade.fee
    assert kept[-1][1] == cash
    charged = (row.settings or {})["funding"]
    assert charged["charged"] is True
    assert charged["n_rates"] == 50
    assert charged["text"].startswith("Funding is charged at 50 recorded rates, 2023-")


@pytest.mark.parametrize("known", [None, slice(0, 10)])
def test_a_perpetual_without_rates_says_that_funding_is_not_charged(
    perpetual: Market, db: Session, known: slice | None
) -> None:
    every = rates_of(perpetual.bars)
    rates = (
        None
        if known is None
        else FundingRates(timestamp=every.timestamp[known], rate=every.rate[known])
    )
    replay = lived(begin(perpetual, NOW, Recorded(rates)), 1)
    row = db.get_one(PaperSession, replay.session_id)
    said = (row.settings or {})["funding"]
    assert said["charged"] is False
    assert said["text"].startswith(
        "Funding is not charged: no funding rates of PERPUSDT (test-usdm) are known"
    )
    alerts = select(Alert.message).filter_by(session_id=replay.session_id, level="warning")
    assert said["text"] in db.scalars(alerts).all()
    # When rates become known, the session that paid none does not go on.
    assert begin(perpetual, NOW, Recorded(every)).session_id != replay.session_id


def test_nothing_stored_is_no_rate(perpetual: Market, db: Session) -> None:
    row = db.get_one(PaperSession, begin(perpetual, NOW).session_id)
    assert (row.settings or {})["funding"]["charged"] is False


def test_a_spot_market_has_no_funding_and_refuses_rates(
    market: Market, db: Session, tmp_path: Path
) -> None:
    row = db.get_one(PaperSession, begin(market, NOW).session_id)
    assert "funding" not in (row.settings or {})
    with pytest.raises(ConfigurationError, match="expected bars of a perpetual beside funding"):
        begin(market, NOW, FundingFile(tmp_path / "rates.csv"))


def test_rates_are_read_from_a_file(perpetual: Market, db: Session, tmp_path: Path) -> None:
    rates = rates_of(perpetual.bars)
    lines = [
        f"{time},{rate:.8f}"
        for time, rate in zip(rates.timestamp.tolist(), rates.rate.tolist(), strict=True)
    ]
    path = tmp_path / "PERPUSDT-funding.csv"
    path.write_text("\n".join(["timestamp,funding_rate", *lines]) + "\n")
    replay = begin(perpetual, NOW, FundingFile(path))
    assert replay.funding is not None
    np.testing.assert_array_equal(replay.funding.rate, rates.rate)
    row = db.get_one(PaperSession, replay.session_id)
    assert (row.settings or {})["funding"]["charged"] is True


def test_a_state_of_another_version_is_left_and_another_session_begins(
    market: Market, db: Session
) -> None:
    first = lived(begin(market, NOW), 3)
    with SessionLocal.begin() as session:
        row = session.get_one(PaperSession, first.session_id)
        row.state = {**(row.state or {}), "account": [1, 2, 3]}
    second = begin(market, NOW)
    assert second.session_id != first.session_id
    assert second.next_bar == training_bars(len(market.bars))
    db.expire_all()
    assert db.get_one(PaperSession, first.session_id).stopped_at == NOW
    finish(second, NOW)


def test_more_bars_are_no_reason_for_another_session(market: Market, db: Session) -> None:
    half = replace(market, bars=market.bars[:5_000])
    first = lived(begin(half, NOW), 3)
    model = db.get_one(PaperSession, first.session_id).model_id
    resumed = begin(replace(market, bars=market.bars[:5_500]), NOW)
    assert (resumed.session_id, resumed.next_bar) == (first.session_id, first.next_bar)
    assert db.get_one(PaperSession, resumed.session_id).model_id == model
    finish(resumed, NOW)


def test_a_live_bar_of_a_series_that_may_not_be_traded_opens_nothing_and_says_why(
    market: Market, db: Session
) -> None:
    free = lived(begin(market, NOW), N_TURNS)
    finish(free, NOW)
    refused = begin(market, NOW)
    refused.live_from = refused.next_bar
    lived(refused, N_TURNS)
    finish(refused, NOW)

    def signals(replay: Replay) -> list[Signal]:
        query = select(Signal).filter_by(session_id=replay.session_id).order_by(Signal.timestamp)
        return list(db.scalars(query))

    # Nobody feeds this series, so no bar of it may be traded on.
    assert any(signal.signal_type == "BUY" for signal in signals(free))
    assert {signal.signal_type for signal in signals(refused)} <= {"HOLD", "SELL"}
    vetoes = {veto for signal in signals(refused) for veto in signal.vetoes or []}
    assert f"{market.key.symbol} 1h of {market.key.source} is not fed" in vetoes
    assert (
        db.scalar(select(func.count()).select_from(Trade).filter_by(session_id=refused.session_id))
        == 0
    )
