"""Search with Optuna: deterministic, resumable, and every evaluation a trial."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.search import search
from cryptovolt.research.sweep import Sweep
from cryptovolt.research.synthetic import synthetic_bars

pytest.importorskip("optuna")

BARS = synthetic_bars(800, end=1_700_000_000_000, rng=np.random.default_rng(21))
SPACE: dict[str, Any] = {"n": (1, 60), "size": (0.1, 1.0), "side": ["long", "both"]}


def momentum(close: FloatArray, n: int, size: float, side: str) -> FloatArray:
    target = np.zeros(close.size)
    target[n:] = np.where(close[n:] > close[:-n], size, -size if side == "both" else 0.0)
    return target


def found_by(seed: int, n_trials: int = 15, **how: Any) -> Sweep:
    return search(BARS, momentum, SPACE, n_trials, rng=np.random.default_rng(seed), **how)


def test_the_same_seed_proposes_the_same_and_another_one_something_else() -> None:
    one, two, other = found_by(1), found_by(1), found_by(2)
    assert one.frame.equals(two.frame)
    assert one.combinations != other.combinations
    assert len(one) == 15


def test_proposals_lie_in_the_space_and_rows_say_what_their_runs_say() -> None:
    found = found_by(3)
    for number, row in enumerate(found.frame.to_dicts()):
        assert isinstance(row["n"], int)
        assert 1 <= row["n"] <= 60
        assert 0.1 <= row["size"] <= 1.0
        assert row["side"] in {"long", "both"}
        target = momentum(BARS.close, row["n"], row["size"], row["side"])
        assert row["sharpe"] == simulate(BARS, target).statistics["sharpe"]
        assert found.run(number).statistics["sharpe"] == row["sharpe"]
    assert {row["side"] for row in found.frame.to_dicts()} == {"long", "both"}


def test_a_search_learns() -> None:
    # The nearer n is to 300 and the larger the size, the less is lost to fees.
    space = {"n": (1, 300), "size": (0.1, 1.0)}

    def rarely(close: FloatArray, n: int, size: float) -> FloatArray:
        target = np.full(close.size, np.nan)
        target[::n] = np.where(np.arange(target[::n].size) % 2 == 0, size, 0.0)
        return target

    rng = np.random.default_rng(4)
    found = search(BARS, rarely, space, 40, rng=rng, objective="fees_paid")
    fees = found.frame["fees_paid"].to_numpy()
    assert np.median(fees[20:]) < np.median(fees[:10]) / 2
    assert found.best("fees_paid")["fees_paid"] == fees.min()


@pytest.mark.parametrize("done", [1, 7, 12])
def test_an_interrupted_search_proposes_what_it_would_have_without(
    tmp_path: Path, done: int
) -> None:
    storage = tmp_path / "search.journal"
    part = found_by(5, done, storage=storage)
    whole = found_by(5, 15, storage=storage)
    assert whole.combinations[:done] == part.combinations
    assert whole.frame.equals(found_by(5, 15).frame)


def test_what_a_crash_left_running_is_proposed_again(tmp_path: Path) -> None:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    path = tmp_path / "search.journal"
    found_by(6, 5, storage=path)
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(path)))
    study = optuna.load_study(study_name="momentum", storage=storage)
    study.ask({"n": optuna.distributions.IntDistribution(1, 60)})
    assert found_by(6, 14, storage=path).frame.equals(found_by(6, 14).frame)
    assert found_by(6, 14, storage=path).frame.equals(found_by(6, 14).frame)


def test_every_evaluation_is_a_trial_and_is_not_made_twice(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "trials.jsonl")
    space: dict[str, Any] = {"n": [2, 5], "size": [1.0], "side": ["long"]}

    def look(n_trials: int, **how: Any) -> Sweep:
        rng = np.random.default_rng(1)
        return search(BARS, momentum, space, n_trials, rng=rng, ledger=ledger, **how)

    found = look(10, study="one")
    kept = ledger.trials((BARS.symbol,), 0, int(BARS.timestamp[-1]))
    # Two combinations can be proposed, so that ten evaluations are two trials.
    assert len(found) == 10
    assert {trial.parameters["n"] for trial in kept} == {2, 5}
    assert len(kept) == 2
    assert {trial.kind for trial in kept} == {"search"}
    assert found.selection().trials is not None
    look(10, study="one")
    assert ledger.verify().n_trials == 2
    look(3, study="two")
    assert ledger.verify().n_trials > 2


def test_settings_of_the_account_may_be_searched_too() -> None:
    rng = np.random.default_rng(1)
    space = {"n": [10], "size": [1.0], "side": ["both"], "stop_loss": (0.01, 0.05)}
    found = search(BARS, momentum, space, 5, rng=rng, cash=500.0)
    stops = [found.run(row).trading.stop_loss for row in range(5)]
    assert stops == found.frame["stop_loss"].to_list()
    assert found.run(0).trading.cash == 500.0


def test_what_never_trades_is_a_trial_all_the_same(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "trials.jsonl")

    def flat(close: FloatArray, n: int) -> FloatArray:
        return close * 0 * n

    found = search(BARS, flat, {"n": (1, 1000)}, 5, rng=np.random.default_rng(1), ledger=ledger)
    assert found.frame["sharpe"].null_count() == 5
    assert ledger.verify().n_trials == len(set(found.frame["n"]))


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "at least one parameter and one trial, found 0 and 3"),
    ({**SPACE, "n": (5, 5)}, {}, r"n to be different|different values for n"),
    ({**SPACE, "n": (9, 5)}, {}, r"n as a list of values or a tuple \(low, high\), found \(9, 5\)"),
    ({**SPACE, "n": (1, 2, 3)}, {}, r"a tuple \(low, high\), found \(1, 2, 3\)"),
    ({**SPACE, "n": ("a", "b")}, {}, r"a tuple \(low, high\), found \('a', 'b'\)"),
    ({**SPACE, "n": []}, {}, "at least one value for n, found none"),
    ({**SPACE, "m": [1]}, {}, "unknown parameter m: momentum takes n, size, side"),
    ({"n": (1, 5)}, {}, "found none for size, side"),
    ({**SPACE, "stop_loss": (0.1, 2.0)}, {}, "with .*: expected stop_loss as a fraction"),
    ({**SPACE, "sharpe": [1]}, {}, "found sharpe, which is a measure"),
    (SPACE, {"objective": "luck"}, "an objective among .*, found 'luck'"),
]


@pytest.mark.parametrize(("space", "how", "message"), BAD)
def test_bad_input_is_refused_in_one_sentence(
    space: dict[str, Any], how: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        search(BARS, momentum, space, 3, rng=np.random.default_rng(1), **how)
    assert "\n" not in str(caught.value)


def test_a_storage_that_holds_another_search_is_refused(tmp_path: Path) -> None:
    storage = tmp_path / "search.journal"
    found_by(1, 3, storage=storage)
    with pytest.raises(ConfigurationError, match="holds another search called 'momentum'"):
        found_by(1, 3, storage=storage, stop_loss=0.1)
    assert len(found_by(1, 3, storage=storage, stop_loss=0.1, study="second")) == 3


def test_without_optuna_the_error_says_what_to_install() -> None:
    program = (
        "import sys\n"
        "sys.modules['optuna'] = None\n"
        "import numpy as np\n"
        "from cryptovolt.research.search import search\n"
        "from cryptovolt.research.synthetic import synthetic_bars\n"
        "rng = np.random.default_rng(1)\n"
        "bars = synthetic_bars(50, end=1_700_000_000_000, rng=rng)\n"
        "search(bars, lambda close, n: close * 0, {'n': (1, 5)}, 3, rng=rng)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert "a search needs Optuna, which is not installed: pip install" in done.stderr
