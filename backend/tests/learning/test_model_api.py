"""Models and jobs over HTTP: who may train and promote, and what everybody sees for ever."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from tests.api.live import Live, Person, register, running

from app.api.application import create_app
from app.core.database import SessionLocal
from app.main import lifespan
from app.models.database import Model
from app.repositories.bars import SeriesKey

_numbers = count(1)
SERIES = {"symbol": "TESTUSDT", "timeframe": "1h", "source": "here"}


@pytest.fixture(scope="module")
def live(key: SeriesKey) -> Iterator[Live]:
    """The application on a database with a stored series."""
    assert key.symbol == SERIES["symbol"]
    with running(create_app(lifespan)) as found:
        yield found


@pytest.fixture(scope="module")
def enter(live: Live) -> Callable[[str], Person]:
    """Return a function that makes somebody with a role."""
    return lambda role: register(live.client(), f"{role}{next(_numbers)}", role)


def test_a_trader_trains_as_a_job_that_others_do_not_see(enter: Callable[[str], Person]) -> None:
    viewer, trader, other, admin = (enter(r) for r in ("viewer", "trader", "trader", "admin"))
    try:
        path = "/api/v1/models/train"
        assert viewer.client.post(path, json=SERIES).status_code == 403
        assert trader.client.post(path, json={**SERIES, "kind": "forest"}).status_code == 422
        none = trader.client.post(path, json={**SERIES, "symbol": "NOSUCHUSDT"})
        assert none.status_code == 422
        assert "there are no bars" in none.json()["detail"]
        added = trader.client.post(path, json=SERIES)
        assert added.status_code == 202, added.text
        job = f"/api/v1/jobs/{added.json()['job_id']}"
        found = trader.client.get(job).json()
        assert (found["status"], found["kind"]) == ("waiting", "model.train")
        assert found["title"] == "Train xgboost on TESTUSDT 1h from here"
        assert other.client.get(job).status_code == 404
        assert other.client.get("/api/v1/jobs").json() == []
        assert other.client.post(f"{job}/cancel").status_code == 404
        assert admin.client.get(job).status_code == 200
        assert trader.client.post(f"{job}/cancel").json()["status"] == "cancelled"
        assert trader.client.post(f"{job}/cancel").status_code == 409
    finally:
        for person in (viewer, trader, other, admin):
            person.client.close()


def test_an_administrator_promotes_and_the_gates_still_refuse(
    enter: Callable[[str], Person],
) -> None:
    with SessionLocal.begin() as db:
        row = Model(
            name="by hand", gates={"plausible_auc": {"passed": False, "detail": "AUC 0.91"}}
        )
        db.add(row)
        db.flush()
        number = row.model_id
    trader, admin = enter("trader"), enter("admin")
    try:
        path = f"/api/v1/models/{number}"
        assert trader.client.post(f"{path}/promote", json={}).status_code == 403
        refused = admin.client.post(f"{path}/promote", json={})
        assert refused.status_code == 409
        assert "plausible_auc: AUC 0.91" in refused.json()["detail"]
        card = trader.client.get(f"{path}/card").json()
        assert card["failed_gates"] == {"plausible_auc": "AUC 0.91"}
        assert card["model"]["forced_at"] is None
        assert card["history"] == []
        assert trader.client.get("/api/v1/models/99999/card").status_code == 404
    finally:
        trader.client.close()
        admin.client.close()
