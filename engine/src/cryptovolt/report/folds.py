"""The folds of a walk-forward: what was chosen on the past, and what came of it."""

from html import escape

from cryptovolt.report.tables import cell, change_cell, table
from cryptovolt.report.text import UNDEFINED, number, short
from cryptovolt.research.verdict import tried
from cryptovolt.research.walkforward_strategy import StrategyWalkForward

_FIXED = ("fold", "test_start", "test_end", "n_train", "n_test", "test_sharpe", "test_return")


def folds_section(walk: StrategyWalkForward) -> str:
    """Return one row per fold, and how much of the training result was left out of sample."""
    frame, selection = walk.folds, walk.selection()
    trained = next(name for name in frame.columns if name.startswith("train_"))
    names = [name for name in frame.columns if name not in {*_FIXED, trained}]
    rows = [
        [
            cell(f"{row['test_start']:%Y-%m-%d}"),
            cell(f"{row['test_end']:%Y-%m-%d}"),
            *(cell(escape(_shown(row[name]))) for name in names),
            cell(_optional(row[trained])),
            cell(_optional(row["test_sharpe"])),
            change_cell(float("nan") if row["test_return"] is None else row["test_return"]),
        ]
        for row in frame.iter_rows(named=True)
    ]
    objective = escape(trained.removeprefix("train_").replace("_", " "))
    head = [
        "Test from", "to", *(escape(name) for name in names), f"Training: {objective}",
        "Test: Sharpe (per bar)", "Test: return, %",
    ]  # fmt: skip
    gained = sum(row["test_return"] is not None and row["test_return"] > 0 for row in _rows(walk))
    counted = tried(selection)
    note = (
        f"{gained} of {len(frame)} test windows with a gain; {counted}. Equity, returns and all "
        "below are out of sample: one account through all test windows."
    )
    return f'<h2>Folds</h2>{table(head, rows)}<p class="soft">{escape(note)}</p>'


def _rows(walk: StrategyWalkForward) -> list[dict[str, float | None]]:
    return walk.folds.select("test_return").to_dicts()


def _shown(value: object) -> str:
    if value is None:
        return UNDEFINED
    return short(value)


def _optional(value: float | None) -> str:
    return UNDEFINED if value is None else number(value)
