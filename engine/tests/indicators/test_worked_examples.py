"""Indicators against worked examples of StockCharts and of QuantConnect's Lean.

Where the example starts its recursion differently, rows are compared once both have converged: the
row from which they agree is part of the table. Short examples that start an average from their
first row are compared from the beginning, behind copies of that row: then ours starts there too.
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
HLV = ("High", "Low", "Volume")
HL_SMALL = ("high", "low")

EXAMPLES: list[tuple[str, tuple[str, ...], str, tuple[int | None, ...], str, int, float]] = [
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
    ("stockcharts/cs-dc.csv", HL_SMALL, "donchian.upperband", (20,), "upper_band", 19, 1e-12),
    # its middle is printed to cents
    ("stockcharts/cs-dc.csv", HL_SMALL, "donchian.middleband", (20,), "middle_band", 19, 0.0051),
    ("stockcharts/cs-dc.csv", HL_SMALL, "donchian.lowerband", (20,), "lower_band", 19, 1e-12),
    ("stockcharts/cs-vortex.csv", HLC, "vortex.plusvi", (14,), "+VI14", 14, 6e-7),
    ("stockcharts/cs-vortex.csv", HLC, "vortex.minusvi", (14,), "-VI14", 14, 6e-7),
    # computed with weights rounded to .077 and .143
    ("stockcharts/cs-tsi.csv", ("Close",), "tsi", (25, 13), "TSI", 59, 0.011),
    ("stockcharts/cs-easeofmovement.csv", HLV, "ease_of_movement", (1,), "EMV", 1, 6e-10),
    ("stockcharts/cs-easeofmovement.csv", HLV, "ease_of_movement", (14,), "SMA_EMV", 14, 6e-10),
    ("stockcharts/cs-vwap.csv", HLCV, "vwap", (None, 14), "vwap", 13, 1e-13),
    ("lean/spy_with_zlema.csv", ("Close",), "zlema", (5,), "ZLEMA5", 6, 1e-12),
    ("stockcharts/cs-percentr.csv", HLC, "willr", (14,), "Williams_%R", 26, 6e-7),
    ("stockcharts/cs-soo.csv", HLC, "stochf.fastk", (14, 3), "SO", 28, 6e-7),
    ("stockcharts/cs-soo.csv", HLC, "stochf.fastd", (14, 3), "SO_SIG", 28, 6e-7),
    ("stockcharts/cs-obv.csv", ("Close", "Volume"), "obv", (), "OBV", 1, 0.0),
    ("stockcharts/cs-vpt.csv", ("Close", "Volume"), "pvt", (), "unsmoothed vpt", 1, 1e-11),
]

FROM_THE_FIRST_ROW: list[tuple[str, tuple[str, ...], str, tuple[int, ...], str, int, float]] = [
    # file, inputs, function and output, parameters, expected, copies of row 0, printed digits
    ("stockcharts/cs-kc.csv", HLC, "keltner.middleband", (20, 10), "middle_band", 20, 1e-12),
    ("stockcharts/cs-kc.csv", HLC, "atr", (10,), "atr", 1, 1e-12),
    ("stockcharts/cs-atr.csv", HLC, "atr", (14,), "ATR", 1, 6e-10),
    ("stockcharts/cs-macd.csv", ("Close",), "macd.macd", (), "MACD_line", 40, 6e-9),
    ("stockcharts/cs-ppo.csv", ("Close",), "ppo", (), "PPO", 40, 6e-10),
    ("stockcharts/cs-pvo.csv", ("Volume",), "pvo", (), "PVO", 40, 6e-9),
]


def read_table(path: Path) -> dict[str, FloatArray]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    return {
        name.strip(): np.array([number(row[i]) for row in rows[1:]])
        for i, name in enumerate(rows[0])
        if name.strip() not in ("", "Date", "Microsoft Date", "date", "time")
    }


def number(text: str) -> float:
    return float(text) if text.strip() else np.nan


def run(
    table: dict[str, FloatArray],
    columns: tuple[str, ...],
    function: str,
    parameters: tuple[int | None, ...],
    copies: int = 0,
) -> FloatArray:
    arrays = [np.concatenate([np.repeat(table[c][:1], copies), table[c]]) for c in columns]
    name, _, output = function.partition(".")
    result = getattr(indicators, name)(*arrays, *parameters)
    computed: FloatArray = getattr(result, output) if output else result
    return computed[copies:]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "columns", "function", "parameters", "expected", "first", "tolerance"), EXAMPLES
)
def test_worked_examples_agree(
    real_data: Callable[[str], Path],
    file: str,
    columns: tuple[str, ...],
    function: str,
    parameters: tuple[int | None, ...],
    expected: str,
    first: int,
    tolerance: float,
) -> None:
    table = read_table(real_data(f"indicators/{file}"))
    computed = run(table, columns, function, parameters)
    compared = np.flatnonzero(np.isfinite(table[expected]))
    compared = compared[compared >= first]
    assert compared.size > 0
    np.testing.assert_allclose(
        computed[compared], table[expected][compared], rtol=0, atol=tolerance
    )


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "columns", "function", "parameters", "expected", "copies", "tolerance"),
    FROM_THE_FIRST_ROW,
)
def test_worked_examples_agree_from_their_first_row(
    real_data: Callable[[str], Path],
    file: str,
    columns: tuple[str, ...],
    function: str,
    parameters: tuple[int, ...],
    expected: str,
    copies: int,
    tolerance: float,
) -> None:
    table = read_table(real_data(f"indicators/{file}"))
    computed = run(table, columns, function, parameters, copies)
    # zeros stand for values that are not there yet
    there = np.isfinite(table[expected]) & (table[expected] != 0.0)
    compared = np.flatnonzero(np.isfinite(computed) & there)
    assert compared.size >= 15
    np.testing.assert_allclose(
        computed[compared], table[expected][compared], rtol=0, atol=tolerance
    )


@pytest.mark.real_data
def test_the_worked_force_index_agrees(real_data: Callable[[str], Path]) -> None:
    table = read_table(real_data("indicators/stockcharts/cs-fi.csv"))
    # The example starts its average from its first value: here thirteen bars of that value.
    step = table["Close"][0] - table["Close"][1]
    close = np.concatenate([table["Close"][0] + step * np.arange(12, 0, -1), table["Close"]])
    volume = np.concatenate([np.full(13, table["Volume"][1]), table["Volume"][1:]])
    computed = indicators.force_index(close, volume, 13)[12:]
    np.testing.assert_allclose(computed[1:], table["FI"][1:], rtol=0, atol=6e-6)
