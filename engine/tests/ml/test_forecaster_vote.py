"""Forecasts become votes: sign and size, or silence with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Forecaster
from cryptovolt.features import Features
from cryptovolt.ml.forecaster_vote import forecast_rows, forecast_votes
from cryptovolt.ml.voting import vote_scores

HOUR = 3_600_000


@dataclass(frozen=True)
class LastRow:
    """Forecasts the first column of a window's last row: a port made of nothing else."""

    feature_names: Sequence[str] = ("b", "a")
    artefact_hash: str = "f" * 64
    n_steps: int = 4
    horizon: int = 2
    spread: float = 0.5
    silence: str | None = None

    def forecast(self, windows: FloatArray) -> FloatArray:
        """Return the number itself."""
        return windows[:, -1, 0].copy()


def made(n: int = 30, hole: int | None = None, gap: int | None = None) -> Features:
    values = np.random.default_rng(1).normal(size=(n, 3))
    if hole is not None:
        values[hole, 1] = np.nan
    hours = np.arange(n, dtype=np.int64)
    if gap is not None:
        hours[gap:] += 1
    return Features(
        names=("a", "b", "c"), values=values, timestamp=HOUR * hours, warmup=0, timeframe="1h",
        symbol="X",
    )  # fmt: skip


def test_a_vote_is_the_forecast_in_units_of_its_spread_squashed() -> None:
    model: Forecaster = LastRow()
    features = made()
    votes = forecast_votes(model, features)
    assert np.isnan(votes[:3]).all()
    np.testing.assert_array_equal(votes[3:], np.tanh(features.values[3:, 1] / 0.5))


@pytest.mark.parametrize(("hole", "gap"), [(10, None), (None, 11)])
def test_no_window_spans_a_hole_or_a_gap(hole: int | None, gap: int | None) -> None:
    said = forecast_rows(LastRow(), made(hole=hole, gap=gap))
    silent = {0, 1, 2, *(range(10, 14) if hole else range(11, 14))}
    assert set(np.flatnonzero(np.isnan(said)).tolist()) == silent


def test_a_hole_in_a_column_it_does_not_look_at_does_not_matter() -> None:
    features = made()
    values = features.values.copy()
    values[:, 2] = np.nan
    said = forecast_rows(LastRow(), replace(features, values=values))
    assert np.isfinite(said[3:]).all()


def test_the_last_row_alone_is_that_of_all_rows() -> None:
    features = made(600)
    every = forecast_rows(LastRow(), features)
    np.testing.assert_array_equal(forecast_rows(LastRow(), features, first=599), every[599:])
    np.testing.assert_array_equal(forecast_rows(LastRow(), features.since(596)), every[596:] * [
        np.nan, np.nan, np.nan, 1.0
    ])  # fmt: skip


def test_who_did_not_beat_the_last_price_is_silent() -> None:
    votes = forecast_votes(LastRow(silence="it does not beat the last price"), made(), first=20)
    assert votes.shape == (10,)
    assert np.isnan(votes).all()


@dataclass(frozen=True)
class AlwaysUp:
    """A classifier that says the same of every row."""

    feature_names: Sequence[str] = ("c",)
    artefact_hash: str = "c" * 64

    def probability_up(self, values: FloatArray) -> FloatArray:
        """Return 0.75."""
        return np.full(len(values), 0.75)


def test_the_vote_of_models_is_the_mean_of_those_that_may_vote() -> None:
    features, forecaster = made(), LastRow()
    own = forecast_votes(forecaster, features)
    both = vote_scores((AlwaysUp(), forecaster), features)
    np.testing.assert_array_equal(both, (0.5 + own) / 2.0)
    np.testing.assert_array_equal(
        vote_scores((forecaster, AlwaysUp()), features, first=20), both[20:]
    )
    mute = LastRow(silence="it does not beat the last price")
    np.testing.assert_array_equal(vote_scores((AlwaysUp(), mute), features), np.full(30, 0.5))
    assert np.isnan(vote_scores((mute,), features, first=5)).tolist() == [True] * 25


def test_a_missing_column_is_named() -> None:
    with pytest.raises(
        ModelError, match="model ffffffffffffffff says nothing: expected features z"
    ):
        forecast_rows(LastRow(feature_names=("z",)), made())
