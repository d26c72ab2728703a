"""What the worked strategies did on recorded markets: writes the tables of one page.

    python engine/examples/results.py FOLDER

FOLDER holds ``bars/``, ``futures/`` and ``sentiment/`` with the files named in `MARKETS`; one that
is missing is left out and named on the page. Every run of a market is put into a new trial ledger
before the first is assessed, so that the deflated Sharpe ratio counts them all. Everything that is
drawn follows from one seed.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import cryptovolt as cv
from cryptovolt.backtest.baseline import buy_and_hold_of
from cryptovolt.backtest.run import Run
from cryptovolt.domain.errors import CryptoVoltError, DataError
from cryptovolt.research.certainty import certainty_of
from cryptovolt.research.robustness import Assessment

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "reference" / "examples.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
SEED = 0
SPOT = ("trend.py:Trend", "mean_reversion.py:MeanReversion", "breakout.py:Breakout")
HEAD = """\
|  | return | Sharpe ratio, 95 % | drawdown | trades | fees | p | DSR | verdict |
|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What is traded, from when on, and what was recorded beside its bars."""

    title: str
    bars: str
    start: str | None = None
    funding: str | None = None
    news: str | None = None

    @property
    def files(self) -> list[str]:
        """Everything that has to be there."""
        return [name for name in (self.bars, self.funding, self.news) if name is not None]


MARKETS = (
    *(
        Market(title=f"{coin}, spot, {years}", bars=f"bars/{coin}_USDT-1h-{years}.feather")
        for years in ("2017-2022", "2024")
        for coin in ("BTC", "ETH", "SOL")
    ),
    Market(
        title="BTC, spot, since news were recorded",
        bars="bars/BTC_USDT-1h-2017-2022.feather",
        start="2021-11-05",
        news="sentiment/bitcoin-news-2021-2022.csv",
    ),
    Market(
        title="BTC, perpetual with funding, 2025 H1",
        bars="futures/BTC_USDT_USDT-1h-futures-2025H1.feather",
        funding="futures/BTC_USDT_USDT-1h-funding_rate-2025H1.feather",
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, before it is assessed."""

    name: str
    run: Run


def runs_of(market: Market, folder: Path, ledger: cv.FileLedger) -> list[Row]:
    """Backtest everything that a market is traded with; every run is a trial of the ledger."""
    source = "binance-usdm" if market.funding else "binance"
    bars = cv.read_bars(folder / market.bars, source=source)
    older = bars[:0]
    if market.start is not None:
        first = int(np.datetime64(market.start, "ms").astype(np.int64))
        row = int(np.searchsorted(bars.timestamp, first))
        older, bars = bars[:row], bars[row:]
    if market.funding is not None:
        return _perpetual(bars, cv.read_funding(folder / market.funding), ledger)
    if market.news is not None:
        return _with_news(older, bars, folder / market.news, ledger)
    asked = [(_label(name), name) for name in SPOT]
    rows = [Row(label, _run(bars, _load(name), ledger)) for label, name in asked]
    return [*rows, Row("Hybrid, rules alone", _run(bars, _load("hybrid.py"), ledger))]


def _perpetual(bars: cv.Bars, rates: cv.FundingRates, ledger: cv.FileLedger) -> list[Row]:
    strategies = {
        "Trend, short too": _load("trend.py", short=True),
        "MeanReversion": _load("mean_reversion.py"),
        "Breakout": _load("breakout.py"),
        "Hybrid, rules alone": _load("hybrid.py"),
        "FundingCarry": _load("funding_carry.py:FundingCarry"),
    }
    return [
        Row(name, _run(bars, strategy, ledger, funding=rates))
        for name, strategy in strategies.items()
    ]


def _with_news(older: cv.Bars, bars: cv.Bars, path: Path, ledger: cv.FileLedger) -> list[Row]:
    news = cv.read_sentiment(path)
    model = cv.evaluate_classifier(
        cv.build_features(older), cv.triple_barrier(older), rng=np.random.default_rng(SEED)
    ).model
    hybrid = _load("hybrid.py")
    return [
        Row("Hybrid, rules alone", _run(bars, hybrid, ledger)),
        Row("Hybrid with news", _run(bars, hybrid, ledger, sentiment=news)),
        Row("Hybrid with a model", _run(bars, hybrid, ledger, model=model)),
        Row("Hybrid with both", _run(bars, hybrid, ledger, sentiment=news, model=model)),
    ]


def _load(name: str, **parameters: object) -> Any:
    return cv.load_strategy(str(HERE / name), parameters)


