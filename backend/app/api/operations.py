"""Whether the server lives, is ready, and what it counts."""

import hmac
import ipaddress
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel
from sqlalchemy import text

from app.api.dependencies import Address, Unit
from app.core.config import settings
from app.schemas.common import Message
from app.services.access import UnauthenticatedError

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"] = "ok"


@router.get("/health")
async def health() -> Health:
    """Answer as long as the server runs, whatever its database does."""
    return Health()


@router.get("/ready", responses={503: {"model": Message}})
def ready(db: Unit) -> Health:
    """Answer 200 when requests can be served: the database answers and has its tables."""
    db.execute(text("SELECT 1 FROM refresh_tokens LIMIT 1"))
    return Health()


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, address: Address) -> Response:
    """Return figures for Prometheus; on loopback, or with the token of METRICS_TOKEN."""
    token = settings.METRICS_TOKEN.get_secret_value()
    given = request.headers.get("authorization", "")
    right = bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if not right and not _is_direct(request, address):
        raise UnauthenticatedError("expected the token of METRICS_TOKEN")
    registry: CollectorRegistry = request.app.state.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _is_direct(request: Request, address: str) -> bool:
    # A reverse proxy on this machine also comes from loopback, but it says for whom.
    if any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip")):
        return False
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
