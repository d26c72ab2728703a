"""The committed description of the API, from which the dashboard's types are generated."""

import json
from pathlib import Path

from app.main import app

COMMITTED = Path(__file__).resolve().parents[1] / "openapi.json"


def test_the_committed_description_is_that_of_the_server() -> None:
    found = json.loads(COMMITTED.read_text(encoding="utf-8"))
    assert found == json.loads(json.dumps(app.openapi())), (
        "the API has changed: run `cryptovolt openapi > frontend/openapi.json`, "
        "and in frontend `npm run generate`"
    )
