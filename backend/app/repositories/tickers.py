"""The newest best prices of each symbol. Nothing here commits."""

from collections.abc import Sequence
from typing import Any

import psycopg

from app.core.frames import TickerRow

_UPSERT = """
    INSERT INTO tickers (source, symbol, update_id, bid, bid_quantity, ask, ask_quantity,
                         received_at)
    SELECT source, symbol, update_id, bid, bid_quantity, ask, ask_quantity,
           to_timestamp(received_ms / 1000.0)
    FROM unnest(%s::text[], %s::text[], %s::int8[], %s::float8[], %s::float8[], %s::float8[],
                %s::float8[], %s::int8[])
        AS given (source, symbol, update_id, bid, bid_quantity, ask, ask_quantity, received_ms)
    ON CONFLICT (source, symbol) DO UPDATE SET
        update_id = excluded.update_id, bid = excluded.bid, bid_quantity = excluded.bid_quantity,
        ask = excluded.ask, ask_quantity = excluded.ask_quantity,
        received_at = excluded.received_at
"""


def write_tickers(connection: psycopg.Connection[Any], rows: Sequence[TickerRow]) -> None:
    """Overwrite the newest prices of some symbols, each named once."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(_UPSERT, columns, prepare=True)
