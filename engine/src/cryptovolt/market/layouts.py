"""Which column of a file is which: names and orders that archives and programs use."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from cryptovolt.domain.errors import DataError
from cryptovolt.market.naming import base_asset

ROLES = ("time", "open", "high", "low", "close", "volume")
"""Columns every file must have."""

# The first name of a tuple that is present counts: `unix` is exact where `date` is for people.
_NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        "unix", "timestamp", "open_time", "opentime", "open time", "start_time", "starttime",
        "time", "datetime", "date", "ts", "t",
    ),
    "open": ("open", "open_price", "o"),
    "high": ("high", "high_price", "h"),
    "low": ("low", "low_price", "l"),
    "close": ("close", "close_price", "c"),
    "volume": ("volume", "base_volume", "volume_base", "vol", "v"),
    "symbol": ("symbol", "pair", "ticker"),
    "timeframe": ("timeframe", "interval"),
    "source": ("source", "exchange"),
}  # fmt: skip
_REQUIRED = "a time, open, high, low, close and volume"
_DELIMITERS = (",", ";", "\t")
# time open high low close volume, alone or followed by what Binance and Kraken add.
_HEADLESS_WIDTHS = frozenset({6, 7, 8, 11, 12})


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a file are.

    Parameters
    ----------
    name : str
        How people call it, for messages.
    positions : dict
        Role to position of the column, 0 the leftmost.
    n_columns : int
    delimiter : str
        Of a CSV file.
    skip_lines : int
        Lines of a CSV file before its first bar.
    """

    name: str
    positions: dict[str, int]
    n_columns: int
    delimiter: str = ","
    skip_lines: int = 0


def find_columns(names: Sequence[str], symbol: str | None) -> dict[str, int]:
    """Return role to position for the names of columns.

    Raises
    ------
    DataError
        If a column is missing, or it is unclear which volume is that of the base asset.
    """
    lowered = [name.strip().strip('"').lower() for name in names]
    found: dict[str, int] = {}
    for role, aliases in _NAMES.items():
        position = next((lowered.index(alias) for alias in aliases if alias in lowered), None)
        if position is not None:
            found[role] = position
    if "volume" not in found:
        found.update(_asset_volume(lowered, symbol))
    missing = [role for role in ROLES if role not in found]
    if missing:
        shown = ", ".join(name.strip()[:20] for name in names[:12])
        raise DataError(
            f"expected columns for {_REQUIRED}; no {' and no '.join(missing)} among: {shown}"
        )
    return found


def _asset_volume(names: Sequence[str], symbol: str | None) -> dict[str, int]:
    # CryptoDataDownload: `Volume ETH` and `Volume USDT`.
    assets = {
        name.removeprefix("volume ").strip().upper(): position
        for position, name in enumerate(names)
        if name.startswith("volume ")
    }
    if len(assets) == 1:
        return {"volume": next(iter(assets.values()))}
    if not assets:
        return {}
    base = base_asset(symbol) if symbol else next(iter(assets))
    if base not in assets:
        raise DataError(
            f"expected the volume of the base asset {base}, found volumes of {', '.join(assets)}"
        )
    return {"volume": assets[base]}


def csv_layout(head: str, symbol: str | None) -> Layout:
    """Return the layout of a CSV file from its first lines.

    Raises
    ------
    DataError
        If the columns cannot be told.
    """
    lines = head.splitlines()
    if not any(line.strip() for line in lines):
        raise DataError("expected bars, found an empty file")
    # CryptoDataDownload writes its address above the header; some files begin with empty lines.
    n_above = 0
    while n_above < len(lines) - 1 and _is_banner(lines[n_above], lines[n_above + 1]):
        n_above += 1
    line = lines[n_above]
    delimiter = max(_DELIMITERS, key=line.count)
    cells = next(csv.reader([line], delimiter=delimiter))
    if _is_number(cells[0]) and len(cells) > 1 and all(_is_number(c) for c in cells[1:6]):
        return _headless(cells, delimiter, n_above)
    positions = find_columns(cells, symbol)
    return Layout(_layout_name(cells), positions, len(cells), delimiter, n_above + 1)


def _is_banner(line: str, following: str) -> bool:
    counts = [max(text.count(d) for d in _DELIMITERS) for text in (line, following)]
    return counts[0] < 5 <= counts[1]


def _headless(cells: Sequence[str], delimiter: str, n_above: int) -> Layout:
    if len(cells) not in _HEADLESS_WIDTHS:
        raise DataError(
            f"expected columns for {_REQUIRED}; found {len(cells)} columns without names"
        )
    name = "Binance archive" if len(cells) == 12 else "columns without names"
    return Layout(name, dict(zip(ROLES, range(6), strict=True)), len(cells), delimiter, n_above)


def _layout_name(names: Sequence[str]) -> str:
    lowered = {name.strip().lower() for name in names}
    if "unix" in lowered and any(name.startswith("volume ") for name in lowered):
        return "CryptoDataDownload"
    if {"open_time", "close_time"} <= lowered:
        return "Binance archive"
    return "named columns"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
