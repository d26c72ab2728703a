"""What a trial keeps, and that its hash covers all of it."""

import hashlib
import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.trials import (
    GENESIS,
    LedgerCheck,
    Trial,
    TrialCount,
    TrialKind,
    choices_of,
)

TRIAL = Trial(
    kind=TrialKind.SWEEP,
    study="crossover",
    symbols=("ETHUSDT", "BTCUSDT"),
    timeframe="1h",
    first=0,
    last=7_200_000,
    data_hash="ab" * 32,
    parameters={"fast": 10, "stop_loss": 0.02},
    n_observations=3,
    sharpe=0.25,
    skewness=float("nan"),
    kurtosis=3.0,
    returns=np.array([0.5, -0.25], np.float32),
    returns_ms=3_600_000,
    result={"cagr": float("inf")},
)

OTHER: dict[str, Any] = {
    "kind": TrialKind.FIT,
    "study": "renamed",
    "symbols": ("BTCUSDT",),
    "timeframe": "4h",
    "first": 1,
    "last": 7_200_001,
    "data_hash": "ac" * 32,
    "parameters": {"fast": 11, "stop_loss": 0.02},
    "n_observations": 4,
    "sharpe": 0.25000000000000006,
    "skewness": 0.0,
    "kurtosis": None,
    "returns": np.array([0.5, -0.2500001], np.float32),
    "returns_ms": 3_600_001,
    "setup": "x",
    "choice": "y",
    "result": {"cagr": 0.0},
    "previous": "1" * 64,
}

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | TEXT | st.floats(allow_nan=False,
    allow_infinity=False)  # fmt: skip
MOMENTS = st.none() | st.floats()


def test_the_payload_of_a_trial_by_hand() -> None:
    chained = TRIAL.chained(GENESIS)
    expected = (
        '{"data_hash":"' + "ab" * 32 + '","first":0,"kind":"sweep","kurtosis":3.0,"last":7200000,'
        '"n_observations":3,"parameters":{"fast":10,"stop_loss":0.02},"previous":"' + "0" * 64
        + '","result":{"cagr":null},"returns":"AAAAPwAAgL4=","returns_ms":3600000,"setup":"",'
        '"sharpe":0.25,"skewness":null,"study":"crossover","symbols":["BTCUSDT","ETHUSDT"],'
        '"timeframe":"1h"}'
    )  # fmt: skip
    assert chained.payload() == expected
    assert chained.hash == hashlib.sha256(expected.encode()).hexdigest()


def test_every_field_is_covered_by_the_hash() -> None:
    assert set(OTHER) == {f.name for f in fields(Trial)} - {"hash"}
    for name, value in OTHER.items():
        changed = replace(TRIAL, **{name: value})
        assert changed.chained(changed.previous).hash != TRIAL.chained(TRIAL.previous).hash, name


