"""The whole corridor once: check, snapshot, train, backtest, assess, replay on paper, store.

The newest bars are held out of training. They are replayed on paper bar by bar, and compared with a
backtest of the same bars: not one fill and not one unit of equity may differ.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.database import SessionLocal
from app.models.database import TradingStrategy, User
from app.services import paper
from app.services.bars import take_snapshot
from app.services.funding import due_at, funding_record, require_perpetual, total_paid
from app.services.markets import Market, keep_news
from app.services.training import Trained, keep_model, train
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate_account
from cryptovolt.backtest.trial import trial_of
from cryptovolt.decision.fusion import influence
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.ports import Progress, TrialLedger
from cryptovolt.domain.trials import TrialKind
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.market.checking import Findings, check_bars, require_clean
from cryptovolt.research.robustness import Assessment, assess
from cryptovolt.trading.hybrid import Decisions, HybridStrategy
from cryptovolt.trading.session import PaperSession, Turn

log = structlog.get_logger(__name__)

STRATEGY_NAME = "Hybrid"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkOptions:
    """How to walk; `funding` holds the known rates of a perpetual."""

    now: datetime
    cash: float = 10_000.0
    seed: int = 7
    funding: FundingRates | None = None

    def __post_init__(self) -> None:
        TradingSettings(cash=self.cash)
        if self.seed < 0:
            raise ConfigurationError(f"expected a seed of 0 or more, found {self.seed}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walk:
    """What the corridor gave.

    `backtest` covers every bar with an out-of-sample vote of the model, `assessment` judges it with
    all trials on its data; `held_out` covers the held-out bars alone. `influence` counts the
    backtest's bars on which the action would have been another without a source's vote;
    `differences` the fills and equities in which the paper replay of the held-out bars departs from
    their backtest.
    """

    market: Market
    findings: Findings
    data_hash: str
    news_hash: str | None
    trained: Trained
    strategy: HybridStrategy
    influence: Mapping[str, int]
    backtest: Run
    assessment: Assessment
    buy_and_hold: Run
    held_out: Run
    turns: tuple[Turn, ...]
    differences: int
    session_id: int
    model_id: int
    rates: FundingRates | None = None


def walk(
    market: Market, user: User, options: WalkOptions, progress: Progress, ledger: TrialLedger
) -> Walk:
    """Walk a market through the corridor and store what came of it, in one transaction.

    Every fit and the backtest are trials in the ledger, also where something fails after them.

    Raises
    ------
    ConfigurationError
        If funding rates are given for a market that pays none.
    DataError, ModelError
        If the bars have errors, or are too few to learn from; nothing is stored then.
    """
    if options.funding is not None:
        require_perpetual(market.key)
    findings = check_bars(market.bars)
    require_clean(market.bars)
    snapshot = take_snapshot(market.key)
    news_hash = keep_news(market)
    trained = train(market, options.seed, progress, ledger)
    strategy = HybridStrategy(models=trained.promoted)
    decided = strategy.decide(market.bars, market.news, probability_up=trained.votes)
    rules = infer_rules(market.bars, options.cash)
    first, held_out = trained.first_out_of_sample, trained.n_train
    account = strategy.trading_settings(options.cash)
    backtest, alone = (
        simulate_account(market.bars[row:], decided.target[row:], account, rules, options.funding)
        for row in (first, held_out)
    )
    assessment = _judged(backtest, trained, strategy, ledger, options.seed)
    session, turns, paid = replay(market, held_out, strategy, rules, options, progress)
    with SessionLocal.begin() as db:
        model_id = keep_model(db, trained, market, snapshot.hash, settings.home / "models")
        row = paper.open_session(
            db, opening(market, user.user_id, model_id, strategy, options, db, "demo", held_out)
        )
        paper.record(db, row, turns, session.state(), paid)
        paper.close_session(db, row, statistics(alone), options.now)
        session_id = row.session_id
    return Walk(
        market=market,
        findings=findings,
        data_hash=snapshot.hash,
        news_hash=news_hash,
        trained=trained,
        strategy=strategy,
        influence=_influence(decided, first),
        backtest=backtest,
        assessment=assessment,
        buy_and_hold=assessment.hold,
        held_out=alone,
        turns=turns,
        differences=differences(turns, alone),
        session_id=session_id,
        model_id=model_id,
        rates=options.funding,
    )


def replay(
    market: Market,
    first: int,
    strategy: HybridStrategy,
    rules: SymbolRules,
    options: WalkOptions,
    progress: Progress,
) -> tuple[PaperSession, tuple[Turn, ...], Decimal]:
    """Trade the bars from `first` on, on paper, one after another; also what funding cost."""
    account = strategy.trading_settings(options.cash)
    session = PaperSession(strategy, rules, account, market.bars[:first])
    turns: list[Turn] = []
    paid = Decimal(0)
    total = len(market.bars) - first
    for row in range(first, len(market.bars)):
        due = due_at(market.bars, row, options.funding)
        bar = market.bars[row : row + 1]
        turns.append(session.on_bar(bar, market.news, due, options.funding))
        paid += total_paid(session.account.payments)
        if len(turns) % 50 == 0 or len(turns) == total:
            progress(len(turns), total, "paper replay")
    return session, tuple(turns), paid


def differences(turns: tuple[Turn, ...], run: Run) -> int:
    """Count fills and equities of a paper replay that are not those of a backtest, bit for bit."""
    fills = [booked.fill for turn in turns for booked in turn.booked]
    counted = abs(len(fills) - len(run.fills))
    counted += sum(one != other for one, other in zip(fills, run.fills, strict=False))
    equity = [float(turn.equity) for turn in turns]
    return counted + sum(
        one != other for one, other in zip(equity, run.equity.tolist(), strict=True)
    )


def strategy_of(db: Session, user_id: int, strategy: HybridStrategy) -> int:
    """Return the id of the user's hybrid strategy with these parameters, stored if it is new."""
    parameters = strategy_parameters(strategy)
    query = select(TradingStrategy).filter_by(user_id=user_id, name=STRATEGY_NAME)
    for row in db.scalars(query):
        if row.parameters == parameters:
            return row.strategy_id
    row = TradingStrategy(
        user_id=user_id,
        name=STRATEGY_NAME,
        description="Model, rules and sentiment, fused; vetoes, sizes and exits by risk limits.",
        parameters=parameters,
        is_active=True,
    )
    db.add(row)
    db.flush()
    return row.strategy_id


