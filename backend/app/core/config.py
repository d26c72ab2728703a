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

from pydantic import Field, SecretStr, ValidationError, field_validator
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
    PRESS_URL: str = ""
    """``http://127.0.0.1:port/press`` of a loopback press: every source of texts is read there and
    nowhere else; empty: VENUE_URL + /press where that is set, else the real services."""
    SENTIMENT_SCORER: str = "lexicon"
    """Who scores texts: ``lexicon``, or the folder of a trained scorer."""
    SENTIMENT_OFF: Annotated[list[str], NoDecode] = []
    """Sources that are not asked, e.g. ``gdelt,rss:decrypt``; ``rss`` stands for all feeds."""
    SENTIMENT_FEEDS: Path | None = None
    """A list of feeds instead of the one that comes along."""
    SENTIMENT_FILES: Path | None = None
    """A folder whose .csv and .jsonl files are read as they appear."""
    GDELT_URL: str = "https://api.gdeltproject.org"
    FEAR_GREED_URL: str = "https://api.alternative.me"
    BINANCE_NEWS_URL: str = "https://www.binance.com"
    OKX_NEWS_URL: str = "https://www.okx.com"
    REDDIT_URL: str = "https://www.reddit.com"
    REDDIT_OAUTH_URL: str = "https://oauth.reddit.com"
    REDDIT_CLIENT_ID: SecretStr = SecretStr("")
    REDDIT_CLIENT_SECRET: SecretStr = SecretStr("")
    REDDIT_SUBREDDITS: Annotated[list[str], NoDecode] = ["CryptoCurrency", "Bitcoin", "ethereum"]
    X_URL: str = "https://api.x.com"
    X_BEARER_TOKEN: SecretStr = SecretStr("")
    X_PRICE_PER_READ: float = Field(default=0.005, gt=0, allow_inf_nan=False)
    """US dollars for one post that is read."""
    X_MONTHLY_CAP: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """US dollars a calendar month (UTC) that may be spent; 0: nothing, and X is off."""
    CRYPTOPANIC_URL: str = "https://cryptopanic.com"
    CRYPTOPANIC_TOKEN: SecretStr = SecretStr("")
    CRYPTOPANIC_PLAN: str = Field(default="developer", pattern="^[a-z0-9_-]+$")
    """The plan of the token; it is part of the address."""
    METRICS_TOKEN: SecretStr = SecretStr("")
    CRYPTOVOLT_HOME: Path | None = None
    """Folder of the embedded database, snapshots and models; see `home`."""
    POSTGRES_BIN: Path | None = None
    """Folder of the programs of another PostgreSQL (15 to 18) for the embedded server."""

    @field_validator(
        "CRYPTOVOLT_HOME", "POSTGRES_BIN", "SENTIMENT_FEEDS", "SENTIMENT_FILES", mode="before"
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("ALLOWED_ORIGINS", "SENTIMENT_OFF", "REDDIT_SUBREDDITS", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
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