@given(
    parameters=st.dictionaries(TEXT, SCALARS, max_size=4),
    sharpe=MOMENTS,
    returns=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=5),
)
def test_a_trial_is_read_back_as_it_was_written(
    parameters: dict[str, Any], sharpe: float | None, returns: list[float]
) -> None:
    values = np.array(returns, np.float32)
    trial = replace(TRIAL, parameters=parameters, sharpe=sharpe, returns=values).chained(GENESIS)
    again = Trial.from_payload(trial.payload())
    assert again.payload() == trial.payload()
    assert again.hash == trial.hash
    assert again.parameters == parameters
    np.testing.assert_array_equal(again.returns, values)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"kind": "guess"}, "kind of trial among backtest, fit, sweep, search, walkforward, check"),
    ({"study": ""}, "expected a study and at least one symbol, found ''"),
    ({"symbols": ()}, "expected a study and at least one symbol"),
    ({"first": 8_000_000}, "expected 0 ≤ first ≤ last, found 8000000 and 7200000"),
    ({"first": 1.5}, "expected first as a whole number, found 1.5"),
    ({"n_observations": True}, "expected n_observations as a whole number, found True"),
    ({"n_observations": -1}, "found -1 and 3600000"),
    ({"returns": [[0.1]]}, r"expected finite returns of shape \(n,\), found shape \(1, 1\)"),
    ({"returns": [np.nan]}, "expected finite returns"),
    ({"kind": "check"}, "expected a check without returns, found 3 of them"),
    ({"choice": "x\0"}, "expected text without NUL and half characters"),
    ({"parameters": {"a": float("nan")}}, "expected finite parameters, found nan"),
    ({"parameters": {"a": "x\0"}}, "expected text without NUL and half characters"),
    ({"study": "\ud800"}, "expected text without NUL and half characters"),
    ({"parameters": {"a": [1]}}, r"expected parameters as text, numbers, .* found \[1\]"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_is_no_trial_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        replace(TRIAL, **change)


def test_an_unknown_time_frame_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected a time frame"):
        replace(TRIAL, timeframe="soon")


SOON = TRIAL.payload().replace('"timeframe":"1h"', '"timeframe":"soon"')
NEVER = TRIAL.payload().replace('"first":0', '"first":1e999')


@pytest.mark.parametrize("payload", ["", "{}", "[1]", "null", '{"kind":"sweep"}', "x", SOON, NEVER])
def test_text_that_is_no_trial_is_refused(payload: str) -> None:
    with pytest.raises(DataError, match="expected a trial as JSON"):
        Trial.from_payload(payload)


def test_numbers_of_numpy_become_plain_ones() -> None:
    trial = replace(TRIAL, parameters={"n": np.int64(3), "x": np.float64(0.5)})
    assert json.loads(trial.payload())["parameters"] == {"n": 3, "x": 0.5}


def test_what_a_trial_holds_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        TRIAL.returns[0] = 1.0
    with pytest.raises(TypeError):
        TRIAL.parameters["fast"] = 1  # pyright: ignore[reportIndexIssue]


COUNTS = [
    (TrialCount(n_trials=1, n_effective=1, sharpe_variance=None), "1 trial"),
    (
        TrialCount(n_trials=2, n_effective=1, sharpe_variance=None),
        "2 trials, 1 of them different",
    ),
    (
        TrialCount(n_trials=1_200, n_effective=30, sharpe_variance=0.1),
        "1,200 trials, 30 of them different",
    ),
    (LedgerCheck(n_trials=0), "0 trials, intact"),
    (LedgerCheck(n_trials=1), "1 trial, intact"),
    (
        LedgerCheck(n_trials=2, faults=("line 1 is no trial",)),
        "2 trials, BROKEN\nline 1 is no trial",
    ),
]


@pytest.mark.parametrize(("count", "text"), COUNTS)
def test_one_trial_is_singular(count: TrialCount | LedgerCheck, text: str) -> None:
    assert str(count) == text


def part(choice: str, n_observations: int) -> Trial:
    return replace(TRIAL, choice=choice, n_observations=n_observations)


CHECK = replace(
    TRIAL, kind=TrialKind.CHECK, n_observations=0, sharpe=None, returns=np.empty(0, np.float32)
)


def test_folds_of_a_choice_count_once_and_checks_not_at_all() -> None:
    whole, other, alone = part("a", 30), part("b", 7), part("", 5)
    rows = (part("a", 10), part("b", 7), other, CHECK, part("a", 20), whole, alone, part("", 5))
    found = choices_of(rows)
    # The longest part stands for its choice, the first of equals; what names none is one itself.
    assert [(t.choice, t.n_observations) for t in found] == [("b", 7), ("a", 30), ("", 5), ("", 5)]
    assert found[0] is rows[1]
    assert choices_of([CHECK]) == ()


@given(parts=st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=20))
def test_the_number_of_choices_is_that_of_names_and_of_rows_without_one(parts: list[str]) -> None:
    found = choices_of(part(name, n) for n, name in enumerate(parts))
    assert len(found) == parts.count("") + len(set(parts) - {""})


def test_a_row_from_before_there_were_choices_keeps_its_text_and_hash() -> None:
    # The payload of the first test has no choice in it; one that has, names it.
    assert "choice" not in json.loads(TRIAL.payload())
    assert json.loads(part("a", 3).payload())["choice"] == "a"
