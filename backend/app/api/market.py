"""Market data: bars as columns, what is stored, how complete it is."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from app.api.dependencies import CurrentActor, Paging, Unit
from app.repositories.market_read import Series
from app.schemas.common import EARLIEST_MS, LATEST_MS, SourceName, Symbol, TimeframeName
from app.schemas.market import MAX_BARS, BarsIn, BarsOut, BarsStored, CoverageOut, SymbolOut
from app.services import market

router = APIRouter(prefix="/market", tags=["market"])


@router.get("/bars", response_model=BarsOut)
def read_bars(
    db: Unit,
    symbol: Symbol,
    timeframe: TimeframeName = "1h",
    source: SourceName = "unspecified",
    end: Annotated[int, Query(ge=EARLIEST_MS, le=LATEST_MS)] = LATEST_MS,
    limit: Annotated[int, Query(ge=1, le=MAX_BARS)] = 500,
) -> Response:
    """Return the newest bars that opened at `end` (milliseconds UTC) or before, oldest first."""
    columns = market.bars(db, symbol, timeframe, source, end, limit)
    answer = {"symbol": symbol, "timeframe": timeframe, "source": source, **columns}
    # Written straight to JSON: checking 30,000 numbers of our own would take most of the time.
    return Response(orjson.dumps(answer), media_type="application/json")


@router.post("/bars", response_model=BarsStored, status_code=201)
def store_bars(db: Unit, actor: CurrentActor, given: BarsIn) -> BarsStored:
    """Store bars, as a trader; they are checked first, and no stored bar is changed."""
    written = market.store_bars(db, actor, **given.model_dump())
    return BarsStored(
        received=len(given.timestamp),
        new=written.new,
        known=written.known,
        different=written.different,
    )


@router.get("/symbols", response_model=list[SymbolOut])
def list_symbols(db: Unit, page: Paging) -> list[Series]:
    """List the series of bars that are stored."""
    return market.list_series(db, page.skip, page.limit)


@router.get("/coverage", response_model=list[CoverageOut])
def read_coverage(db: Unit, symbol: Symbol) -> list[CoverageOut]:
    """Return how much of each series of a symbol is stored."""
    return [
        CoverageOut(
            symbol=series.symbol,
            timeframe=series.timeframe,
            source=series.source,
            first=series.first,
            last=series.last,
            n_bars=series.n_bars,
            missing=market.missing_bars(series),
        )
        for series in market.coverage(db, symbol)
    ]
