import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cryptovolt as cv
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.market.naming import base_asset, read_name, venue_symbol
from cryptovolt.market.reading import open_bars

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
START = 1_704_067_200_000
HOUR = 3_600_000

MakeBars = Callable[..., Bars]


def same_values(one: Bars, other: Bars) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in COLUMNS)


def rows_of(bars: Bars, scale: float = 1.0) -> list[str]:
    times = bars.timestamp * scale if scale != 1.0 else bars.timestamp
    values = [getattr(bars, name).tolist() for name in COLUMNS[1:]]
    return [
        ",".join(str(cell) for cell in row) for row in zip(times.tolist(), *values, strict=True)
    ]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


HEADER = "timestamp,open,high,low,close,volume"


@pytest.mark.parametrize(
    ("unit", "factor"), [("seconds", 1e-3), ("milliseconds", 1), ("microseconds", 1_000)]
)
def test_the_unit_of_times_is_told_by_their_size(
    tmp_path: Path, make_bars: MakeBars, unit: str, factor: float
) -> None:
    bars = make_bars()
    times = (bars.timestamp * factor).astype(np.int64)
    lines = [
        f"{time},{line.partition(',')[2]}" for time, line in zip(times, rows_of(bars), strict=True)
    ]
    file = open_bars(write(tmp_path / "BTCUSDT-1h-2024-01.csv", *lines))
    assert same_values(file.read(), bars)
    assert dict(file.units) == {unit: len(bars)}
    assert (file.symbol, file.timeframe) == ("BTCUSDT", "1h")


TIMES = [
    "2024-01-01 00:00:00",
    "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00.000+00:00",
    "2024-01-01 00:00",
    "2024-01-01",
    "2024-01-01 12-AM",
    "2024-01-01T02:00:00+02:00",
    "1704067200",
    "1704067200.0",
    "1704067200000000000",
    "20240101",
]


@pytest.mark.parametrize("text", TIMES)
def test_every_way_of_writing_a_time_is_the_same_time(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "x.csv", HEADER, f"{text},1,2,0.5,1.5,10")
    assert cv.read_bars(path, "BTCUSDT", "1d").timestamp.tolist() == [START]


