"""Market data: bars as columns, what is stored, how complete it is."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from app.api.dependencies import CurrentActor, Paging, Unit
from app.models.feed import BarRepair
from app.repositories.market_read import Series
from app.schemas.common import EARLIEST_MS, LATEST_MS, SourceName, Symbol, TimeframeName
from app.schemas.market import (
    MAX_BARS,
    MAX_CHECKED,
    MAX_GAPS,
    BarsIn,
    BarsOut,
    BarsStored,
    CoverageOut,
    FindingOut,
    GapOut,
    GapsOut,
    QualityOut,
    RepairOut,
    SymbolOut,
)
from app.services import market
from cryptovolt.market.checking import Finding

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


@router.get("/gaps")
def read_gaps(
    db: Unit,
    symbol: Symbol,
    timeframe: TimeframeName,
    source: SourceName,
    limit: Annotated[int, Query(ge=1, le=MAX_GAPS)] = 100,
) -> GapsOut:
    """Return the newest gaps of a series; they are looked for in its newest million bars."""
    found = market.gaps(db, symbol, timeframe, source, limit)
    return GapsOut(
        **found.key.labels,
        first=found.first,
        last=found.last,
        n_bars=found.n_bars,
        n_gaps=found.n_gaps,
        n_missing=found.n_missing,
        gaps=[
            GapOut(before=before, after=after, n_missing=n_missing)
            for before, after, n_missing in found.gaps
        ],
    )


@router.get("/quality")
def read_quality(
    db: Unit,
    symbol: Symbol,
    timeframe: TimeframeName,
    source: SourceName,
    limit: Annotated[int, Query(ge=2, le=MAX_CHECKED)] = 5_000,
) -> QualityOut:
    """Check the newest `limit` bars of a series, and return what is wrong or worth knowing."""
    found = market.quality(db, symbol, timeframe, source, limit)
    return QualityOut(
        **found.key.labels,
        first=found.first,
        last=found.last,
        n_bars=found.findings.n_bars,
        errors=[_finding(one) for one in found.findings.errors],
        warnings=[_finding(one) for one in found.findings.warnings],
    )


@router.get("/repairs", response_model=list[RepairOut])
def list_repairs(
    db: Unit, symbol: Symbol, timeframe: TimeframeName, source: SourceName, page: Paging
) -> list[BarRepair]:
    """List the bars of a series that REST replaced or the venue does not have, newest first."""
    return market.repairs(db, symbol, timeframe, source, page.skip, page.limit)


def _finding(found: Finding) -> FindingOut:
    return FindingOut(kind=str(found.kind), n_bars=len(found.rows), text=found.text)
