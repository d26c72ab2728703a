"""Sequential bootstrap: against the book's example and a plain, slow implementation."""

import numpy as np
import pytest

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.features import uniqueness
from cryptovolt.ml.sampling import sequential_bootstrap


def plain_draws(row: IntArray, end: IntArray, luck: list[float]) -> list[int]:
    bars = [set(range(r + 1, e + 1)) for r, e in zip(row.tolist(), end.tolist(), strict=True)]
    drawn: list[int] = []
    for u in luck:
        chance = [
            sum(1 / (1 + sum(bar in bars[j] for j in drawn)) for bar in own) / len(own)
            for own in bars
        ]
        edges: list[float] = np.array(chance).cumsum().tolist()
        drawn.append(int(np.searchsorted(edges, u * edges[-1], side="right")))
    return drawn


@pytest.mark.parametrize("seed", range(4))
def test_draws_are_those_of_a_plain_implementation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    row = np.sort(rng.choice(90, 37, replace=False)) + 1000
    end = row + rng.integers(1, 9, 37)
    found = sequential_bootstrap(row, end, np.random.default_rng(seed + 50), 60)
    assert found.tolist() == plain_draws(
        row, end, np.random.default_rng(seed + 50).random(60).tolist()
    )


def test_the_second_draw_has_the_chances_of_the_book() -> None:
    # López de Prado (2018), section 4.5.3: labels over bars 1-3, 3-4 and 5-6; after the second has
    # been drawn, the chances are 5/14, 3/14 and 6/14.
    row, end = np.array([0, 2, 4]), np.array([3, 4, 6])
    rng = np.random.default_rng(1)
    pairs = [sequential_bootstrap(row, end, rng, 2).tolist() for _ in range(30_000)]
    after = np.array([second for first, second in pairs if first == 1])
    share = np.bincount(after, minlength=3) / after.size
    assert share == pytest.approx(np.array([5, 3, 6]) / 14, abs=0.02)  # four standard errors


def test_drawn_labels_share_less_than_by_plain_chance() -> None:
    rng = np.random.default_rng(2)
    row = np.sort(rng.choice(1500, 500, replace=False))
    end = row + 12

    def shared(chosen: IntArray) -> float:
        at = np.sort(chosen)
        return float(uniqueness(row[at], end[at]).mean())

    plain = [shared(rng.integers(0, 500, 500)) for _ in range(10)]
    careful = [shared(sequential_bootstrap(row, end, rng)) for _ in range(10)]
    assert min(careful) > max(plain)


def test_as_many_draws_as_asked_for_with_the_same_luck() -> None:
    row = np.arange(50)
    first = sequential_bootstrap(row, row + 3, np.random.default_rng(3))
    again = sequential_bootstrap(row, row + 3, np.random.default_rng(3))
    assert first.tolist() == again.tolist()
    assert first.size == 50
    assert sequential_bootstrap(row, row + 3, np.random.default_rng(3), 0).size == 0
    assert set(sequential_bootstrap(row[:1], row[:1] + 3, np.random.default_rng(3), 9)) == {0}


def test_what_cannot_be_drawn_is_refused() -> None:
    row = np.array([0, 2, 4])
    rng = np.random.default_rng(4)
    for rows, ends in ((row[:0], row[:0]), (row[::-1], row[::-1] + 3), (row, row)):
        with pytest.raises(DataError, match="in the order of their bars"):
            sequential_bootstrap(rows, ends, rng)
    with pytest.raises(ConfigurationError, match="at least 0 draws"):
        sequential_bootstrap(row, row + 3, rng, -1)