def _label(name: str) -> str:
    return name.rpartition(":")[2]


def _run(bars: cv.Bars, strategy: Any, ledger: cv.FileLedger, **more: Any) -> Run:
    return cv.backtest(bars, strategy, ledger=ledger, seed=SEED, **more)


def table_of(market: Market, folder: Path, say: Callable[[str], object]) -> str:
    """Return a market's part of the page."""
    with tempfile.TemporaryDirectory() as place:
        ledger = cv.FileLedger(Path(place) / "trials.jsonl")
        rows = runs_of(market, folder, ledger)
        lines = [_hold_line(buy_and_hold_of(rows[0].run))]
        for row in rows:
            say(f"{market.title}: {row.name}")
            found = cv.assess(row.run, ledger=ledger, rng=np.random.default_rng(SEED))
            lines.append(_line(row.name, row.run, found))
    return "\n".join([f"### {market.title}", "", _about(rows[0].run, len(rows)), "", HEAD, *lines])


def _about(run: Run, n_trials: int) -> str:
    (bars,) = run.bars.values()
    first, last = (
        f"{datetime.fromtimestamp(t / 1000, UTC):%Y-%m-%d}" for t in run.timestamp[[0, -1]]
    )
    return (
        f"{len(bars):,} bars of {bars.timeframe}, {first} to {last}, content "
        f"`{bars.content_hash()[:12]}`. {n_trials} trials."
    )


def _hold_line(hold: Run) -> str:
    known = certainty_of(hold, hold, np.random.default_rng(SEED))
    sharpe = "–" if known is None else _interval(known.sharpe)
    measures = hold.statistics
    return (
        f"| buy and hold | {measures['total_return']:+.1%} | {sharpe} | "
        f"{measures['max_drawdown']:.1%} | – | {_fees(hold)} | – | – | – |"
    )


def _line(name: str, run: Run, found: Assessment) -> str:
    measures, known = run.statistics, found.certainty
    sharpe = "–" if known is None else _interval(known.sharpe)
    p = "–" if found.random is None else f"{found.random.p_value:.3f}"
    deflated = found.selection.deflated_by_all
    stamps = "".join(f" {stamp.partition(':')[0]}" for stamp in run.stamps)
    return (
        f"| {name} | {measures['total_return']:+.1%} | {sharpe} | {measures['max_drawdown']:.1%} | "
        f"{measures['n_trades']:,.0f} | {_fees(run)} | {p} | "
        f"{'–' if deflated is None else f'{deflated:.2f}'} | {found.verdict}{stamps} |"
    )


def _interval(found: Any) -> str:
    return f"{found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})"


def _fees(run: Run) -> str:
    return f"{run.statistics['fees_paid'] / run.trading.cash:.1%}"


def page_of(
    folder: Path, today: str, markets: Sequence[Market], say: Callable[[str], object]
) -> str:
    """Return what stands between the marks of the page.

    Raises
    ------
    DataError
        If no market is there.
    """
    missing = {m.title: [f for f in m.files if not (folder / f).is_file()] for m in markets}
    there = [market for market in markets if not missing[market.title]]
    if not there:
        raise DataError(f"expected bars such as {markets[0].bars} in {folder}, found none")
    left_out = [f"{title} ({', '.join(files)})" for title, files in missing.items() if files]
    costs = cv.Costs()
    parts = [
        f"Computed on {today} by cryptovolt {cv.__version__}: cash 10,000, fee {costs.fee:.2%}, "
        f"slippage {costs.slippage:.2%}, leverage 1, seed {SEED}.",
        *(f"Not there: {what}." for what in left_out),
        *(table_of(market, folder, say) for market in there),
    ]
    return "\n\n".join(parts)


def write_page(page: Path, tables: str) -> None:
    """Replace what stands between the marks.

    Raises
    ------
    DataError
        If the page has no marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"expected {BEGIN} and {END} in {page}, found none")
    page.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", encoding="utf-8")


def main() -> int:
    """Write the tables; return the exit status."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("folder", type=Path, help="Holds bars/, futures/ and sentiment/.")
    asked.add_argument("--page", type=Path, default=PAGE, help="Written between its marks.")
    asked.add_argument("--date", default=f"{datetime.now(UTC):%Y-%m-%d}", help="On the page.")
    given = asked.parse_args()
    try:
        tables = page_of(
            given.folder, given.date, MARKETS, lambda text: sys.stderr.write(f"{text}\n")
        )
        write_page(given.page, tables)
    except (CryptoVoltError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
