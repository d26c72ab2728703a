import json
import urllib.error
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from cryptovolt_venue.embedded import EmbeddedVenue


def ask(venue: EmbeddedVenue, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(venue.address + path, data)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


OPENED = {
    "name": "desk",
    "key": "desk-key",
    "secret": "desk-secret",
    "spot": {"USDT": "500", "BNB": "1"},
    "usdm": {"USDT": "250.5"},
    "fees": {"spot_taker": "0", "usdm_taker": "0.001"},
}


def test_an_account_is_opened_with_funds_and_fees_of_its_own(
    venue: EmbeddedVenue, client: Callable[..., Any]
) -> None:
    assert ask(venue, "/venue/accounts", OPENED) == (200, {"name": "desk"})
    spot = client(ccxt.binance, key="desk-key", secret="desk-secret")
    order = spot.create_order("BTC/USDT", "market", "buy", 0.001)
    assert (order["filled"], order["fee"]["cost"]) == (0.001, 0.0)
    assert spot.fetch_balance()["BTC"]["free"] == 0.001
    status, told = ask(venue, "/oracle?account=desk")
    assert (status, list(told["accounts"])) == (200, ["desk"])
    assert told["accounts"]["desk"]["usdm"] == {"USDT": "250.5"}
    assert set(told["totals"].values()) == {"0"}
    rows = [row for row in told["ledger"] if row["reason"] == "TRADE" and row["asset"] == "BTC"]
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("0.001")
    assert {row["target"] for row in rows} == {"desk:spot:free"}


def test_funds_come_and_go_and_more_than_there_is_does_not(venue: EmbeddedVenue) -> None:
    sent = {"account": "main", "market": "spot", "asset": "USDT", "amount": "-9999.5"}
    assert ask(venue, "/venue/deposit", sent)[0] == 200
    assert venue.oracle()["accounts"]["main"]["spot"]["USDT"]["free"] == "0.50000000"
    status, refusal = ask(venue, "/venue/deposit", sent)
    assert (status, refusal["code"]) == (400, -1130)
    assert "may not be below zero" in refusal["msg"]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("/venue/accounts", {"name": "main", "key": "x", "secret": "y"}, "expected a new account"),
    ("/venue/accounts", {"name": "other"}, "Expected 'key' in the body."),
    ("/venue/deposit", {"account": "nobody", "market": "spot"}, "expected an account among"),
    ("/venue/deposit", {"account": "main", "market": "spot", "asset": "A", "amount": "x"},
     "expected a decimal number as amount, found 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "message"), REFUSED)
def test_what_cannot_be_done_is_refused_with_a_reason(
    venue: EmbeddedVenue, path: str, body: dict[str, Any], message: str
) -> None:
    status, refusal = ask(venue, path, body)
    assert status == 400
    assert message in refusal["msg"]
