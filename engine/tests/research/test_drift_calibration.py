"""What a model says is held against what happens, as chance and overlapping labels allow."""

import json

import numpy as np
import pytest
from numpy.random import default_rng

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.research.drift_calibration import (
    NAMES,
    CalibrationMonitor,
    fit_calibration_drift,
    read_calibration_drift,
)
from cryptovolt.research.drift_settings import DriftAlarm, DriftSettings

SETTINGS = DriftSettings(window=120, step=12, period=240, n_resamples=200)
HORIZON = 6


def _said_and_happened(n: int, seed: int) -> tuple[BoolArray, FloatArray]:
    # Neighbours share most of their outcome, as labels that overlap do; what is said is honest.
    rng = default_rng(seed)
    said = rng.choice([0.2, 0.4, 0.6, 0.8], n).repeat(HORIZON)[:n]
    up = np.repeat(rng.random(n), HORIZON)[:n] < said
    return up, said


def _alarms(monitor: CalibrationMonitor, up: BoolArray, said: FloatArray) -> list[DriftAlarm]:
    rows = zip(up.tolist(), said.tolist(), strict=True)
    return [alarm for t, row in enumerate(rows) for alarm in monitor.observe(*row, t)]


def test_false_alarms_are_as_rare_as_they_say() -> None:
    n_alarms = 0
    for seed in range(40):
        up, said = _said_and_happened(6_000 + 360, seed)
        reference = fit_calibration_drift(
            up[:6_000], said[:6_000], HORIZON, default_rng(seed), SETTINGS
        )
        n_alarms += bool(_alarms(CalibrationMonitor(reference), up[6_000:], said[6_000:]))
    assert n_alarms <= 6


def test_a_relation_that_has_turned_weakens_the_strength() -> None:
    up, said = _said_and_happened(6_000, 1)
    reference = fit_calibration_drift(up, said, HORIZON, default_rng(1), SETTINGS)
    live, words = _said_and_happened(360, 2)
    alarms = _alarms(CalibrationMonitor(reference), ~live, words)
    assert alarms[0].name == "calibration: strength"
    assert alarms[0].measured < -alarms[0].threshold
    assert not _alarms(CalibrationMonitor(reference), live, words)


def test_a_market_that_only_falls_moves_the_level() -> None:
    up, said = _said_and_happened(6_000, 1)
    reference = fit_calibration_drift(up, said, HORIZON, default_rng(1), SETTINGS)
    fallen = np.zeros(120, np.bool_)
    alarms = _alarms(CalibrationMonitor(reference), fallen, said[:120])
    assert alarms[0].name == "calibration: level"
    assert "of the last 120 rows 0.0% rose" in alarms[0].text


def test_a_monitor_read_back_gives_the_same_alarms_to_the_last_bit() -> None:
    up, said = _said_and_happened(6_000, 1)
    reference = fit_calibration_drift(up, said, HORIZON, default_rng(1), SETTINGS)
    again = read_calibration_drift(json.loads(json.dumps(reference.to_record())))
    assert again == reference
    live, words = _said_and_happened(400, 2)
    live[150:] = ~live[150:]
    whole = CalibrationMonitor(reference)
    expected = _alarms(whole, live, words)
    monitor, found = CalibrationMonitor(again), list[DriftAlarm]()
    for t in range(400):
        monitor = CalibrationMonitor(again, json.loads(json.dumps(monitor.state())))
        found += monitor.observe(bool(live[t]), float(words[t]), t)
    assert found == expected
    assert expected
    assert monitor.figures() == whole.figures()
    assert tuple(monitor.figures()) == NAMES


def test_what_cannot_be_is_refused() -> None:
    up, said = _said_and_happened(600, 1)
    rng = default_rng(1)
    with pytest.raises(ConfigurationError, match="two horizons, 600 rows, found 240"):
        fit_calibration_drift(up, said, 300, rng, SETTINGS)
    with pytest.raises(DataError, match="a probability in"):
        fit_calibration_drift(up, said + 0.5, HORIZON, rng, SETTINGS)
    monitor = CalibrationMonitor(fit_calibration_drift(up, said, HORIZON, rng, SETTINGS))
    with pytest.raises(DataError, match="found nan"):
        monitor.observe(True, float("nan"), 1)
    monitor.observe(True, 0.5, 1)
    with pytest.raises(DataError, match="a row after 1, found 1"):
        monitor.observe(True, 0.5, 1)
