"""The page of a walk-forward: its folds, then the account out of sample."""

from pathlib import Path

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.report.page import write_report
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.robustness import assess
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.walkforward_strategy import walkforward


def trend(close: FloatArray, length: int) -> FloatArray:
    total = np.concatenate([[0.0], np.cumsum(close)])
    mean = np.full(close.size, np.nan)
    mean[length - 1 :] = (total[length:] - total[:-length]) / length
    return np.where(close > mean, 0.5, 0.0)


def test_folds_and_the_account_out_of_sample_are_shown(tmp_path: Path) -> None:
    bars = synthetic_bars(4000, end=1_700_000_000_000, rng=np.random.default_rng(3))
    ledger = FileLedger(tmp_path / "trials.jsonl")
    walk = walkforward(
        bars, trend, {"length": [20, 50, 100]}, train=1500, test=500, ledger=ledger,
        backend="serial", rebalance_band=0.1,
    )  # fmt: skip
    found = assess(walk.run, ledger=ledger, n_random=20, n_paths=20)
    assert found.overfitting.probability is not None
    assert "overlap" in found.overfitting.reason
    path = write_report(walk, tmp_path / "w.html", assessment=found)
    page = path.read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "<h2>Folds</h2>" in page
    assert f"of {len(walk.folds)} test windows with a gain" in page
    assert str(found.selection.trials) in page
    assert page.index("No edge shown") < page.index("Folds") < page.index("Equity")
    row = walk.folds.row(0, named=True)
    assert f"{row['test_start']:%Y-%m-%d}" in page
    assert f"{walk.run.statistics['final_equity']:,.2f}" in page
    sharpe = row["test_sharpe"]
    assert f"{sharpe:,.2f}".replace("-", "−") in page
