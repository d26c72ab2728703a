"""The lint finds the ways of looking ahead, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parent.parent / "lookahead_lint.py"

LOOKS_AHEAD = [
    ("LA1", "close.shift(-1)"),
    ("LA1", "close.shift(periods=-3)"),
    ("LA1", "np.roll(close, -1)"),
    ("LA1", "close.pct_change(-1)"),
    ("LA2", "close.rolling(20, center=True).mean()"),
    ("LA2", "np.convolve(close, kernel, mode='same')"),
    ("LA3", "close.bfill()"),
    ("LA3", "close.backward_fill()"),
    ("LA3", "close.fill_null(strategy='backward')"),
    ("LA3", "close.fillna(method='bfill')"),
    ("LA4", "scaler.fit_transform(values)"),
    ("LA4", "train_test_split(values)"),
    ("LA4", "KFold(5, shuffle=True)"),
    ("LA5", "bars.join_asof(news, on='time', strategy='forward')"),
    ("LA5", "pd.merge_asof(bars, news, direction='nearest')"),
]

LOOKS_BACK = [
    "np.diff(days, prepend=-1)",
    "np.diff(prices, axis=-1)",
    "close.shift(1)",
    "np.roll(close, 1)",
    "close.rolling(20).mean()",
    "close.fill_null(strategy='forward')",
    "bars.join_asof(news, on='time', strategy='backward')",
    "scaler.fit(training_rows)",
    "max(-1, close)",
    "close.shift(-1)  # lookahead: a label reads the bars after it",
    "# lookahead: a label reads the bars after it\nclose.shift(-1)",
]


def findings(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "module.py").write_text(source)
    command = [sys.executable, TOOL, folder]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("code", "source"), LOOKS_AHEAD)
def test_looking_ahead_is_found(code: str, source: str, tmp_path: Path) -> None:
    result = findings(source, tmp_path)
    assert result.returncode == 1
    assert f"module.py:1: {code} " in result.stdout


@pytest.mark.parametrize("source", LOOKS_BACK)
def test_looking_back_is_allowed(source: str, tmp_path: Path) -> None:
    result = findings(source, tmp_path)
    assert result.returncode == 0, result.stdout