def strategy_parameters(strategy: HybridStrategy) -> dict[str, Any]:
    """Return the parameters of a hybrid strategy as JSON knows them."""
    policy = strategy.policy
    return {
        "kind": "hybrid",
        "weights": {source.value: weight for source, weight in policy.weights.items()},
        "threshold": policy.threshold,
        "allow_short": policy.allow_short,
        "half_life_ms": strategy.half_life_ms,
        "limits": asdict(strategy.limits),
    }


def opening(
    market: Market,
    user_id: int,
    model_id: int | None,
    strategy: HybridStrategy,
    options: WalkOptions,
    db: Session,
    kind: str,
    first: int,
) -> paper.Opening:
    """Return what a paper session over a market, from its bar `first` on, starts with."""
    settings: dict[str, Any] = {
        "seed": options.seed,
        "data_hash": market.bars.content_hash(),
        "sentiment_hash": market.news_hash,
    }
    funding = funding_record(market.bars, first, options.funding)
    if funding is not None:
        settings["funding"] = funding
    return paper.Opening(
        user_id=user_id,
        strategy_id=strategy_of(db, user_id, strategy),
        model_id=model_id,
        symbol=market.key.symbol,
        timeframe=market.key.timeframe,
        source=market.key.source,
        kind=kind,
        synthetic=market.synthetic,
        cash=Decimal(str(options.cash)),
        started_at=options.now,
        settings=settings,
    )


def _judged(
    run: Run, trained: Trained, strategy: HybridStrategy, ledger: TrialLedger, seed: int
) -> Assessment:
    record = strategy_parameters(strategy)
    weights, limits = record.pop("weights"), record.pop("limits")
    parameters = {
        **record,
        **{f"weight_{source}": weight for source, weight in weights.items()},
        **limits,
        "model": trained.model.artefact_hash,
        "model_status": trained.status,
        "seed": seed,
    }
    ledger.append([trial_of(run, TrialKind.BACKTEST, STRATEGY_NAME, parameters)])
    return assess(run, ledger=ledger, rng=np.random.default_rng(seed))


def _influence(decided: Decisions, first: int) -> dict[str, int]:
    votes = (decided.ml[first:], decided.rules[first:], decided.sentiment[first:])
    changed = influence(*votes, decided.strategy.policy)
    return {source.value: int(rows.sum()) for source, rows in changed.items()}


def statistics(run: Run) -> dict[str, float | None]:
    """Return a run's statistics as JSON knows them; undefined is None."""
    return {
        name: float(value) if value - value == 0.0 else None
        for name, value in run.statistics.items()
    }
