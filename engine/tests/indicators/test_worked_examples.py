"""TA-Lib's functions against worked examples of StockCharts and of QuantConnect's Lean.

Where the example starts its recursion differently, rows are compared once both have converged: the
row from which they agree is part of the table.
"""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray

HLC = ("High", "Low", "Close")
HLCV = (*HLC, "Volume")

EXAMPLES: list[tuple[str, tuple[str, ...], str, tuple[int, ...], str, int, float]] = [
    # file, inputs, function and output, parameters, expected, first row compared, printed digits
    ("stockcharts/cs-atr.csv", HLC, "trange", (), "TR", 1, 1e-12),
    ("stockcharts/cs-bbands.csv", ("Close",), "bbands.upperband", (20,), "HighBand", 19, 6e-7),
    ("stockcharts/cs-bbands.csv", ("Close",), "bbands.lowerband", (20,), "LowBand", 19, 6e-7),
    ("stockcharts/cs-bbands.csv", ("Close",), "sma", (20,), "MiddleBand", 19, 1e-9),
    (
        "stockcharts/cs-bbands.csv",
        ("Close",),
        "stddev",
        (20,),
        "20-day Standard Deviation",
        19,
        6e-7,
    ),
    ("stockcharts/cs-cci.csv", HLC, "cci", (20,), "CCI", 19, 6e-5),
    ("stockcharts/cs-kama.csv", ("Close",), "kama", (10,), "KAMA", 10, 6e-7),
    ("stockcharts/cs-mfi.csv", HLCV, "mfi", (14,), "MFI", 14, 6e-6),
    ("stockcharts/cs-accum.csv", HLCV, "ad", (), "ADLine", 0, 6e-5),
    ("stockcharts/cs-roc.csv", ("Close",), "roc", (12,), "ROC", 12, 6e-9),
    ("stockcharts/cs-ultosc.csv", HLC, "ultosc", (), "Ult_Osc", 28, 6e-7),
    ("stockcharts/cs-wma.csv", ("Close",), "wma", (9,), "WMA", 8, 6e-5),
    ("stockcharts/cs-adx.csv", HLC, "adx", (), "ADX", 400, 1e-6),
    ("stockcharts/cs-adx.csv", HLC, "plus_di", (), "+DI14", 400, 1e-6),
    ("stockcharts/cs-adx.csv", HLC, "minus_di", (), "-DI14", 400, 1e-6),
    ("stockcharts/cs-adx.csv", HLC, "dx", (), "DX", 400, 1e-6),
    ("stockcharts/cs-macd.csv", ("Close",), "macd.macd", (), "MACD_line", 120, 2e-4),
    ("stockcharts/cs-macd.csv", ("Close",), "macd.macdsignal", (), "MACD_signal", 120, 2e-4),
    ("stockcharts/cs-psar.csv", ("High", "Low"), "sar", (), "psar_down", 16, 6e-9),
    ("lean/spy_atr_wilder.txt", HLC, "atr", (), "Average True Range 14", 150, 6e-6),
    ("lean/spy_bollinger_bands.txt", ("Close",), "sma", (20,), "Moving Average 20", 19, 6e-5),
    ("lean/spy_dema.txt", ("close",), "dema", (5,), "DEMA_5", 8, 1e-11),
    ("lean/spy_tema.txt", ("close",), "tema", (5,), "TEMA_5", 12, 1e-11),
    ("lean/spy_ema.csv", ("close",), "ema", (14,), "EMA14", 13, 1e-11),
    ("lean/spy_with_adx.txt", HLC, "adxr", (), "ADXR 14", 400, 6e-5),
    ("lean/spy_with_macd.txt", ("Close",), "macd.macd", (), "MACD", 179, 6e-6),
    ("lean/spy_with_macd.txt", ("Close",), "macd.macdhist", (), "Histogram", 179, 1e-5),
    (
        "lean/spy_with_stoch12k3.txt",
        HLC,
        "stoch.slowk",
        (12, 3, 0, 5, 0),
        "Stochastics 12 %K 3",
        17,
        4e-4,
    ),
    ("lean/spy_with_stoch12k3.txt", HLC, "stoch.slowd", (12, 3, 0, 5, 0), "%D 5", 17, 4e-4),
]


def read_table(path: Path) -> dict[str, FloatArray]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    return {
        name.strip(): np.array([number(row[i]) for row in rows[1:]])
        for i, name in enumerate(rows[0])
        if name.strip() not in ("", "Date", "Microsoft Date", "time")
    }


def number(text: str) -> float:
    return float(text) if text.strip() else np.nan


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "columns", "function", "parameters", "expected", "first", "tolerance"), EXAMPLES
)
def test_worked_examples_agree(
    real_data: Callable[[str], Path],
    file: str,
    columns: tuple[str, ...],
    function: str,
    parameters: tuple[int, ...],
    expected: str,
    first: int,
    tolerance: float,
) -> None:
    table = read_table(real_data(f"indicators/{file}"))
    name, _, output = function.partition(".")
    result = getattr(indicators, name)(*(table[column] for column in columns), *parameters)
    computed = getattr(result, output) if output else result
    compared = np.flatnonzero(np.isfinite(table[expected]))
    compared = compared[compared >= first]
    assert compared.size > 0
    np.testing.assert_allclose(
        computed[compared], table[expected][compared], rtol=0, atol=tolerance
    )
