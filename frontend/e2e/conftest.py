"""The real application with a small paper session in its database, and a browser to look at it.

The application runs as its users run it: uvicorn in a process of its own, on the embedded
PostgreSQL of a temporary home.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from math import cos, sin
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    sync_playwright,
)
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from app.core.embedded import EmbeddedServer
from app.models.database import Alert, MarketData, Model, Signal, Trade, TradingStrategy, User
from app.models.paper import EquitySnapshot, PaperSession
from app.services import auth
from cryptovolt.decision.fusion import FusionPolicy, fuse
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.signal import Source, Vote
from cryptovolt.research.synthetic import synthetic_bars

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "backend" / "app" / "static" / "index.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = "no Chromium on this machine: apt-get install chromium"
NO_BUILD = "the dashboard is not built: npm ci && npm run build in the folder frontend"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

SessionFactory = Callable[[], Session]


@pytest.fixture(scope="session")
def database() -> Iterator[EmbeddedServer]:
    home = Path(tempfile.mkdtemp(prefix="cryptovolt-e2e-"))
    server = EmbeddedServer(home)
    server.start()
    yield server
    server.stop()
    # As root the data may lie outside the home.
    shutil.rmtree(server.folder, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


class Application:
    """The server of API and dashboard, which a test may stop and start again."""

    def __init__(self, database: EmbeddedServer) -> None:
        url = database.url().set(drivername="postgresql").render_as_string(hide_password=False)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._environment = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "WARNING"}
        self._environment["CRYPTOVOLT_HOME"] = str(database.folder)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(self._port)]
        self._process = subprocess.Popen(
            [*command, "--log-level", "warning"], env=self._environment
        )
        deadline = time.monotonic() + 60
        while not self._is_ready():
            assert self._process.poll() is None, "the server ended before it was ready"
            assert time.monotonic() < deadline, "the server was not ready within 60 s"
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/ready", timeout=5) as answer:
                return answer.status == 200
        except urllib.error.URLError:
            return False


@pytest.fixture(scope="session")
def application(database: EmbeddedServer) -> Iterator[Application]:
    if not STATIC.is_file():
        pytest.skip(NO_BUILD)
    application = Application(database)
    application.start()
    yield application
    application.stop()


@pytest.fixture(scope="session")
def new_session(application: Application, database: EmbeddedServer) -> Iterator[SessionFactory]:
    """Return a function that opens a session on the application's database."""
    del application  # it lays the tables
    engine = create_engine(database.url(), connect_args={"options": "-c timezone=UTC"})
    yield sessionmaker(bind=engine)
    engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, application: Application) -> Iterator[Callable[..., Page]]:
    """Return a function that opens an empty page; what goes wrong on it fails the test.

    That is: errors and warnings on the console, breaches of the content security policy among
    them; dialogs; and requests to any other host. `may_fail` allows failed requests only.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_(
        width: int = 1440, height: int = 1000, *, dark: bool = True, may_fail: bool = False
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            device_scale_factor=2 if width < 500 else 1,
        )
        contexts.append(context)
        page = context.new_page()
        _watch(page, application.address, faults, may_fail=may_fail)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def _watch(page: Page, address: str, faults: list[str], *, may_fail: bool) -> None:
    def on_console(message: ConsoleMessage) -> None:
        failed = message.text.startswith("Failed to load resource")
        # The browser itself reports the answer that nobody is signed in yet.
        asked = message.location.get("url", "").endswith("/api/v1/auth/refresh")
        if message.type in {"error", "warning"} and not (failed and (asked or may_fail)):
            faults.append(message.text)

    def on_dialog(dialog: Dialog) -> None:
        faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def on_request(request: Request) -> None:
        if not request.url.startswith(address):
            faults.append(f"request to another host: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
    page.on("dialog", on_dialog)
    page.on("request", on_request)


PAYLOAD = "<img src=x onerror=alert('stored')><script>alert('stored')</script>"
N_BARS = 240
CASH = Decimal(10_000)
FEE = Decimal("0.001")
QUANTITY = Decimal("0.2")
TURNS = [(30, "BUY"), (71, "SELL"), (95, "BUY"), (140, "SELL"), (188, "BUY")]


@pytest.fixture
def link(new_session: SessionFactory, application: Application) -> Callable[[], str]:
    """Return a function that makes a one-time link for this machine's user, who has a session."""

    def make() -> str:
        with new_session() as db:
            user = auth.ensure_local_user(db)
            if db.query(PaperSession).filter_by(user_id=user.user_id).count() == 0:
                add_paper_session(db, user)
            code = auth.create_login_link(db, user)
            db.commit()
        return f"{application.address}/#link={code}"

    return make


