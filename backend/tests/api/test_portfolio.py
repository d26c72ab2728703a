"""The portfolio of a session, with figures that are worked out by hand."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session
from tests.api.live import Person
from tests.api.rows import NOON, add_rows

PATH = "/api/v1/portfolio"


def test_without_a_session_there_is_no_portfolio(enter: Callable[[str], Person]) -> None:
    client = enter("viewer").client
    for path in (PATH, "/api/v1/sessions/latest"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "cryptovolt demo" in answer.json()["detail"]


def test_figures_of_a_session(enter: Callable[[str], Person], db: Session) -> None:
    person = enter("viewer")
    rows = add_rows(db, person.user_id)
    found = person.client.get(PATH).json()
    assert found["session"]["session_id"] == rows.session
    assert found["as_of"] == "2024-05-01T21:00:00Z"
    assert (found["equity"], found["cash"], found["position"]) == ("10450", "5000", "0.1")
    assert (found["total_pnl"], found["realised_pnl"]) == ("450", "12.34")
    assert found["unrealised_pnl"] == "437.66"
    # From 11,000 down to 9,900, and back to 10,450.
    assert found["max_drawdown"] == pytest.approx(0.1, abs=1e-12)
    assert found["drawdown"] == pytest.approx(550 / 11_000, abs=1e-12)
    curve = found["curve"]
    start = int(NOON.timestamp() * 1000)
    assert curve["timestamp"] == [start + hour * 3_600_000 for hour in range(10)]
    assert curve["equity"][:3] == [10_000, 10_500, 11_000]
    assert curve["drawdown"][:3] == [0, 0, 0]
    assert curve["drawdown"][4] == pytest.approx(0.1, abs=1e-12)
    assert curve["price"][9] == 50_009.0


@pytest.mark.parametrize("points", [2, 3, 5, 9, 10, 11])
def test_a_thinned_curve_keeps_its_last_bar_and_its_drawdowns(
    enter: Callable[[str], Person], db: Session, points: int
) -> None:
    person = enter("viewer")
    add_rows(db, person.user_id)
    whole = person.client.get(PATH).json()["curve"]
    thinned = person.client.get(PATH, params={"points": points}).json()["curve"]
    assert 1 <= len(thinned["timestamp"]) <= points
    assert thinned["timestamp"][-1] == whole["timestamp"][-1]
    kept = [whole["timestamp"].index(moment) for moment in thinned["timestamp"]]
    assert kept == sorted(kept)
    for name, column in thinned.items():
        assert column == [whole[name][place] for place in kept]


def test_the_newest_session_is_the_one_shown(enter: Callable[[str], Person], db: Session) -> None:
    person = enter("viewer")
    first = add_rows(db, person.user_id)
    second = add_rows(db, person.user_id)
    assert person.client.get(PATH).json()["session"]["session_id"] == second.session
    named = person.client.get(PATH, params={"session_id": first.session}).json()
    assert named["session"]["session_id"] == first.session
    assert person.client.get("/api/v1/sessions/latest").json()["session_id"] == second.session
