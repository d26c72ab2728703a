"""An alarm says how often it is false; what has moved is found, whatever the monitor remembers."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.research.drift import SAID, DriftMonitor, fit_drift, read_drift
from cryptovolt.research.drift_settings import DriftAlarm, DriftSettings
from cryptovolt.research.drift_stability import count_bins, fit_edges, stability_index

SETTINGS = DriftSettings(window=120, step=12, period=240, n_resamples=200)
NAMES = ("slow", "fast", "level")


def _rows(n: int, seed: int) -> FloatArray:
    drawn = default_rng(seed).normal(size=(n + 200, 3))
    for t in range(1, n + 200):
        drawn[t] += np.array([0.8, 0.0, 0.5]) * drawn[t - 1]
    return drawn[200:]


def _alarms(monitor: DriftMonitor, rows: FloatArray, first: int = 0) -> list[DriftAlarm]:
    return [alarm for t, row in enumerate(rows, first) for alarm in monitor.observe(row, t)]


def test_the_index_of_two_histograms_is_that_of_the_formula() -> None:
    # Half a row is added to each of the two bins that are used: shares 0.5 and 0.5, 0.25 and 0.75.
    found = stability_index(np.array([50, 50, 0]), np.array([7, 23, 0]))
    before, now = np.array([50.5, 50.5]) / 101.0, np.array([7.5, 23.5]) / 31.0
    assert found == pytest.approx(float(((now - before) * np.log(now / before)).sum()), rel=1e-12)
    assert stability_index(np.array([10, 30]), np.array([10, 30])) == 0.0


def test_missing_values_and_repeated_ones_have_bins() -> None:
    values = np.array([[np.nan, 1.0], [2.0, 1.0], [3.0, 1.0], [4.0, 1.0]])
    bins = fit_edges(values).bins(values)
    assert bins[0, 0] == 10
    assert count_bins(bins)[1].max() == 4
    assert fit_edges(values).bins(np.array([[0.0, 2.0]]))[0].tolist() == [0, 1]


def test_a_path_keeps_neighbours_together() -> None:
    path = replace(SETTINGS, mean_block=60).path(1_000, default_rng(3))
    assert path.size == SETTINGS.window + SETTINGS.period
    assert path.min() >= 0
    assert path.max() < 1_000
    together = np.diff(path) % 1_000 == 1
    assert 0.95 < together.mean() < 1.0


def test_false_alarms_are_as_rare_as_they_say() -> None:
    # 40 worlds, a period each; with a rate of 5 % more than 6 come once in 300 times.
    n_alarms = 0
    for seed in range(40):
        rows = _rows(4_000 + 360, seed)
        reference = fit_drift(NAMES, rows[:4_000], default_rng(seed), SETTINGS)
        n_alarms += bool(_alarms(DriftMonitor(reference), rows[4_000:]))
    assert n_alarms <= 6


@pytest.mark.parametrize(
    ("times", "plus", "name"),
    [
        ((1.0, 1.0, 1.0), (0.0, 1.0, 0.0), "fast"),
        ((1.0, 1.0, 2.0), (0.0, 0.0, 0.0), "level"),
        ((1.0, np.nan, 1.0), (0.0, 0.0, 0.0), "fast"),
    ],
    ids=["a column moves by one deviation", "volatility doubles", "a source falls silent"],
)
def test_what_has_moved_is_named(
    times: tuple[float, ...], plus: tuple[float, ...], name: str
) -> None:
    reference = fit_drift(NAMES, _rows(4_000, 1), default_rng(1), SETTINGS)
    alarms = _alarms(DriftMonitor(reference), _rows(240, 2) * np.array(times) + np.array(plus))
    assert {alarm.name for alarm in alarms} == {name}
    assert alarms[0].measured > alarms[0].threshold
    assert f"{name} has moved" in alarms[0].text
    assert "probability of 5%" in alarms[0].text
    json.dumps(alarms[0].to_record())


def test_an_alarm_comes_once_until_the_column_is_back() -> None:
    reference = fit_drift(NAMES, _rows(4_000, 1), default_rng(1), SETTINGS)
    away, home = _rows(360, 2) + np.array([0.0, 2.0, 0.0]), _rows(360, 3)
    alarms = _alarms(DriftMonitor(reference), np.concatenate([away, home, away]))
    assert [alarm.name for alarm in alarms] == ["fast", "fast"]
    assert alarms[0].at < 360 < 720 <= alarms[1].at


def test_a_monitor_read_back_gives_the_same_alarms_to_the_last_bit() -> None:
    reference = fit_drift(NAMES, _rows(4_000, 1), default_rng(1), SETTINGS)
    rows = np.concatenate([_rows(300, 4), _rows(300, 5) + np.array([1.5, 0.0, 0.0])])
    rows[::7, 2] = np.nan
    whole = DriftMonitor(reference)
    expected = _alarms(whole, rows)
    again = read_drift(json.loads(json.dumps(reference.to_record())))
    found: list[DriftAlarm] = []
    monitor = DriftMonitor(again)
    for first in range(0, 600, 77):
        monitor = DriftMonitor(again, json.loads(json.dumps(monitor.state())))
        found += _alarms(monitor, rows[first : first + 77], first)
    assert found == expected
    assert expected
    assert monitor.state() == whole.state()
    assert monitor.index() == whole.index()
    # What is kept row by row is what all rows at once give.
    assert list(whole.index().values()) == reference.index(rows[-120:]).tolist()


def test_the_probability_is_one_more_column_of_rows_that_have_it() -> None:
    rows = _rows(4_000, 1)
    said = default_rng(2).uniform(0.4, 0.6, 4_000)
    said[:1_000] = np.nan
    reference = fit_drift(NAMES, rows, default_rng(1), SETTINGS, probability=said)
    assert reference.names == (*NAMES, SAID)
    assert reference.counts.sum(axis=1).tolist() == [3_000] * 4
    monitor = DriftMonitor(reference)
    live = _rows(240, 6)
    alarms = [a for t, row in enumerate(live) for a in monitor.observe(row, t, 0.58)]
    assert [alarm.name for alarm in alarms] == [SAID]


def test_what_cannot_be_is_refused() -> None:
    rng = default_rng(1)
    with pytest.raises(DataError, match="at least 600 rows, five windows, found 599"):
        fit_drift(NAMES, _rows(599, 1), rng, SETTINGS)
    with pytest.raises(DataError, match="expected 2 columns"):
        fit_drift(NAMES[:2], _rows(600, 1), rng, SETTINGS)
    reference = fit_drift(NAMES, _rows(600, 1), rng, SETTINGS)
    with pytest.raises(DataError, match="expected rows of 3 columns"):
        DriftMonitor(reference).observe(np.zeros(2), 0)
    with pytest.raises(DataError, match="begin a new monitor"):
        DriftMonitor(reference, {"n_seen": 1, "rows": ["00"], "moved": []})
    with pytest.raises(ConfigurationError, match="multiple of the step"):
        DriftSettings(period=100, step=24)
    with pytest.raises(ConfigurationError, match="at least 1000 resamples"):
        DriftSettings(rate=0.01)
