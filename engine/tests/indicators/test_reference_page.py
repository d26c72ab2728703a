"""The page on indicators says of each what the code says."""

import re
from pathlib import Path

from cryptovolt import indicators

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/indicators.md"
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (\d+) \| ([\d,]+|–) \|", re.MULTILINE)


def test_every_function_has_a_row_with_its_undefined_bars_and_warm_up() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    said = {
        name: (int(undefined), None if warm == "–" else int(warm.replace(",", "")))
        for name, _, undefined, warm in rows
    }
    assert len(rows) == len(said)
    assert said == {
        name: (indicators.lookback(name), indicators.warmup(name)) for name in indicators.names()
    }
