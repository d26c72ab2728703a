"""The vote of machine learning: the mean of promoted models, and silence where one is unsure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.features import Features
from cryptovolt.ml.conformal import Conformal
from cryptovolt.ml.voting import UNSURE, cast_votes, conformal_of, vote_scores

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Logistic:
    """A model of one column, as the port asks for: P(up) = 1 / (1 + exp(−slope · x))."""

    slope: float = 1.0
    column: str = "x"
    manifest: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def feature_names(self) -> Sequence[str]:
        return (self.column,)

    @property
    def artefact_hash(self) -> str:
        return "a" * 64

    def probability_up(self, values: FloatArray) -> FloatArray:
        return 1.0 / (1.0 + np.exp(-self.slope * values[:, 0]))


def careful(bound: float, slope: float = 1.0) -> Logistic:
    state = Conformal(coverage=0.8, bound=bound, n_scores=500, n_independent=80.0)
    return Logistic(slope, manifest={"conformal": state.to_record()})


def features_of(x: Sequence[float]) -> Features:
    return Features(
        names=("x",),
        values=np.array(x)[:, None],
        timestamp=np.arange(len(x)) * HOUR_MS,
        warmup=0,
        timeframe="1h",
        symbol="BTCUSDT",
    )


ROWS = features_of([-2.0, -0.1, 0.0, 0.1, 2.0, float("nan")])  # P(up): 12, 48, 50, 52, 88 %, ?


def test_a_model_without_a_conformal_state_always_speaks() -> None:
    votes = cast_votes([Logistic()], ROWS)
    np.testing.assert_array_equal(votes.score, 2.0 * Logistic().probability_up(ROWS.values) - 1.0)
    assert not votes.unsure.any()
    np.testing.assert_array_equal(vote_scores([Logistic()], ROWS), votes.score)


SILENT = [
    # bound of 1 − P(what happened), rows at which the model is unsure
    (0.60, [False, True, True, True, False, False]),  # both outcomes are to be expected
    (0.50, [False, False, True, False, False, False]),
    (0.30, [False, True, True, True, False, False]),  # neither is
    (0.05, [True, True, True, True, True, False]),
    (1.00, [True, True, True, True, True, False]),  # too few rows to promise anything
]


@pytest.mark.parametrize(("bound", "unsure"), SILENT)
def test_an_unsure_model_has_no_vote(bound: float, unsure: list[bool]) -> None:
    votes = cast_votes([careful(bound)], ROWS)
    assert votes.unsure.tolist() == unsure  # the last row lacks a feature: that is no doubt
    assert np.isnan(votes.score).tolist() == [*unsure[:-1], True]
    spoken = ~np.isnan(votes.score)
    plain = vote_scores([Logistic()], ROWS)
    np.testing.assert_array_equal(votes.score[spoken], plain[spoken])


def test_one_unsure_model_silences_the_others() -> None:
    votes = cast_votes([Logistic(3.0), careful(0.6)], ROWS)
    assert votes.unsure.tolist() == [False, True, True, True, False, False]
    assert np.isnan(votes.score).tolist() == [False, True, True, True, False, True]


@given(
    x=st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=30),
    bound=st.floats(0.0, 1.0),
    slope=st.floats(0.1, 3.0),
)
def test_a_vote_has_the_same_bits_alone_and_in_a_batch(
    x: list[float], bound: float, slope: float
) -> None:
    model = careful(bound, slope)
    batch = cast_votes([model], features_of(x))
    rows = [cast_votes([model], features_of([one])) for one in x]
    np.testing.assert_array_equal(batch.score, np.concatenate([row.score for row in rows]))
    np.testing.assert_array_equal(batch.unsure, np.concatenate([row.unsure for row in rows]))


def test_what_cannot_vote_is_refused() -> None:
    with pytest.raises(ModelError, match="there is no vote"):
        vote_scores([], ROWS)
    with pytest.raises(ModelError, match="model aaaaaaaaaaaaaaaa casts no vote"):
        vote_scores([Logistic(column="y")], ROWS)
    with pytest.raises(ModelError, match="expected a conformal record"):
        vote_scores([Logistic(manifest={"conformal": {"bound": 0.5}})], ROWS)


def test_the_state_is_read_from_the_manifest() -> None:
    found = conformal_of(careful(0.6))
    assert found is not None
    assert found.bound == 0.6
    assert conformal_of(Logistic()) is None
    assert UNSURE == "unsure"
