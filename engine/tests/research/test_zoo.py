"""Every leaky pipeline is refused by the gate named for it, and clean ones are not."""

from dataclasses import replace

import numpy as np
import pytest

from cryptovolt.research.zoo import Market, Specimen, sight, specimens, zoo_market
from cryptovolt.research.zoo_prototype import claim

# Gates that train whole markets run in the campaign, engine/benchmarks/zoo.py.
QUICK = (
    "split_audit", "fitted_on_training_rows", "enough_rows", "both_classes", "future_alteration",
    "live_equals_batch", "warm_up", "complete_labels", "label_alignment", "single_feature",
    "leak_canary", "unseen_rows", "plausible_auc", "serving_equals_training", "trials_counted",
    "baselines",
)  # fmt: skip
N_BARS = 2_600
MARKET = zoo_market(n_bars=N_BARS)
ZOO = specimens(MARKET)
LEAKY = [one for one in ZOO if one.refused_by is not None]
CLEAN = [one for one in ZOO if one.refused_by is None]


@pytest.fixture(scope="module")
def market() -> Market:
    return MARKET


def test_there_are_enough_of_each_kind() -> None:
    assert len(LEAKY) >= 12
    assert len(CLEAN) >= 4
    assert len({one.name for one in ZOO}) == len(ZOO)


@pytest.mark.parametrize("specimen", LEAKY, ids=lambda one: one.name)
def test_a_leaky_pipeline_is_refused_by_the_gate_named_for_it(
    specimen: Specimen, market: Market
) -> None:
    assert specimen.refused_by is not None
    seen = sight(specimen, market, gates=[specimen.refused_by])
    assert seen.as_expected, seen.gates[0].text


@pytest.mark.parametrize("specimen", CLEAN, ids=lambda one: one.name)
def test_a_clean_pipeline_is_not_refused(specimen: Specimen, market: Market) -> None:
    seen = sight(specimen, market, gates=QUICK)
    assert seen.as_expected, [gate.text for gate in seen.gates if not gate.passed]


def test_a_clean_pipeline_under_the_name_of_a_leaky_one_is_not_as_expected(market: Market) -> None:
    disguised = replace(CLEAN[0], refused_by="future_alteration")
    assert not sight(disguised, market, gates=["future_alteration"]).as_expected


def test_the_prototypes_claim_skill_on_random_walks_once_rows_are_shuffled() -> None:
    def areas(*, shuffled: bool) -> list[float]:
        return [
            claim(np.random.default_rng([1, number]), shuffled=shuffled).auc for number in range(8)
        ]

    assert np.mean(areas(shuffled=True)) > 0.84
    assert 0.4 < np.mean(areas(shuffled=False)) < 0.65