def test_columns_may_come_in_any_order_and_under_other_names(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    bars = make_bars()
    lines = ["Volume;Close;Open Time;trades;Low;High;Open"]
    lines += [
        f"{v};{c};{t};3;{low};{h};{o}"
        for t, o, h, low, c, v in zip(
            *(getattr(bars, name).tolist() for name in COLUMNS), strict=True
        )
    ]
    path = write(tmp_path / "mine.csv", *lines)
    assert same_values(cv.read_bars(path, symbol="BTCUSDT"), bars)


def test_rows_keep_the_order_of_the_file(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars()
    path = write(tmp_path / "BTCUSDT-1h.csv", HEADER, *reversed(rows_of(bars)))
    assert same_values(cv.read_bars(path), bars[::-1])


def test_a_free_download_gives_the_volume_of_the_base_asset(tmp_path: Path) -> None:
    path = write(
        tmp_path / "Binance_ETHUSDT_1h.csv",
        "https://www.CryptoDataDownload.com",
        "unix,date,symbol,open,high,low,close,Volume USDT,Volume ETH,tradecount",
        "1704070800000,2024-01-01 01:00:00,ETH/USDT,1,2,0.5,1.5,99,11,3",
        "1704067200.0,2024-01-01 12-AM,ETH/USDT,1,2,0.5,1.5,98,10,NULL",
    )
    file = open_bars(path)
    bars = file.read()
    assert bars.volume.tolist() == [11.0, 10.0]
    assert bars.timestamp.tolist() == [START + HOUR, START]
    assert (bars.symbol, bars.timeframe, bars.source) == ("ETHUSDT", "1h", "binance")
    assert file.layout == "CryptoDataDownload"
    assert dict(file.units) == {"milliseconds": 1, "seconds": 1}


def test_the_archive_of_binance_is_read_zipped_with_or_without_a_header(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    bars = make_bars()
    lines = [f"{row},1704070799999,1.0,5,1.0,1.0,0" for row in rows_of(bars)]
    header = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore"
    )
    for text in ("\n".join(lines), "\n".join([header, *lines])):
        path = tmp_path / "BTCUSDT-1h-2024-01.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("BTCUSDT-1h-2024-01.csv", text)
        file = open_bars(path)
        assert same_values(file.read(), bars)
        assert file.layout == "Binance archive"


def test_json_feather_parquet_and_gzip_hold_the_same_bars(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    bars = make_bars()
    frame = bars.to_polars().rename({"timestamp": "date"})
    frame.write_ipc(tmp_path / "BTC_USDT-1h.feather", compression="zstd")
    frame.write_parquet(tmp_path / "BTC_USDT-1h.parquet")
    lists = [
        list(row) for row in zip(*(getattr(bars, name).tolist() for name in COLUMNS), strict=True)
    ]
    (tmp_path / "BTC_USDT-1h.json").write_text(json.dumps(lists))
    objects = [dict(zip(COLUMNS, row, strict=True)) for row in lists]
    (tmp_path / "BTC_USDT-1h-objects.json").write_text(json.dumps(objects))
    with gzip.open(tmp_path / "BTC_USDT-1h.csv.gz", "wt") as file:
        file.write("\n".join([HEADER, *rows_of(bars)]))
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == 5
    for path in paths:
        read = cv.read_bars(path)
        assert same_values(read, bars), path
        assert (read.symbol, read.timeframe) == ("BTCUSDT", "1h")


def test_json_objects_are_read_by_key_in_whatever_order_a_row_has_them(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    bars = make_bars()
    rng = np.random.default_rng(3)
    rows: list[dict[str, float]] = []
    for number in range(len(bars)):
        keys = list(COLUMNS) if number == 0 else rng.permutation(COLUMNS).tolist()
        rows.append({key: getattr(bars, key)[number].item() for key in keys})
    assert any(list(row) != list(COLUMNS) for row in rows)
    (tmp_path / "BTC_USDT-1h.json").write_text(json.dumps(rows))
    assert same_values(cv.read_bars(tmp_path / "BTC_USDT-1h.json"), bars)


def test_more_rows_than_a_batch_are_read_whole_and_in_order(tmp_path: Path) -> None:
    n = 150_000
    close = np.linspace(1.0, 2.0, n)
    frame = pl.DataFrame(
        {"ts": START + 60_000 * np.arange(n), "o": close, "h": close, "l": close}
    ).with_columns(c=close, v=close)
    frame.write_csv(tmp_path / "big.csv")
    file = open_bars(tmp_path / "big.csv", symbol="X")
    assert max(len(batch) for batch in file.batches()) < 100_000
    bars = file.read()
    assert file.timeframe == "1m"
    assert np.array_equal(bars.close, close)
    assert np.array_equal(bars.timestamp, frame["ts"].to_numpy())


def test_a_missing_number_is_nan_for_the_check_to_find(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", HEADER, "1704067200,1,,0.5,NULL,10")
    bars = cv.read_bars(path, "BTCUSDT", "1h")
    assert np.isnan([bars.high[0], bars.close[0]]).all()


WHAT_A_FILE_SAYS = [
    # name, symbol, time frame, source
    ("BTC_USDT-1h-2017-2022.feather", "BTCUSDT", "1h", None),
    ("BTC_USDT_USDT-5m-futures.feather", "BTCUSDT", "5m", None),
    ("BTCUSDT-1m-2024-01.csv", "BTCUSDT", "1m", None),
    ("Binance_ETHUSDT_1h.csv.gz", "ETHUSDT", "1h", "binance"),
    ("Bitstamp_BTCUSD_d.csv", "BTCUSD", "1d", "bitstamp"),
    ("Binance_BTCUSDT_minute.csv", "BTCUSDT", "1m", "binance"),
    ("BTC-PERP-1m-2022-01.csv", "BTC-PERP", "1m", None),
    ("1000SHIBUSDT-4h.parquet", "1000SHIBUSDT", "4h", None),
    ("my data.csv", None, None, None),
]


@pytest.mark.parametrize(("name", "symbol", "timeframe", "source"), WHAT_A_FILE_SAYS)
def test_the_name_of_a_file_is_understood(
    name: str, symbol: str | None, timeframe: str | None, source: str | None
) -> None:
    said = read_name(Path(name))
    assert (said.symbol, said.timeframe, said.source) == (symbol, timeframe, source)


def test_pairs_are_written_in_venue_form() -> None:
    assert venue_symbol("BTC/USDT:USDT") == "BTCUSDT"
    assert venue_symbol("eth/btc") == "ETHBTC"
    assert base_asset("ETHUSDT") == "ETH"
    assert base_asset("ETHBTC") == "ETH"
    assert base_asset("BTC-PERP") == "BTC"


ROW = "1704067200,1,2,0.5,1.5,10"
NEXT = "1704070800,1,2,0.5,1.5,10"
LIST = [1704067200000, 1, 2, 0.5, 1.5, 10]
OBJECT = dict(zip(COLUMNS, LIST, strict=True))
LACKING = {name: value for name, value in OBJECT.items() if name != "high"}
REFUSED = [
    # what is in the file, what the sentence says
    ("", "found an empty file"),
    ("\n\n", "found an empty file"),
    (HEADER + "\n", "a header and no row"),
    ("<!DOCTYPE html><html><body>404</body></html>", "found a web page"),
    ("<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", "found a web page"),
    ("time,price\n1,2\n", "no open and no high and no low and no close and no volume"),
    (f"{HEADER}\n{ROW}\n{NEXT},1\n", "cannot be read"),
    (f"{HEADER}\n{ROW}\n1704070800,1,2", "cannot be read"),
    (f"{HEADER}\n{ROW}\n1704070800,1,two,0.5,1.5,10\n", "row 2: expected a number in"),
    (f"{HEADER}\n{ROW}\nyesterday,1,2,0.5,1.5,10\n", "row 2: expected a time"),
    (f"{HEADER}\n{ROW}\n17,1,2,0.5,1.5,10\n", "row 2: expected a time after 2009-01-01"),
    (f"{HEADER}\n{ROW}\n1704067500,1,2,0.5,1.5,10\n", "expected 1h bars, found bars 5m apart"),
    ("1,2,3,4,5\n", "5 columns without names"),
    ("[]", "expected a JSON list of rows"),
    ('[{"a": 1}]', "expected columns"),
    ("[[1704067200000, 1, 2]]", "row 1: expected 6 values, found 3"),
    ("[[1704067200000, 1, 2", "cannot be read"),
    (json.dumps([OBJECT, LACKING | {"trades": 3}]), "row 2: expected the key high as in row 1"),
    (json.dumps([OBJECT, LIST]), "row 2: expected an object as in row 1, found a list"),
    (json.dumps([LIST, OBJECT]), "row 2: expected a list as in row 1, found an object"),
    ("a\x00b,c\n1,2\n", "bytes that are no text"),
    ("timestamp,open,high,low,close,volume " + "x" * 1_200_000, "a line longer than 1 MB"),
    (f"{HEADER}\n{ROW}\n1704070800,1,2,0.5,1.5,{'1' * 1_200_000}\n", "a line longer than 1 MB"),
    (f"symbol,{HEADER}\nA/USDT,{ROW}\nB/USDT,{NEXT}\n", "expected one symbol"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "sentence"), REFUSED)
def test_what_is_no_table_of_bars_is_refused_in_one_sentence(
    tmp_path: Path, content: str, sentence: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(DataError) as error:
        cv.read_bars(path, "BTCUSDT", "1h")
    text = str(error.value)
    assert sentence in text
    assert text.startswith("x.csv: ")
    assert "\n" not in text
    assert len(text) < 400


@pytest.mark.parametrize("name", ["a.csv.gz", "a.feather", "a.parquet", "a.zip"])
def test_a_truncated_file_is_refused_in_one_sentence(
    tmp_path: Path, make_bars: MakeBars, name: str
) -> None:
    bars = make_bars(2_000)
    path = tmp_path / name
    text = "\n".join([HEADER, *rows_of(bars)])
    if name == "a.csv.gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif name == "a.feather":
        bars.to_polars().write_ipc(path)
    elif name == "a.parquet":
        bars.to_polars().write_parquet(path)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", text)
    whole = path.read_bytes()
    for share in (0.3, 0.6, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(DataError, match=name) as error:
            cv.read_bars(path, "BTCUSDT", "1h")
        assert "\n" not in str(error.value)


def test_what_is_given_is_checked_against_what_the_file_says(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    path = write(tmp_path / "ETHUSDT-1h.csv", HEADER, *rows_of(make_bars()))
    assert cv.read_bars(path, "ETH/USDT").symbol == "ETH/USDT"
    with pytest.raises(DataError, match="expected bars of BTCUSDT, the file says ETHUSDT"):
        cv.read_bars(path, "BTCUSDT")
    with pytest.raises(DataError, match="expected the time frame 5m, the file says 1h"):
        cv.read_bars(path, timeframe="5m")


def test_a_symbol_nobody_names_is_asked_for(tmp_path: Path, make_bars: MakeBars) -> None:
    path = write(tmp_path / "data.csv", HEADER, *rows_of(make_bars()))
    with pytest.raises(DataError, match="the symbol cannot be told"):
        cv.read_bars(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        cv.read_bars(tmp_path / "missing.csv")


@pytest.mark.real_data
def test_a_famous_free_download_is_read_in_both_units(
    real_data: Callable[[str], Path],
) -> None:
    file = open_bars(real_data("dirty/Binance_ETHUSDT_1h.csv.gz"))
    assert len(file.read()) == 36_062
    assert dict(file.units) == {"milliseconds": 7_478, "seconds": 28_584}
