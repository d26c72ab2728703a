"""Random entries: the same trades at other times, and a rank that cannot flatter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.research.random_entries import (
    RandomEntries,
    episodes_of,
    placed_at_random,
    random_entries,
)
from cryptovolt.research.synthetic import synthetic_bars

NAN = np.nan


def bars_of(n_bars: int = 2000, seed: int = 3) -> Bars:
    return synthetic_bars(n_bars, end=1_700_000_000_000, rng=np.random.default_rng(seed))


def test_episodes_are_the_stretches_with_a_position() -> None:
    target = np.array([NAN, 0.5, NAN, 1.0, 0.0, NAN, -1.0, -0.5, 0.3, NAN])
    assert episodes_of(target).tolist() == [[1, 4, 1], [6, 8, -1], [8, 10, 1]]


@given(
    st.lists(st.sampled_from([NAN, 0.0, 1.0, 0.5, -1.0]), min_size=1, max_size=60),
    st.integers(0, 2**32 - 1),
)
def test_a_draw_keeps_number_length_side_and_sizes(values: list[float], seed: int) -> None:
    target = np.array(values)
    episodes = episodes_of(target)
    drawn = placed_at_random(target[:, None])(np.random.default_rng(seed))[:, 0]
    touching = int((episodes[1:, 2] == episodes[:-1, 2]).sum())
    flat = target.size - int((episodes[:, 1] - episodes[:, 0]).sum())
    if flat >= max(touching, len(episodes) - 1):
        found = episodes_of(drawn)
        assert shapes(drawn, found) == shapes(target, episodes)
    else:
        # Hardly ever flat: a bar between two of one side is all that may be given up.
        held = int(np.isin(np.sign(carried(drawn)), [1.0, -1.0]).sum())
        wanted = target.size - flat
        assert wanted - len(episodes) <= held <= wanted


def shapes(target: FloatArray, episodes: np.ndarray) -> list[tuple[int, str]]:
    return sorted((int(side), str(target[a:b].tolist())) for a, b, side in episodes.tolist())


def carried(target: FloatArray) -> FloatArray:
    result, last = np.zeros(target.size), 0.0
    for t, value in enumerate(target.tolist()):
        last = last if np.isnan(value) else value
        result[t] = last
    return result


def test_several_symbols_are_shifted_together() -> None:
    target = np.full((50, 2), NAN)
    target[0] = [0.5, 0.0]
    target[20] = [0.0, 0.5]
    target[45] = [0.0, 0.0]
    drawn = placed_at_random(target)(np.random.default_rng(4))
    both = np.column_stack([carried(drawn[:, 0]), carried(drawn[:, 1])])
    assert (both > 0).sum(axis=0).tolist() == [20, 25]
    assert not (both > 0).all(axis=1).any()


def test_knowing_the_future_ranks_above_every_draw_and_the_threads_change_nothing() -> None:
    bars = bars_of()
    change = np.append(np.diff(np.log(bars.close)), 0.0)
    ahead = np.convolve(change, np.ones(12))[11 : 11 + len(bars)]
    target = np.full(len(bars), NAN)
    target[::12] = np.where(ahead[::12] > 0.01, 0.5, 0.0)
    run = simulate(bars, target)
    found = random_entries(run, np.random.default_rng(1), 50, threads=1)
    assert found is not None
    assert found.percentile == 1.0
    assert found.p_value == pytest.approx(1 / 51)
    other = random_entries(run, np.random.default_rng(1), 50, threads=3)
    assert other is not None
    np.testing.assert_array_equal(found.sharpe, other.sharpe)


def test_chance_is_ranked_evenly() -> None:
    # p-values of entries without knowledge are spread over (0, 1]: mean 0.5, standard error 0.046.
    values: list[float] = []
    for seed in range(40):
        bars = bars_of(600, seed)
        rng = np.random.default_rng(seed)
        target = np.full(600, NAN)
        target[::10] = rng.choice([0.0, 0.5, -0.5], 60)
        found = random_entries(simulate(bars, target), rng, 40, threads=1)
        assert found is not None
        values.append(found.p_value)
    assert 0.33 < np.mean(values) < 0.67


def test_always_holding_ranks_nowhere() -> None:
    bars = bars_of(400)
    found = random_entries(simulate(bars, np.full(400, 0.9)), np.random.default_rng(0), 30)
    assert found is not None
    assert found.p_value == 1.0


def test_undefined_counts_against_the_run() -> None:
    def entries(run_sharpe: float, sharpe: list[float]) -> RandomEntries:
        return RandomEntries(
            sharpe=np.array(sharpe), total_return=np.zeros(4), fills=np.zeros(4, np.int64),
            run_sharpe=run_sharpe, run_return=0.0, run_fills=0,
        )  # fmt: skip

    assert entries(1.0, [0.0, 0.5, 2.0, NAN]).p_value == pytest.approx(3 / 5)
    assert entries(NAN, [0.0, 0.5, 2.0, 1.0]).p_value == 1.0
    assert np.isnan(entries(NAN, [0.0, 0.5, 2.0, 1.0]).percentile)
    assert entries(1.0, [0.0, 1.0, 2.0, 3.0]).percentile == 0.375


def test_a_run_without_a_position_has_no_rank_and_no_draw_is_refused() -> None:
    bars = bars_of(100)
    assert random_entries(simulate(bars, np.zeros(100)), np.random.default_rng(0), 10) is None
    with pytest.raises(ConfigurationError, match="at least 1 draw"):
        random_entries(simulate(bars, np.ones(100)), np.random.default_rng(0), 0)
