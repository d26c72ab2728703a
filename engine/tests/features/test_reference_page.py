"""The page on features says what the registry says."""

from pathlib import Path

from cryptovolt.features import BAR_FEATURES, BESIDE_FEATURES, FEATURE_WARMUP, REGISTRY
from cryptovolt.features.reference import reference_tables

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/features.md"


def test_the_tables_are_those_of_the_registry() -> None:
    text = PAGE.read_text(encoding="utf-8")
    begin = "<!-- tables: cryptovolt.features.reference.reference_tables() -->\n\n"
    assert text.partition(begin)[2] == reference_tables(), "write the tables into the page again"


def test_the_counts_in_the_text_are_true() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    n_heard = len(REGISTRY) - len(BAR_FEATURES) - len(BESIDE_FEATURES)
    assert f"{len(REGISTRY)} features: {len(BAR_FEATURES)} of bars alone" in text
    assert f"{len(BESIDE_FEATURES)} of funding, basis and a leader" in text
    assert f"{n_heard} of sentiment" in text
    assert f"`FEATURE_WARMUP`, {FEATURE_WARMUP} bars" in text
    assert all(f"| `{feature.name}` |" in text for feature in REGISTRY)