def add_paper_session(db: Session, user: User) -> PaperSession:
    """Store a small session of a user: bars, signals, trades, equity, alerts and a model card."""
    bars = synthetic_bars(
        N_BARS, end=int(datetime(2024, 3, 1, tzinfo=UTC).timestamp() * 1000),
        rng=np.random.default_rng(7),
    )  # fmt: skip
    if db.query(MarketData).count() == 0:
        db.add_all(_bar_rows(bars))
    strategy = TradingStrategy(user_id=user.user_id, name=f"hybrid {PAYLOAD[:60]}", parameters={})
    model = _model()
    db.add_all([strategy, model])
    db.flush()
    session = PaperSession(
        user_id=user.user_id, strategy_id=strategy.strategy_id, model_id=model.model_id,
        symbol=bars.symbol, timeframe=bars.timeframe, source=bars.source, kind="up",
        synthetic=True, cash=CASH,
    )  # fmt: skip
    db.add(session)
    db.flush()
    for row in (*_signals(bars), *_ledger(bars)):
        row.session_id = session.session_id
        db.add(row)
    for level, text in (("info", f"SYNTHETIC: bought {QUANTITY}"), ("warning", PAYLOAD)):
        db.add(Alert(user_id=user.user_id, alert_type="trade", message=text, level=level))
    db.commit()
    return session


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _bar_rows(bars: Bars) -> list[MarketData]:
    columns = (bars.timestamp, bars.open, bars.high, bars.low, bars.close, bars.volume)
    return [
        MarketData(
            symbol=bars.symbol, timeframe=bars.timeframe, source=bars.source, timestamp=_time(t),
            open_price=o, high_price=h, low_price=low, close_price=c, volume=v,
        )
        for t, o, h, low, c, v in zip(*(column.tolist() for column in columns), strict=True)
    ]  # fmt: skip


def _signals(bars: Bars) -> Iterator[Signal]:
    policy = FusionPolicy()
    for bar in range(24, len(bars)):
        timestamp = int(bars.timestamp[bar])
        closed = timestamp + bars.interval_ms
        scores = ((Source.ML, 0.6 * sin(bar / 9)), (Source.RULES, cos(bar / 7)))
        votes = [
            Vote(source=source, score=score, as_of=closed, reason=f"seen to bar {bar}")
            for source, score in scores
        ]
        found = fuse(bars.symbol, timestamp, votes, policy)
        yield Signal(
            symbol=found.symbol, timeframe=bars.timeframe, signal_type=str(found.action),
            confidence=found.confidence, score=found.score, timestamp=_time(timestamp),
            as_of=_time(found.as_of), weights={str(s): w for s, w in found.weights.items()},
            votes=[
                {"source": str(v.source), "score": v.score, "as_of": v.as_of, "reason": v.reason}
                for v in found.votes
            ],
            vetoes=list(found.vetoes), reasons=list(found.reasons),
        )  # fmt: skip


def _ledger(bars: Bars) -> Iterator[Trade | EquitySnapshot]:
    cash, position, cost = CASH, Decimal(0), Decimal(0)
    sides = dict(TURNS)
    for bar in range(24, len(bars)):
        if bar in sides:
            side = sides[bar]
            price = Decimal(str(bars.open[bar]))
            fee = price * QUANTITY * FEE
            sign = 1 if side == "BUY" else -1
            cash -= sign * price * QUANTITY + fee
            position += sign * QUANTITY
            pnl = None if side == "BUY" else price * QUANTITY - fee - cost
            cost = price * QUANTITY + fee
            yield Trade(
                symbol=bars.symbol, trade_type=side, price=price, quantity=QUANTITY, pnl=pnl,
                fee=fee, fee_asset="USDT", status="EXECUTED", reason="target",
                timestamp=_time(int(bars.timestamp[bar])),
            )  # fmt: skip
        close = float(bars.close[bar])
        yield EquitySnapshot(
            timestamp=_time(int(bars.timestamp[bar])), cash=cash, position=position, price=close,
            equity=cash + position * Decimal(str(close)),
        )  # fmt: skip


def _model() -> Model:
    figures = {
        "auc": (0.484, 0.531, 0.5, 0.5),
        "accuracy": (0.489, 0.537, 0.509, 0.502),
        "precision": (0.471, 0.529, 0.491, 0.495),
        "recall": (0.402, 0.473, 0.5, 0.512),
    }
    scores = {
        name: {"low": low, "high": high, "baselines": {"majority": share, "last_direction": last}}
        for name, (low, high, share, last) in figures.items()
    }
    verdict = {
        "standing": "no edge shown",
        "text": "no edge shown: AUC 0.507 has the interval 0.484 to 0.531",
        "rule": "Weak: the interval of the AUC lies above 0.5. No edge shown: anything else",
    }
    card = {"synthetic": True, "evaluation": {"verdict": verdict, "scores": scores}}
    return Model(
        name="hybrid SYNTHETIC-USDT 1h synthetic", model_type="xgboost", version="1",
        status="champion",
        auc=0.507, accuracy=0.513, precision=0.5, recall=0.438, extra_data=card,
        gates={
            "splits": {"passed": True, "detail": "no training row within 24 bars of a test row"},
            "planted_leak": {"passed": False, "detail": "AUC 0.71 where 0.95 was expected"},
        },
    )  # fmt: skip
