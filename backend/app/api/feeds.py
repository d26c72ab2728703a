"""How live the market data is."""

from fastapi import APIRouter

from app.api.dependencies import Unit
from app.models.feed import Feed, FeedStatus
from app.schemas.feeds import FeedOut, FeedsOut, IncidentOut, SeriesFeedOut
from app.services import feed_state
from app.services.feed_state import FeedView

router = APIRouter(prefix="/market", tags=["market"])


@router.get("/feeds")
def read_feeds(db: Unit) -> FeedsOut:
    """Return which series are live, which are not and why, and what is wrong now."""
    found = feed_state.view(db)
    return FeedsOut(
        at=found.at,
        feeds=[_feed(found, row) for row in found.feeds],
        series=[_series(found, row) for row in found.series],
        incidents=[IncidentOut.model_validate(row) for row in found.incidents],
    )


def _feed(found: FeedView, row: Feed) -> FeedOut:
    trouble = feed_state.process_trouble(row, found.at) or row.stop_reason
    own = {name: getattr(row, name) for name in FeedOut.model_fields if name != "trouble"}
    return FeedOut.model_validate({**own, "trouble": trouble})


def _series(found: FeedView, row: FeedStatus) -> SeriesFeedOut:
    own = {name: getattr(row, name) for name in SeriesFeedOut.model_fields if name != "refusal"}
    return SeriesFeedOut.model_validate({**own, "refusal": found.refusal(row)})
