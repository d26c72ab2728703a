"""Settings: read once from the environment and from ``.env``.

The file ``.env`` is found beside the checkout (and in its folder ``backend/``) from whatever folder
a program is started; a variable of the environment goes before it. Reading never opens a
connection and never creates a folder.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from cryptovolt.domain.errors import ConfigurationError


def _checkout() -> Path | None:
    """Return the checkout this module runs from, or None where it is an installed wheel."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "backend" / "manage_db.py").is_file() else None


CHECKOUT = _checkout()


def _env_files() -> tuple[Path, ...]:
    if CHECKOUT is None:
        return (Path.cwd() / ".env",)
    return (CHECKOUT / ".env", CHECKOUT / "backend" / ".env")


def _user_data_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


class Settings(BaseSettings):
    """What an installation may choose. Names are those of the environment variables."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8",
        case_sensitive=True,
        extra="ignore",
        hide_input_in_errors=True,
        validate_assignment=True,
    )

    DATABASE_URL: str = ""
    """``postgresql://user:password@host:port/name``; empty: the embedded server."""
    REDIS_URL: str = ""
    """``redis://host:port``; empty: everything works without Redis."""
    ENVIRONMENT: Literal["development", "production"] = "development"
    DEBUG: bool = False
    """Log every SQL statement."""
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    SECRET_KEY: SecretStr = SecretStr("")
    """Signs access tokens; at least 32 characters. Needed in production."""
    ACCESS_TOKEN_MINUTES: int = 10
    REFRESH_TOKEN_DAYS: int = 14
    ALLOWED_ORIGINS: Annotated[list[str], NoDecode] = [
        "http://localhost:3000",
        "http://127.0.0.1:3000",
        "http://localhost:8000",
        "http://127.0.0.1:8000",
    ]
    """Pages that may call the API, separated by commas."""
    ARCHIVE_URL: str = "https://data.binance.vision"
    """Where public history is fetched from."""
    VENUE_URL: str = ""
    """``http://host:port`` of a loopback venue: requests and streams of both markets go there."""
    EXCHANGE_SPOT_URL: str = ""
    """Where the spot market answers; empty: VENUE_URL, and where that is empty the real venue."""
    EXCHANGE_USDM_URL: str = ""
    EXCHANGE_SPOT_STREAM_URL: str = ""
    """``ws://host:port``; empty: the host of EXCHANGE_SPOT_URL."""
    EXCHANGE_USDM_STREAM_URL: str = ""
    METRICS_TOKEN: SecretStr = SecretStr("")
    CRYPTOVOLT_HOME: Path | None = None
    """Folder of the embedded database, snapshots and models; see `home`."""
    POSTGRES_BIN: Path | None = None
    """Folder of the programs of another PostgreSQL (15 to 18) for the embedded server."""

    @field_validator("CRYPTOVOLT_HOME", "POSTGRES_BIN", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("ALLOWED_ORIGINS", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return [origin.strip() for origin in value.split(",") if origin.strip()]
        return value

    @field_validator("DATABASE_URL", mode="after")
    @classmethod
    def _strip(cls, value: str) -> str:
        return value.strip()

    @property
    def home(self) -> Path:
        """Return the folder of what this installation keeps; it may not exist yet."""
        if self.CRYPTOVOLT_HOME is not None:
            # A relative folder must not depend on where a program was started.
            return (CHECKOUT or Path.home()) / self.CRYPTOVOLT_HOME.expanduser()
        if CHECKOUT is not None:
            return CHECKOUT / ".cryptovolt"
        return _user_data_folder() / "cryptovolt"

    @property
    def in_production(self) -> bool:
        """Say whether weak secrets and debugging are refused."""
        return self.ENVIRONMENT == "production"


def load_settings(env_files: Sequence[Path] | None = None) -> Settings:
    """Read the settings anew.

    Raises
    ------
    ConfigurationError
        If a value has the wrong type. The message names the variable, never its value.
    """
    options: dict[str, Any] = {"_env_file": _env_files() if env_files is None else env_files}
    try:
        return Settings(**options)
    except ValidationError as error:
        found = "; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors())
        raise ConfigurationError(f"a setting of the environment or of .env: {found}") from None


settings = load_settings()
