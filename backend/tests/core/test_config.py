import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.config import CHECKOUT, Settings, load_settings
from cryptovolt.domain.errors import ConfigurationError


def read(tmp_path: Path, *lines: str) -> Settings:
    file = tmp_path / ".env"
    file.write_text("\n".join(lines))
    return load_settings([file])


def test_the_documented_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    settings = read(
        tmp_path,
        "DATABASE_URL=postgresql://postgres:password@localhost:5432/cryptovolt",
        "REDIS_URL=redis://localhost:6379",
    )
    assert settings.DATABASE_URL == "postgresql://postgres:password@localhost:5432/cryptovolt"
    assert type(settings.DATABASE_URL) is str
    assert settings.REDIS_URL == "redis://localhost:6379"


def test_the_environment_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:b@c/d")
    assert read(tmp_path, "DATABASE_URL=postgresql://x/y").DATABASE_URL == "postgresql://a:b@c/d"


@pytest.mark.parametrize("where", [".env", "backend/.env"])
def test_the_file_of_a_checkout_is_found_from_any_folder(tmp_path: Path, where: str) -> None:
    # A checkout of its own, so that nobody's real .env is touched.
    assert CHECKOUT is not None
    core = tmp_path / "backend" / "app" / "core"
    core.mkdir(parents=True)
    (core / "config.py").write_bytes((CHECKOUT / "backend/app/core/config.py").read_bytes())
    (tmp_path / "backend" / "manage_db.py").touch()
    (tmp_path / where).write_text("DATABASE_URL=postgresql://found/me\nUNKNOWN=1\n")
    variables = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    snippet = (
        f"import sys; sys.path.insert(0, {str(core)!r}); import config;"
        " print(config.settings.DATABASE_URL)"
    )
    for folder in (tmp_path, Path("/"), core):
        done = subprocess.run(
            [sys.executable, "-c", snippet],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.strip() == "postgresql://found/me", done.stderr


def test_a_wrong_value_is_named_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ACCESS_TOKEN_MINUTES") as caught:
        read(tmp_path, "ACCESS_TOKEN_MINUTES=hunter2")
    assert "hunter2" not in str(caught.value)


def test_an_environment_is_development_or_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENVIRONMENT")
    assert not read(tmp_path).in_production
    assert read(tmp_path, "ENVIRONMENT=production").in_production
    with pytest.raises(ConfigurationError, match="ENVIRONMENT"):
        read(tmp_path, "ENVIRONMENT=prod")


def test_a_relative_home_does_not_depend_on_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRYPTOVOLT_HOME")
    assert CHECKOUT is not None
    assert read(tmp_path).home == CHECKOUT / ".cryptovolt"
    assert read(tmp_path, "CRYPTOVOLT_HOME=").home == CHECKOUT / ".cryptovolt"
    assert read(tmp_path, "CRYPTOVOLT_HOME=data").home == CHECKOUT / "data"
    assert read(tmp_path, "CRYPTOVOLT_HOME=/var/x").home == Path("/var/x")
    assert read(tmp_path, "CRYPTOVOLT_HOME=~/x").home == Path.home() / "x"


def test_origins_are_separated_by_commas(tmp_path: Path) -> None:
    found = read(tmp_path, "ALLOWED_ORIGINS=http://a:1, http://b:2").ALLOWED_ORIGINS
    assert found == ["http://a:1", "http://b:2"]
