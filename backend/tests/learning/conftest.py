"""A stored market with an edge nobody has, and models trained on it once for all tests."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app.adapters.trial_ledger import DatabaseLedger
from app.core.database import SessionLocal
from app.repositories.bars import SeriesKey
from app.services.bar_import import store_bars
from app.services.model_recipe import Recipe
from app.services.model_training import Kept, TrainRequest, train_stored
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.market.writing import write_bars
from cryptovolt.research.synthetic import synthetic_bars

KEY = SeriesKey("TESTUSDT", "1h", "here")
N_BARS = 3_000


def made_bars(symbol: str, seed: int, n_bars: int = N_BARS) -> Bars:
    """Return generated bars under another name."""
    made = synthetic_bars(n_bars, end=1_700_006_400_000, rng=np.random.default_rng(seed))
    columns = {name: getattr(made, name) for name in ("timestamp", *VALUE_COLUMNS)}
    return Bars(symbol=symbol, timeframe="1h", source="here", **columns)


def request_for(key: SeriesKey) -> TrainRequest:
    """Return a training that is quickly over."""
    recipe = Recipe(settings={"n_rounds": 15, "max_depth": 2})
    return TrainRequest(key=key, recipe=recipe, leader="LEADUSDT:1h:here", thorough=False)


@dataclass(frozen=True)
class Files:
    """The bars of the stored series, and far too few of another one, in files."""

    bars: Path
    few: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Write the files."""
    folder = tmp_path_factory.mktemp("bars")
    write_bars(made_bars("TESTUSDT", 8), folder / "bars.csv")
    write_bars(made_bars("FEWUSDT", 9, 700), folder / "few.csv")
    return Files(folder / "bars.csv", folder / "few.csv")


@pytest.fixture(scope="module")
def key(database_url: str) -> SeriesKey:
    """A stored series, and another one that may lead it."""
    del database_url
    with SessionLocal.begin() as db:
        store_bars(db, made_bars("TESTUSDT", 8))
        store_bars(db, made_bars("LEADUSDT", 9))
    return KEY


@pytest.fixture(scope="module")
def kept(key: SeriesKey) -> Kept:
    """A few trees on the series, trained with a leader."""
    return train_stored(request_for(key), "alice", DatabaseLedger())
