"""The commands on strategies as a person calls them: processes, and no database."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.market.reading import read_bars
from cryptovolt.market.resampling import resample
from cryptovolt.market.writing import write_bars
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.synthetic import synthetic_bars

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "engine" / "examples" / "template.py"
GUILTY = ROOT / "engine" / "tests" / "strategies" / "guilty.py"


def run(home: Path, *arguments: object, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        # A database that cannot be reached: opening it would fail.
        env={
            **os.environ,
            "CRYPTOVOLT_HOME": str(home),
            "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/none",
            "COLUMNS": "200",
        },
        timeout=240,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stdout + done.stderr


def run_json(home: Path, *arguments: object, code: int = 0) -> Any:
    text = run(home, *arguments, "--json", code=code)
    return json.loads(text)


def series(symbol: str, seed: int, skip: int | None = None) -> Bars:
    made = synthetic_bars(3_000, end=1_700_000_000_000, rng=np.random.default_rng(seed))
    keep = np.ones(len(made), np.bool_)
    if skip is not None:
        keep[skip] = False
    columns = {name: getattr(made, name)[keep] for name in ("timestamp", *VALUE_COLUMNS)}
    return Bars(symbol=symbol, timeframe="1h", source="binance", **columns)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("bars")
    for seed, name in enumerate(("AAAUSDT", "BBBUSDT")):
        skip = 1_000 if name == "BBBUSDT" else None
        write_bars(series(name, seed, skip), folder / f"{name}-1h.parquet")
    return lambda name: folder / f"{name}-1h.parquet"


def test_a_backtest_of_the_template(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    page = tmp_path / "pages" / "out.html"
    text = run(
        home, "backtest", files("AAAUSDT"), "--strategy", f"{TEMPLATE}:Template", "--report", page
    )
    assert "Template on AAAUSDT · 1h" in text
    assert "largest drawdown" in text
    assert "LOOK-AHEAD" not in text
    assert "Template on AAAUSDT" in page.read_text()
    found = run_json(
        home, "backtest", files("AAAUSDT"), "-s", f"{TEMPLATE}:Template", "--set", "fast=12",
        "--set", "size=0.5",
    )  # fmt: skip
    assert found["parameters"] == {"fast": 12, "slow": 96, "size": 0.5}
    assert found["statistics"]["n_trades"] > 5
    assert found["settings"]["stop_loss"] == 0.05
    assert found["stamps"] == []
    assert len(found["settings"]["look_ahead_check"]["prefixes"]) == 20
    # Both were trials, in the ledger of this home.
    trials = FileLedger(home / "trials.jsonl").trials(["AAAUSDT"], 0, 2_000_000_000_000)
    assert [trial.parameters["fast"] for trial in trials] == [24, 12]


def test_a_backtest_says_who_reads_ahead_and_who_pays_nothing(
    home: Path, files: Callable[[str], Path]
) -> None:
    arguments = ("backtest", files("AAAUSDT"), "-s", f"{GUILTY}:CentredMean")
    assert "LOOK-AHEAD: the target of AAAUSDT at" in run(home, *arguments)
    stamps = run_json(home, *arguments, "--fee", 0)["stamps"]
    assert [stamp.split(":")[0] for stamp in stamps] == ["FLATTERING", "LOOK-AHEAD"]


def test_several_files_are_cut_to_the_times_they_share(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "pair.py").write_text(
        "import numpy as np\n"
        "class Pair:\n"
        "    warmup = 24\n"
        "    def target(self, history):\n"
        "        a, b = (bars.close for bars in history.values())\n"
        "        return np.column_stack([a > b, a <= b]) * 0.5\n"
    )
    both = (files("AAAUSDT"), files("BBBUSDT"))
    found = run_json(home, "backtest", *both, "-s", tmp_path / "pair.py")
    assert found["settings"]["symbols"] == ["AAAUSDT", "BBBUSDT"]
    assert found["settings"]["n_bars"] == 2_999
    assert "expected one file for each symbol" in run(
        home, "backtest", both[0], both[0], "-s", tmp_path / "pair.py", code=1
    )


def rates_file(path: Path, symbol: str = "AAAUSDT", rate: float = 0.001) -> Path:
    # Two years, so that all bars of this module lie inside.
    times = range(1_660_003_200, 1_710_000_000, 8 * 3_600)
    rows = [f"{time},{rate},{symbol}" for time in times]
    path.write_text("\n".join(["time,funding_rate,symbol", *rows]))
    return path


def test_funding_is_paid_by_the_strategy_and_by_whoever_holds(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    rates = rates_file(tmp_path / "rates.csv")
    one = ("backtest", files("AAAUSDT"), "-s", f"{TEMPLATE}:Template")
    found = run_json(home, *one, "--funding", rates)
    assert found["statistics"]["funding_paid"] > 0
    assert found["settings"]["funding_payments"] > 300
    free = run_json(home, *one)["statistics"]
    assert free["funding_paid"] == 0
    assert free["final_equity"] > found["statistics"]["final_equity"]
    row = re.search(r"funding paid +│ +([\d,.]+) │ +([\d,.]+)", run(home, *one, "--funding", rates))
    assert row is not None
    strategy, hold = (float(text.replace(",", "")) for text in row.groups())
    assert hold > strategy > 0


def test_funding_reaches_a_strategy_that_looks_at_it(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    carry = (files("AAAUSDT"), "-s", f"{TEMPLATE.parent / 'funding_carry.py'}:FundingCarry")
    given = (*carry, "--funding", rates_file(tmp_path / "rates.csv"))
    found = run_json(home, "backtest", *given)
    assert found["stamps"] == []
    # Longs pay throughout, so it is short and receives.
    assert found["statistics"]["funding_paid"] < 0
    # Both end with status 1 where they find something.
    for command in ("lookahead", "recursive"):
        assert run_json(home, command, *given, "--times", 5)["name"] == "FundingCarry"
    assert "expected recorded funding rates beside the bars" in run(
        home, "backtest", *carry, code=1
    )


def test_funding_reaches_every_combination_and_every_fold(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    rates = rates_file(tmp_path / "rates.csv")
    shared = (files("AAAUSDT"), "-s", f"{TEMPLATE}:Template", "--grid", "fast=10,30",
              "--ledger", tmp_path / "trials.jsonl", "--workers", 1)  # fmt: skip
    for command in (("sweep", *shared), ("walkforward", *shared, "--train", 1000, "--test", 1000)):
        paying, free = run_json(home, *command, "--funding", rates), run_json(home, *command)
        key = "best" if command[0] == "sweep" else "statistics"
        assert paying[key]["total_return"] < free[key]["total_return"]


def test_funding_of_another_symbol_or_of_too_few_is_refused(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    rates = rates_file(tmp_path / "rates.csv", "BBBUSDT")
    one = ("backtest", files("AAAUSDT"), "-s", f"{TEMPLATE}:Template", "--funding", rates)
    assert "expected funding rates of AAAUSDT, the file says BBBUSDT" in run(home, *one, code=1)
    both = ("backtest", files("AAAUSDT"), files("BBBUSDT"), *one[2:])
    said = "expected a file of funding rates for each of AAAUSDT, BBBUSDT, found 1 for 2 symbols"
    assert said in run(home, *both, code=1)


def test_the_hybrid_strategy_is_one_too(home: Path, files: Callable[[str], Path]) -> None:
    found = run_json(home, "backtest", files("AAAUSDT"), "--strategy", "hybrid")
    assert found["strategy"] == "HybridStrategy"
    assert found["stamps"] == []


def test_an_assessed_backtest_ends_with_a_verdict(home: Path, files: Callable[[str], Path]) -> None:
    found = run_json(home, "backtest", files("AAAUSDT"), "-s", f"{TEMPLATE}:Template", "--assess")
    assert found["assessment"]["verdict"] in {"no edge shown", "weak", "holds up"}
    assert found["assessment"]["selection"]["n_trials"] >= 1


def test_lookahead_names_the_line_and_fails(home: Path, files: Callable[[str], Path]) -> None:
    guilty = ("lookahead", files("AAAUSDT"), "-s", f"{GUILTY}:CentredMean", "--times", 20)
    text = run(home, *guilty, code=1)
    assert "CentredMean READS AHEAD" in text
    assert "guilty.py:" in text
    assert "smooth = np.convolve" in text
    record = run_json(home, *guilty, code=1)
    assert record["guilty"] is True
    assert record["leaks"][0]["source"].startswith("smooth = np.convolve")
    honest = ("lookahead", files("AAAUSDT"), "-s", f"{TEMPLATE}:Template", "--times", 20)
    assert "Template does not read ahead" in run(home, *honest)
    features = run_json(home, "lookahead", files("AAAUSDT"), "-s", "features", "--times", 2)
    assert features["guilty"] is False
    assert "return_1" in features["values"]


def test_recursive_says_which_warm_up_suffices(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nfrom cryptovolt import indicators\n"
        "class Mine:\n    warmup = 20\n    def target(self, history):\n"
        "        mean = indicators.ema(history.close, 10)\n"
        "        return np.where(history.close > mean, 1.0, 0.0)\n"
    )
    short = ("recursive", files("AAAUSDT"), "-s", tmp_path / "mine.py", "--times", 10)
    text = run(home, *short, code=1)
    assert "a warm-up of 20 is TOO SHORT, the smallest that suffices is" in text
    assert "target:6 mean" in text
    least = run_json(home, *short, code=1)["smallest"]
    longer = run_json(home, *short, "--set", f"warmup={least + 5}")
    assert longer["guilty"] is False
    assert longer["warmup"] == least + 5


def test_a_sweep_counts_every_combination_against_the_best(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    ledger, page = tmp_path / "trials.jsonl", tmp_path / "sweep.html"
    sweep = (
        "sweep", files("AAAUSDT"), "-s", f"{TEMPLATE}:Template", "--grid", "fast=10..30..10",
        "--grid", "stop_loss=0.02,0.05", "--ledger", ledger, "--workers", 1,
    )  # fmt: skip
    found = run_json(home, *sweep, "--report", page)
    assert found["n_combinations"] == 6
    assert [(row["fast"], row["stop_loss"]) for row in found["rows"]] == [
        (fast, stop) for fast in (10, 20, 30) for stop in (0.02, 0.05)
    ]
    assert found["best"]["sharpe"] == max(row["sharpe"] for row in found["rows"])
    assert found["selection"]["trials"]["n_trials"] == 6
    assert found["stamps"] == []
    assert page.is_file()
    # A second time nothing new is tried, and another combination adds one.
    assert run_json(home, *sweep)["selection"]["trials"]["n_trials"] == 6
    text = run(home, *sweep[:4], "--grid", "fast=40", *sweep[8:])
    assert "after 7 trials" in text
    assert len(FileLedger(ledger).trials(["AAAUSDT"], 0, 2_000_000_000_000)) == 7
    guilty = run(home, "sweep", files("AAAUSDT"), "-s", f"{GUILTY}:CentredMean", "--grid",
                 "warmup=40,50", "--workers", 1)  # fmt: skip
    assert "LOOK-AHEAD" in guilty
    wrong = run(home, *sweep[:4], "--grid", "fast=9..3..1", code=1)
    assert "expected the values of fast as 10,20,30 or first..last..step" in wrong
    assert "unknown parameter speed" in run(home, *sweep[:4], "--grid", "speed=1", code=1)


def test_a_walk_forward_chooses_on_the_past_and_trades_what_comes_next(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    walk = (
        "walkforward", files("AAAUSDT"), "-s", f"{TEMPLATE}:Template", "--grid", "fast=10,30",
        "--train", 1_000, "--test", 500, "--ledger", tmp_path / "trials.jsonl", "--workers", 1,
    )  # fmt: skip
    found = run_json(home, *walk, "--purge", 24)
    assert len(found["folds"]) == 4
    assert {fold["fast"] for fold in found["folds"]} <= {10, 30}
    assert found["stamps"] == []
    # Two combinations, however many folds they were tried in, and the run.
    assert found["selection"]["trials"]["n_trials"] == 2 + 1
    text = run(home, *walk, "--anchored", "--report", tmp_path / "walk.html")
    assert "out of sample" in text
    assert (tmp_path / "walk.html").is_file()
    wrong = run(home, *walk[:6], "--train", 9_000, "--test", 10, code=1)
    assert wrong.startswith("error: expected more than 9000 bars")


MISTAKES = [
    # strategy, further options, what is said
    ("none.py:Mine", (), "expected a strategy file at none.py, found none"),
    (f"{TEMPLATE}:Nobody", (), "expected a class Nobody in"),
    (f"{TEMPLATE}:Template", ("--set", "speed=3"), "parameters of Template among fast, size, slow"),
    (f"{TEMPLATE}:Template", ("--set", "fast=many"), "expected fast as int like 24, found 'many'"),
    (f"{TEMPLATE}:Template", ("--set", "fast"), "expected a parameter as name=value, found 'fast'"),
    (f"{TEMPLATE}:Template", ("--cash", "0"), "cash"),
    ("unheard_of", (), "installed hybrid, found 'unheard_of'"),
]


@pytest.mark.parametrize(("strategy", "more", "said"), MISTAKES)
def test_a_mistake_is_one_sentence(
    home: Path,
    files: Callable[[str], Path],
    strategy: str,
    more: tuple[str, ...],
    said: str,
) -> None:
    text = run(home, "backtest", files("AAAUSDT"), "-s", strategy, *more, code=1)
    assert text.startswith("error: ")
    assert len(text.splitlines()) == 1
    assert said in text


def test_files_that_are_not_there_or_wrong_are_named(home: Path, tmp_path: Path) -> None:
    text = run(home, "backtest", tmp_path / "no.csv", "-s", f"{TEMPLATE}:Template", code=1)
    assert "no.csv" in text
    assert len(text.splitlines()) == 1


ORDERS = ROOT / "engine" / "tests" / "strategies" / "ordering.py"
GUILTY_ORDERS = ROOT / "engine" / "tests" / "strategies" / "guilty_orders.py"


def news_file(path: Path) -> Path:
    # Every eight hours something good or something bad.
    rows = [
        f'{{"date": {1_689_200_000 + 28_800 * k}, "text": "Bitcoin {word} number {k}"}}'
        for k in range(400)
        for word in (["soars to a great record, bulls win"] * 3 + ["crash, fraud, terrible loss"])[
            k // 5 % 4 : k // 5 % 4 + 1
        ]
    ]
    path.write_text("\n".join(rows))
    return path


def test_orders_are_swept_and_walked_forward_like_targets(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    shared = (files("AAAUSDT"), "-s", f"{ORDERS}:Breakout", "--ledger", tmp_path / "trials.jsonl",
              "--workers", 2)  # fmt: skip
    found = run_json(home, "sweep", *shared, "--grid", "length=12,36", "--grid", "stop=0.02")
    alone = run_json(home, "backtest", *shared[:3], "--set", "length=36", "--set", "stop=0.02")
    assert found["rows"][1]["total_return"] == alone["statistics"]["total_return"]
    assert found["rows"][1]["n_trades"] > 3
    walk = run_json(
        home, "walkforward", *shared, "--grid", "length=12,36", "--train", 1000, "--test", 1000
    )
    assert {fold["length"] for fold in walk["folds"]} <= {12, 36}
    assert walk["statistics"]["n_fills"] > 3


def test_orders_are_analysed_for_look_ahead_and_warm_up(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    guilty = ("lookahead", files("AAAUSDT"), "-s", f"{GUILTY_ORDERS}:Tomorrow", "--times", 3)
    text = run(home, *guilty, code=1)
    assert "Tomorrow READS AHEAD: its orders up to 3 bars" in text
    assert "`return float(memory[min(row + steps, len(memory) - 1)])`: what is returned at" in text
    honest = (files("AAAUSDT"), "-s", f"{ORDERS}:Breakout")
    assert "Breakout does not read ahead" in run(home, "lookahead", *honest, "--times", 3)
    assert run_json(home, "recursive", *honest, "--times", 5)["guilty"] is False
    (tmp_path / "mine.py").write_text(
        "from cryptovolt import Order, Side, indicators\n"
        "class Mine:\n    warmup = 20\n    def orders(self, history, account):\n"
        "        mean = indicators.ema(history.close, 10)[-1]\n"
        "        if account.open_orders or account.positions[history.symbol].quantity:\n"
        "            return []\n"
        "        return [Order(symbol=history.symbol, side=Side.BUY, quantity=mean / 1e9)]\n"
    )
    text = run(home, "recursive", files("AAAUSDT"), "-s", tmp_path / "mine.py", "--times", 5,
               code=1)  # fmt: skip
    assert "a warm-up of 20 is TOO SHORT, the smallest that suffices is" in text
    assert "orders:5 mean" in text


def test_news_detail_and_funding_reach_every_combination_and_every_fold(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    news, rates = news_file(tmp_path / "news.jsonl"), rates_file(tmp_path / "r.csv", rate=-0.0001)
    shared = ("-s", f"{ORDERS}:NewsAndFunding", "--news", news, "--funding", rates)
    one = (files("AAAUSDT"), *shared)
    grid = ("--grid", "level=0.0,0.2", "--ledger", tmp_path / "trials.jsonl", "--workers", 1)
    found = run_json(home, "sweep", *one, *grid)
    alone = run_json(home, "backtest", *one, "--ledger", tmp_path / "alone.jsonl")
    assert found["rows"][0]["total_return"] == alone["statistics"]["total_return"]
    assert found["rows"][0]["n_trades"] > 5
    # The trial of the backtest tells the same data.
    (trial,) = FileLedger(tmp_path / "alone.jsonl").trials(["AAAUSDT"], 0, 2_000_000_000_000)
    assert trial.data_hash == found["data_hash"]
    walk = ("walkforward", *one, *grid, "--train", 1000, "--test", 1000)
    plain = run_json(home, *walk)
    assert plain["statistics"]["funding_paid"] < 0
    # With another delay they are other news.
    assert run_json(home, *walk, "--delay", "4h")["data_hash"] != plain["data_hash"]
    missing = run(home, "sweep", *one[:3], "--news", news, "--grid", "level=0.0", code=1)
    assert missing.startswith("error: ")
    assert len(missing.splitlines()) == 1


def test_detail_bars_reach_every_combination_and_every_fold(home: Path, tmp_path: Path) -> None:
    fine = synthetic_bars(
        6_000, end=1_700_000_000_000, rng=np.random.default_rng(5), timeframe="15m"
    )
    write_bars(fine, tmp_path / "fine.parquet")
    write_bars(resample(fine, "1h"), tmp_path / "coarse.parquet")
    one = (tmp_path / "coarse.parquet", "-s", f"{TEMPLATE}:Template",
           "--detail", tmp_path / "fine.parquet")  # fmt: skip
    grid = ("--grid", "fast=10,20", "--grid", "slow=60", "--workers", 1)
    found = run_json(home, "sweep", *one, *grid)
    alone = run_json(home, "backtest", *one, "--set", "fast=20", "--set", "slow=60")
    assert found["rows"][1]["total_return"] == alone["statistics"]["total_return"]
    bare = run_json(home, "sweep", *one[:3], *grid)
    assert bare["data_hash"] != found["data_hash"]
    walk = run_json(home, "walkforward", *one, *grid, "--train", 500, "--test", 500)
    assert walk["statistics"]["n_fills"] > 2


def test_nested_parameters_of_the_hybrid_strategy_have_dotted_names(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    one = (files("AAAUSDT"), "-s", "hybrid", "--ledger", tmp_path / "trials.jsonl")
    found = run_json(
        home, "backtest", *one, "--set", "weights.rules=0.9", "--set", "limits.stop_loss=0.02"
    )
    assert found["parameters"]["weights.rules"] == 0.9
    assert found["parameters"]["weights.ml"] == pytest.approx(0.1 * 6 / 7)
    assert found["settings"]["stop_loss"] == 0.02
    grid = ("--grid", "weights.rules=0.3,0.9", "--workers", 1)
    swept = run_json(home, "sweep", *one, *grid, "--grid", "limits.stop_loss=0.02,0.05")
    assert swept["rows"][2]["total_return"] == found["statistics"]["total_return"]
    walk = run_json(home, "walkforward", *one, *grid, "--train", 1000, "--test", 1000)
    assert "weights.rules" in walk["folds"][0]
    for command in (("backtest", *one, "--set", "weights.news=1"),
                    ("sweep", *one, "--grid", "weights.news=1"),
                    ("walkforward", *one, "--grid", "weights.news=1", "--train", 9, "--test", 9),
                    ):  # fmt: skip
        wrong = run(home, *command, code=1)
        assert len(wrong.splitlines()) == 1
        assert "weights.news" in wrong
        assert "weights.ml, weights.rules, weights.sentiment" in wrong
        assert "limits.max_position" in wrong


def test_a_source_can_be_given_where_no_file_names_it(
    home: Path, files: Callable[[str], Path], tmp_path: Path
) -> None:
    bars = read_bars(files("AAAUSDT"))
    path = tmp_path / "mine.csv"
    rows = zip(*(getattr(bars, name) for name in ("timestamp", *VALUE_COLUMNS)), strict=True)
    path.write_text(
        "\n".join(["time,open,high,low,close,volume", *(",".join(map(str, row)) for row in rows)])
    )
    name = ("--symbol", "AAAUSDT", "--timeframe", "1h", "-s", f"{TEMPLATE}:Template")

    def hashed(*source: str) -> str:
        found = run_json(home, "backtest", path, *name, *source)
        return found["settings"]["data_hash"]["AAAUSDT"]

    assert hashed("--source", "binance") == bars.content_hash()
    assert hashed() != bars.content_hash()
    assert hashed("--source", "binance-usdm") not in {hashed(), bars.content_hash()}
