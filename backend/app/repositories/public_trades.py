"""Public trades, committed together; one that is stored already stays. Nothing here commits."""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Any

import psycopg

from app.core.frames import TradeRow
from app.repositories.binary import HEADER, TRAILER

STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS public_trades_stage (
        source text, symbol text, trade_id int8, time timestamptz,
        price float8, quantity float8, buyer_is_maker bool
    ) ON COMMIT DELETE ROWS
"""
_INSERT = """
    INSERT INTO public_trades (source, symbol, trade_id, time, price, quantity, buyer_is_maker)
    SELECT source, symbol, trade_id, time, price, quantity, buyer_is_maker
    FROM public_trades_stage ON CONFLICT DO NOTHING
"""
_N_COLUMNS = 7
_EPOCH_2000_MS = 946_684_800_000
_CHUNK_ROWS = 4_096


def write_trades(connection: psycopg.Connection[Any], rows: Sequence[TradeRow]) -> int:
    """Store trades and return how many were new."""
    with connection.cursor() as cursor:
        with cursor.copy("COPY public_trades_stage FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEADER)
            for start in range(0, len(rows), _CHUNK_ROWS):
                copy.write(b"".join(map(_encoded, rows[start : start + _CHUNK_ROWS])))
            copy.write(TRAILER)
        cursor.execute(_INSERT)
        return cursor.rowcount


@lru_cache(maxsize=4_096)
def _labels(source: str, symbol: str) -> tuple[Struct, int, bytes, int, bytes]:
    first, second = source.encode(), symbol.encode()
    form = Struct(f">hi{len(first)}si{len(second)}siqiqididi?")
    return form, len(first), first, len(second), second


def _encoded(row: TradeRow) -> bytes:
    form, n_source, source, n_symbol, symbol = _labels(row.source, row.symbol)
    microseconds = (row.time_ms - _EPOCH_2000_MS) * 1_000
    return form.pack(
        _N_COLUMNS, n_source, source, n_symbol, symbol,
        8, row.trade_id, 8, microseconds, 8, row.price, 8, row.quantity, 1, row.buyer_is_maker,
    )  # fmt: skip
