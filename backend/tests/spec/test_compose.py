"""docker-compose.yml keeps what is documented; it is read here, not run."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.config import load_settings

ROOT = Path(__file__).resolve().parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]

PORTS = {
    "postgres": "127.0.0.1:5432:5432",
    "redis": "127.0.0.1:6379:6379",
    "api": "${BIND_ADDRESS:-127.0.0.1}:8000:8000",
    "frontend": "${BIND_ADDRESS:-127.0.0.1}:3000:3000",
}


@pytest.mark.parametrize("name", PORTS)
def test_a_service_has_its_documented_port_a_health_check_and_the_private_network(
    name: str,
) -> None:
    service = SERVICES[name]
    assert service["ports"] == [PORTS[name]]
    assert service["healthcheck"]["test"]
    assert service["networks"] == ["private"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_the_database_is_postgresql_15_under_its_documented_name() -> None:
    database = SERVICES["postgres"]
    assert (database["image"], database["container_name"]) == ("postgres:15", "cryptovolt_db")
    assert database["environment"]["POSTGRES_DB"] == "cryptovolt"
    assert SERVICES["api"]["environment"]["DATABASE_URL"].endswith("@postgres:5432/cryptovolt")


def test_data_lies_in_volumes() -> None:
    used = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    }
    assert used == set(COMPOSE["volumes"])


def test_every_path_that_a_build_names_is_there() -> None:
    for service in (SERVICES["api"], SERVICES["frontend"]):
        dockerfile = ROOT / service["build"]["dockerfile"]
        text = dockerfile.read_text()
        assert re.search(rf"^FROM .* AS {service['build']['target']}$", text, re.MULTILINE)
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
            for source in line.split()[:-1]:
                assert (ROOT / source).exists(), source


def test_the_example_is_enough_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "ENVIRONMENT", "DEBUG", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    settings = load_settings([ROOT / ".env.example"])
    assert settings.DATABASE_URL == "postgresql://postgres:password@localhost:5432/cryptovolt"
    assert settings.REDIS_URL == "redis://localhost:6379"
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    needed = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert needed <= set(example)
    assert example["POSTGRES_PASSWORD"] in settings.DATABASE_URL
