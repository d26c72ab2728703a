"""The page of a sweep: every row, the map, and how much was tried."""

from pathlib import Path

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.report.page import write_report
from cryptovolt.report.sweeps import axes_of
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.robustness import assess
from cryptovolt.research.sweep import Sweep, sweep
from cryptovolt.research.synthetic import synthetic_bars


def trend(close: FloatArray, length: int, band: float, name: str = "plain") -> FloatArray:
    mean = np.convolve(close, np.ones(length) / length)[: close.size]
    side = np.where(close > mean * (1 + band), 0.5, np.where(close < mean, 0.0, np.nan))
    return side if name else side * 0.0


def bars_of(n_bars: int = 3000) -> Bars:
    return synthetic_bars(n_bars, end=1_700_000_000_000, rng=np.random.default_rng(4))


def swept(ledger: FileLedger | None = None) -> Sweep:
    grid = {"length": [10, 20, 40, 80], "band": [0.0, 0.01, 0.02]}
    return sweep(bars_of(), trend, grid, ledger=ledger, backend="serial", rebalance_band=0.1)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("\u00a0", " ")


def test_the_page_shows_rows_map_and_what_the_best_is_worth(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "trials.jsonl")
    found = swept(ledger)
    best = found.run(found.best()["row"])
    assessment = assess(best, ledger=ledger, n_random=20, n_paths=20)
    page = text_of(write_report(found, tmp_path / "s.html", assessment=assessment))
    for expected in (
        "Sweep of trend", "12 combinations", "Sharpe ratio (per bar) by parameters",
            "band ↓ length →",
        "Trials on this data", "Deflated Sharpe ratio", "Probability of overfitting",
        "Equity of the best combination", "No edge shown", "data_hash",
    ):  # fmt: skip
        assert expected in page, expected
    assert page.count('class="tint') >= 12
    assert "<script" not in page


def test_without_a_ledger_the_page_says_that_nothing_was_counted(tmp_path: Path) -> None:
    page = text_of(write_report(swept(), tmp_path / "s.html"))
    assert "no ledger: not counted" in page
    assert "Not assessed" in page


def test_the_assessment_of_another_row_is_refused(tmp_path: Path) -> None:
    found = swept()
    worst = int(np.argmin(found.frame["sharpe"].to_numpy()))
    other = assess(found.run(worst), n_random=2, n_paths=20)
    with pytest.raises(ConfigurationError, match="of another one"):
        write_report(found, tmp_path / "s.html", assessment=other)


def test_a_sweep_that_never_traded_can_be_shown(tmp_path: Path) -> None:
    found = sweep(bars_of(200), trend, {"length": [10], "band": [9.0]}, backend="serial")
    assert "none of them traded" in text_of(write_report(found, tmp_path / "s.html"))


def test_parameters_with_the_most_levels_come_first_and_many_are_put_in_bins() -> None:
    grid = {"length": [10, 20], "band": list(np.linspace(0.0, 0.03, 40).tolist())}
    found = sweep(bars_of(500), trend, grid, backend="serial")
    band, length = axes_of(found)
    assert (band.name, length.name) == ("band", "length")
    assert len(band.labels) == 12
    assert length.labels == ["10", "20"]
    assert set(band.level.tolist()) == set(range(12))


def test_names_of_values_are_escaped(tmp_path: Path) -> None:
    grid = {"length": [10, 20], "band": [0.0], "name": ["<script>x</script>", "plain"]}
    found = sweep(bars_of(500), trend, grid, backend="serial")
    page = text_of(write_report(found, tmp_path / "s.html"))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
