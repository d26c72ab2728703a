import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.core.config import settings
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.press.embedded import EmbeddedPress

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def press() -> Iterator[EmbeddedPress]:
    with EmbeddedPress(speed=60.0) as served:
        yield served


@pytest.fixture
def run(database_url: str, press: EmbeddedPress, monkeypatch: pytest.MonkeyPatch) -> Run:
    del database_url
    monkeypatch.setattr(settings, "PRESS_URL", press.address)
    return lambda *words: CliRunner().invoke(app, list(words))


def document(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    # Within this process nobody sent the log to standard error.
    lines = [line for line in result.stdout.splitlines() if "database.migrated" not in line]
    return json.loads("\n".join(lines))


def test_texts_are_fetched_and_sources_and_status_show_it(run: Run) -> None:
    asked = run("sentiment", "fetch", "--source", "rss:wire", "--source", "x")
    assert asked.exit_code == 0, asked.output
    lines = {line.split()[0]: line.split() for line in asked.stdout.splitlines()}
    assert lines["loopback-rss:wire"][1] == lines["loopback-x"][1] == "good"
    assert int(lines["loopback-rss:wire"][3]) > 0
    assert any(word.startswith("$0.") for word in lines["loopback-x"])

    found = document(run("sentiment", "sources", "--json"))
    assert {one["name"]: one["state"] for one in found["sources"]} == {
        "loopback-rss:wire": "good", "loopback-x": "good",
    }  # fmt: skip
    status = run("status")
    assert status.exit_code == 0
    assert "texts     loopback-rss:wire is good; answered" in status.stdout


def test_what_is_missing_is_said_and_nothing_is_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a press only sources without keys would be asked; these three are not.
    monkeypatch.setattr(settings, "PRESS_URL", "")
    monkeypatch.setattr(settings, "VENUE_URL", "")
    words = ("fetch", "--source", "reddit", "--source", "x", "--source", "cryptopanic", "--json")
    found = document(run("sentiment", *words))
    assert [(one["name"], one["state"], one["reason"]) for one in found] == [
        ("reddit", "off", "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET not set"),
        ("x", "off", "X_BEARER_TOKEN and X_MONTHLY_CAP not set"),
        ("cryptopanic", "off", "CRYPTOPANIC_TOKEN not set"),
    ]


@pytest.mark.parametrize(
    ("words", "changes", "message"),
    [
        (("--source", "teletext"), {}, "expected a source among announcements"),
        (("--since", "soon"), {}, "--since: expected a date such as 2026-01-31"),
        (("--since", "2999-01-01"), {}, "--since: expected a time in the past"),
        ((), {"PRESS_URL": "localhost"}, "PRESS_URL: expected http://host:port/press"),
        ((), {"SENTIMENT_OFF": ["teletext"]}, "expected a source among announcements"),
    ],
)
def test_bad_input_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], changes: dict[str, Any],
    message: str,
) -> None:  # fmt: skip
    for name, value in changes.items():
        monkeypatch.setattr(settings, name, value)
    result = run("sentiment", "fetch", *words)
    assert isinstance(result.exception, ConfigurationError)
    assert message in str(result.exception)
