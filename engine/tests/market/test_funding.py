import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cryptovolt as cv
from cryptovolt.domain.errors import DataError

HOUR = 3_600_000
START = 1_704_067_200_000

# A perpetual whose interval goes from 8 hours to 4, and to 1.
TIMES = [START + HOUR * hours for hours in (0, 8, 16, 20, 24, 25, 26)]
RATES = [0.0001, -0.000025, 0.0, 0.00075, 0.0001, -0.003, 0.02]


def csv_of(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def two_columns(path: Path, header: str = "timestamp,funding_rate") -> Path:
    rows = (f"{time},{rate}" for time, rate in zip(TIMES, RATES, strict=True))
    return csv_of(path, header, *rows)


def test_a_recorded_half_year_of_bitcoin(real_data: Callable[[str], Path]) -> None:
    path = real_data("futures/BTC_USDT_USDT-1h-funding_rate-2025H1.feather")
    found = cv.read_funding(path, "BTCUSDT")
    assert len(found) == 546
    assert set(np.diff(found.timestamp).tolist()) == {8 * HOUR}
    assert found.timestamp[0] == 1_735_603_200_000  # 2024-12-31 00:00
    table = pl.read_ipc(path)
    np.testing.assert_array_equal(found.rate, table["open"].to_numpy())
    with pytest.raises(DataError, match="expected funding rates of ETHUSDT, the file says BTCUSDT"):
        cv.read_funding(path, "ETHUSDT")


def test_recorded_rates_are_paid_in_a_simulation(real_data: Callable[[str], Path]) -> None:
    rates = cv.read_funding(real_data("futures/BTC_USDT_USDT-1h-funding_rate-2025H1.feather"))
    bars = cv.read_bars(real_data("futures/BTC_USDT_USDT-1h-futures-2025H1.feather"))
    run = cv.simulate(bars, np.ones(len(bars)), funding=rates)
    first, last = (int(t) for t in bars.timestamp[[1, -1]])
    assert len(run.payments) == len(list(rates.between(first + 1, last + HOUR)))
    paid = [float(p.quantity * p.price) * p.rate for p in run.payments]
    assert run.statistics["funding_paid"] == pytest.approx(sum(paid), abs=1e-3)


@pytest.mark.parametrize("header", ["timestamp,funding_rate", "date,fundingRate", "time,rate",
                                    "calc_time,last_funding_rate"])  # fmt: skip
def test_csv_with_changing_intervals(tmp_path: Path, header: str) -> None:
    found = cv.read_funding(two_columns(tmp_path / "x.csv", header))
    assert found.timestamp.tolist() == TIMES
    assert found.rate.tolist() == RATES


def test_the_file_is_known_by_its_content(tmp_path: Path) -> None:
    plain = two_columns(tmp_path / "x.csv").read_bytes()
    (tmp_path / "odd.name").write_bytes(gzip.compress(plain))
    assert cv.read_funding(tmp_path / "odd.name").timestamp.tolist() == TIMES


def test_times_may_be_seconds_or_text_in_any_column_order(tmp_path: Path) -> None:
    path = csv_of(
        tmp_path / "x.csv",
        "rate;symbol;time",
        "0.0001;BTC/USDT:USDT;2024-01-01 00:00:00",
        "0.0002;BTC/USDT:USDT;1704096000",
    )
    found = cv.read_funding(path, "BTCUSDT")
    assert found.timestamp.tolist() == [START, START + 8 * HOUR]
    assert found.rate.tolist() == [0.0001, 0.0002]


def test_json_as_an_exchange_answers(tmp_path: Path) -> None:
    rows = [
        {"symbol": "BTCUSDT", "fundingTime": time, "fundingRate": f"{rate:.8f}", "markPrice": ""}
        for time, rate in zip(TIMES, RATES, strict=True)
    ]
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(rows))
    found = cv.read_funding(path, symbol="BTCUSDT")
    assert found.timestamp.tolist() == TIMES
    assert found.rate.tolist() == RATES


@pytest.mark.parametrize("kind", ["feather", "parquet"])
def test_typed_files_with_times_that_know_their_zone(tmp_path: Path, kind: str) -> None:
    times = pl.Series(TIMES).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    frame = pl.DataFrame({"date": times, "funding_rate": RATES})
    path = tmp_path / f"x.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    else:
        frame.write_ipc(path)
    found = cv.read_funding(path)
    assert found.timestamp.tolist() == TIMES
    assert found.rate.tolist() == RATES


def test_rates_written_as_bars_are_those_in_open(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "x.csv", "date,open,high,low,close,volume", f"{START},0.0001,0,0,0,0")
    assert cv.read_funding(path).rate.tolist() == [0.0001]


T = START
BAD = [
    # file, what the sentence says
    ("", "expected funding rates, found an empty file"),
    ("timestamp,rate\n", "expected funding rates, found a header and no row"),
    ("timestamp,price\n1,2\n", "no funding rate among: timestamp, price"),
    ("when,rate\n1,2\n", "no time among: when, rate"),
    (f"{T},0.0001\n", "no time and no funding rate among"),
    (f"time,open\n{T},0.0001\n", "no funding rate among: time, open"),
    # A coin of less than 1: its bars must not pass for rates.
    (
        f"date,open,high,low,close,volume\n{T},0.1,0.2,0.1,0.1,5\n",
        "row 1: expected funding rates, found bars: high is 0.2",
    ),
    (f"time,rate\n{T},0.1\n{T + HOUR},\n", "row 2: expected a funding rate, .* found none"),
    (f"time,rate\n{T},nan\n", "row 1: expected a funding rate, .* found none"),
    (f"time,rate\n{T},0.01%\n", "row 1: expected a number in column 'rate', found '0.01%'"),
    (f"time,rate\n{T},1.5\n", r"row 1: expected a funding rate, .* found 1\.5"),
    (f"time,rate\n{T},0.1\n{T},0.1\n", f"row 2: expected times that increase, found {T} twice"),
    (f"time,rate\n{T + 1},0.1\n{T},0.1\n", f"row 2: .* found {T} after the later {T + 1}"),
    ("time,rate\nyesterday,0.1\n", "row 1: expected a time such as"),
    (f"time,rate,symbol\n{T},0,A\n{T + 1},0,B\n", "expected one symbol in a file, found 2: A, B"),
    ("<html></html>", "expected a table of funding rates, found a web page"),
    ("[[1704067200000, 0.1]]", "found rows without names"),
    ('{"code": -1121}', "expected a JSON list of rows"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD)
def test_a_bad_file_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=sentence) as raised:
        cv.read_funding(path)
    assert str(raised.value).startswith("bad.csv: ")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: there is no such file"):
        cv.read_funding(tmp_path / "none.csv")
