"""Versions of scores, snapshots, and rows that leave the table and come back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from app.core.config import settings
from app.models.database import SentimentData
from app.models.sentiment import SentimentArchive, SentimentSnapshot
from app.repositories.sentiment import (
    INDEX_SCORER,
    INDEX_SCORER_HASH,
    ArchivedItem,
    insert_items,
)
from app.services import maintenance
from app.services.sentiment import active_scorer, known_series, list_coverage
from app.services.sentiment_archive import clean_sentiment, restore_sentiment
from app.services.sentiment_rescore import rescore
from app.services.sentiment_snapshots import list_snapshots, read_snapshot, take_snapshot
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.sentiment import FEAR_GREED

START = 1_650_000_000_000
HOUR = 3_600_000
FAR = 4_000_000_000_000
LATER = datetime(2024, 1, 1, tzinfo=UTC)


class Constant:
    """A scorer with one opinion."""

    def __init__(self, value: float, name: str = "constant") -> None:
        self.value, self.name, self.hash = value, name, f"{name:x<56}{value:+08.4f}"
        self.calls = 0

    def score(self, texts: Sequence[str]) -> FloatArray:
        self.calls += 1
        return np.full(len(texts), self.value)


@pytest.fixture
def session(db: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session whose rows are gone after the test, and a folder of its own for files."""
    monkeypatch.setattr(settings, "CRYPTOVOLT_HOME", tmp_path)
    yield db
    db.rollback()
    for table in (SentimentData, SentimentSnapshot, SentimentArchive):
        db.execute(delete(table))
    db.commit()


def item(number: int, **changes: object) -> ArchivedItem:
    scorer = active_scorer()
    made = ArchivedItem(
        source="rss:wire",
        symbol="BTC",
        external_id=str(number),
        event_time_ms=START + number * HOUR,
        observed_at_ms=START + number * HOUR + 60_000,
        text=f"Bitcoin rallied for the {number}th time",
        text_hash=f"{number:064x}",
        score=0.5,
        scorer=scorer.name,
        scorer_hash=scorer.hash,
        kind="news",
        weight=0.5,
        matched=[{"asset": "BTC", "by": "name", "term": "Bitcoin"}],
    )
    return replace(made, **changes)  # pyright: ignore[reportArgumentType]


def greed(number: int, score: float = 0.2) -> ArchivedItem:
    return item(
        number, source=FEAR_GREED, symbol="CRYPTO", kind="index", score=score, weight=None,
        scorer=INDEX_SCORER, scorer_hash=INDEX_SCORER_HASH, external_id=f"day {number}",
    )  # fmt: skip


def table(db: Session) -> list[tuple[object, ...]]:
    rows = db.execute(text("SELECT CAST(s AS text) FROM sentiment_data s ORDER BY sentiment_id"))
    return [tuple(row) for row in rows]


def test_a_market_reads_its_pair_its_coin_and_the_whole_market(session: Session) -> None:
    other = item(3, symbol="ETH")
    insert_items(session, [item(0), item(1, symbol="BTCUSDT"), greed(2), other])
    found = known_series(session, "BTC/USDT", FAR)
    assert found.origins == (FEAR_GREED, "rss")
    assert len(found) == 3
    assert found.of(FEAR_GREED).score.tolist() == [0.2]
    assert found.texts().weight.tolist() == [0.5, 0.5]
    assert len(known_series(session, "ETHUSDT", FAR).texts()) == 1


def test_made_up_texts_and_real_ones_are_never_read_together(session: Session) -> None:
    insert_items(session, [item(0), item(1, synthetic=True), item(2, synthetic=True)])
    assert len(known_series(session, "BTCUSDT", FAR)) == 1
    assert len(known_series(session, "BTCUSDT", FAR, synthetic=True)) == 2


def test_near_duplicates_count_once_within_two_days(session: Session) -> None:
    group = "f" * 64
    same = [item(number, duplicate_group=group) for number in (0, 1, 2)]
    insert_items(session, [*same, item(100, duplicate_group=group)])
    assert len(known_series(session, "BTC", FAR)) == 2


def test_a_new_version_stands_beside_the_old_one_and_was_seen_at_the_same_time(
    session: Session,
) -> None:
    insert_items(session, [item(number) for number in range(7)] + [greed(3)])
    before = known_series(session, "BTC", FAR)
    old = table(session)
    shown: list[tuple[int, int]] = []

    def show(done: int, total: int, message: str) -> None:
        assert message
        shown.append((done, total))

    done = rescore(session, Constant(-0.25), show, 3)
    assert (done.n_added, shown) == (7, [(3, 7), (6, 7), (7, 7)])
    assert table(session)[: len(old)] == old
    again = known_series(session, "BTC", FAR, scorer_hash=Constant(-0.25).hash)
    np.testing.assert_array_equal(again.observed_at, before.observed_at)
    np.testing.assert_array_equal(again.event_time, before.event_time)
    assert again.texts().score.tolist() == [-0.25] * 7
    assert again.of(FEAR_GREED).score.tolist() == [0.2]
    assert known_series(session, "BTC", FAR).content_hash() == before.content_hash()
    versions = {row.scorer: row.n_items for row in list_coverage(session) if row.symbol == "BTC"}
    assert versions == {active_scorer().name: 7, "constant": 7}


def test_scoring_again_by_the_same_scorer_adds_nothing(session: Session) -> None:
    insert_items(session, [item(number) for number in range(3)])
    assert rescore(session, Constant(0.1)).n_added == 3
    again = Constant(0.1)
    assert (rescore(session, again).n_added, again.calls) == (0, 0)
    assert rescore(session, Constant(0.2)).n_added == 3


def test_an_interrupted_rescoring_goes_on_where_it_stopped(session: Session) -> None:
    class Failing(Constant):
        def score(self, texts: Sequence[str]) -> FloatArray:
            if self.calls == 2:
                raise DataError("out of luck")
            return super().score(texts)

    insert_items(session, [item(number) for number in range(10)])
    session.commit()
    with pytest.raises(DataError, match="out of luck"):
        rescore(session, Failing(0.3), batch=3)
    session.rollback()
    rest = Constant(0.3)
    assert (rescore(session, rest, batch=3).n_added, rest.calls) == (4, 2)


def test_texts_without_an_id_get_one_with_their_second_version(session: Session) -> None:
    row = SentimentData(symbol="BTC", source="reddit", text="hm", sentiment_score=0.5)
    session.add(row)
    session.flush()
    for value in (0.1, 0.2):
        assert rescore(session, Constant(value)).n_added == 1
        assert rescore(session, Constant(value)).n_added == 0
    assert len(known_series(session, "BTC", FAR, scorer_hash=Constant(0.2).hash)) == 1


def test_scores_that_are_none_are_refused(session: Session) -> None:
    insert_items(session, [item(0)])
    with pytest.raises(DataError, match="to give 1 scores"):
        rescore(session, Constant(float("nan")))


@pytest.mark.parametrize("n_done", [0, 2])
def test_reading_says_that_texts_are_not_scored_by_the_active_scorer(
    session: Session, n_done: int
) -> None:
    old = {"scorer": "older", "scorer_hash": "0" * 64}
    insert_items(session, [item(number, **old) for number in range(4)])
    # The newest are scored first, as rescoring does.
    insert_items(session, [item(number) for number in range(4 - n_done, 4)])
    with pytest.raises(ConfigurationError, match="run `cryptovolt sentiment rescore`"):
        known_series(session, "BTCUSDT", FAR)
    rescore(session, active_scorer())
    assert len(known_series(session, "BTCUSDT", FAR)) == 4
    assert len(known_series(session, "BTCUSDT", FAR, scorer_hash="0" * 64)) == 4


def test_a_text_that_claims_to_be_written_after_it_was_seen_counts_from_when_it_was_seen(
    session: Session,
) -> None:
    seen = datetime.fromtimestamp(START / 1000, UTC) + timedelta(microseconds=300)
    insert_items(session, [item(0, event_time_ms=START + 5 * HOUR)])
    session.execute(text("UPDATE sentiment_data SET observed_at = :seen"), {"seen": seen})
    assert len(known_series(session, "BTC", START)) == 0
    found = known_series(session, "BTC", START + 1)
    # The first millisecond that is not before it.
    assert found.observed_at.tolist() == found.event_time.tolist() == [START + 1]
    assert len(known_series(session, "BTC", FAR, since_ms=START + 1)) == 1
    assert len(known_series(session, "BTC", FAR, since_ms=START + 2)) == 0


def test_a_snapshot_holds_what_had_been_seen_by_then(session: Session) -> None:
    insert_items(session, [item(number) for number in range(6)])
    as_of = datetime.fromtimestamp((START + 3 * HOUR) / 1000, UTC)
    taken = take_snapshot(session, "BTC/USDT", as_of=as_of)
    assert len(taken.series) == 3
    assert read_snapshot(taken.hash).content_hash() == taken.hash == taken.path.stem
    assert take_snapshot(session, "BTCUSDT", as_of=as_of).hash == taken.hash
    (row,) = list_snapshots(session, "BTC_USDT")
    assert (row.symbol, row.n_items, row.scorer_hash) == ("BTCUSDT", 3, active_scorer().hash)
    with pytest.raises(DataError, match="expected sentiment of ETHUSDT"):
        take_snapshot(session, "ETHUSDT")


def known_as_of_each_hour(db: Session) -> list[str]:
    return [known_series(db, "BTCUSDT", START + hour * HOUR).content_hash() for hour in range(12)]


def test_what_is_cleaned_comes_back_as_it_was(session: Session, tmp_path: Path) -> None:
    session.add(SentimentData(symbol="BTC", text="explicit null", extra_data=None))
    rows = [item(number, extra_data={"b": [1, 2.5], "a": None}) for number in range(5)]
    insert_items(session, [*rows, item(9, symbol="ETH", raw_text="<b>"), greed(2)])
    session.execute(text("UPDATE sentiment_data SET timestamp = :t WHERE external_id IS NULL"),
                    {"t": LATER - timedelta(days=1000)})  # fmt: skip
    rescore(session, Constant(0.5))
    session.commit()
    before, known = table(session), known_as_of_each_hour(session)
    done = clean_sentiment(session, tmp_path, LATER, batch=4)
    assert done.n_archived == len(before) == 14
    assert (len(done.files), done.n_kept) == (4, 0)
    assert table(session) == []
    back = restore_sentiment(session, tmp_path)
    assert (back.n_files, back.n_archived, back.n_new) == (4, 14, 14)
    assert table(session) == before
    assert known_as_of_each_hour(session) == known
    assert restore_sentiment(session, tmp_path).n_files == 0


def test_a_changed_archive_brings_nothing_back(session: Session, tmp_path: Path) -> None:
    insert_items(session, [item(number) for number in range(4)])
    session.commit()
    files = clean_sentiment(session, tmp_path, LATER, batch=2).files
    files[1].write_bytes(files[1].read_bytes() + b"x")
    with pytest.raises(DataError, match="to be the file that was written"):
        restore_sentiment(session, tmp_path)
    assert table(session) == []


def test_cleaning_changes_no_snapshot_and_nothing_a_result_had_read(
    session: Session, tmp_path: Path
) -> None:
    """As of any time before the snapshot the rows of the result's series stay."""
    old = {"scorer": "older", "scorer_hash": "0" * 64}
    insert_items(session, [item(number) for number in range(10)] + [greed(2), greed(8)])
    insert_items(session, [item(number, **old) for number in range(10)])
    insert_items(session, [item(number, symbol="ETH") for number in range(3)])
    taken = take_snapshot(
        session, "BTCUSDT", as_of=datetime.fromtimestamp((START + 6 * HOUR) / 1000, UTC)
    )
    session.commit()
    content, known = taken.path.read_bytes(), known_as_of_each_hour(session)
    done = maintenance.clean(session, tmp_path, LATER)
    # Kept: six texts and one value of the index; archived: what other scorers and coins have.
    assert (done.sentiment_archived, done.sentiment_kept_for_snapshots) == (18, 7)
    assert taken.path.read_bytes() == content
    assert read_snapshot(taken.hash).content_hash() == taken.hash
    assert known_as_of_each_hour(session)[:7] == known[:7]
    assert known_as_of_each_hour(session)[9] != known[9]
    restore_sentiment(session, tmp_path)
    assert known_as_of_each_hour(session) == known


@pytest.mark.parametrize("seed", range(6))
def test_what_was_seen_after_a_time_changes_nothing_that_is_read_as_of_it(
    session: Session, seed: int
) -> None:
    """Late arrivals with old event times, repeats, other versions and made-up rows included."""
    rng = np.random.default_rng(seed)
    made = [_random_item(rng, number) for number in range(120)]
    rows = [one for one in made if one.external_id]
    t = START + int(rng.integers(5, 40)) * HOUR + int(rng.integers(0, 2))
    early = [one for one in rows if one.observed_at_ms <= t]
    late = [one for one in rows if one.observed_at_ms > t]
    assert early
    assert late
    insert_items(session, early)
    alone = _readings(session, t)
    insert_items(session, late)
    assert _readings(session, t) == alone
    # Also once everything carries a second version, and with the late rows gone again.
    rescore(session, Constant(0.75))
    assert _readings(session, t) == alone
    session.execute(
        text("DELETE FROM sentiment_data WHERE observed_at > to_timestamp(:t / 1000.0)"), {"t": t}
    )
    assert _readings(session, t) == alone


def _readings(db: Session, t: int) -> list[str]:
    scorer = active_scorer().hash
    return [
        known_series(
            db, symbol, t, since_ms=since, source=source, synthetic=synthetic, scorer_hash=scorer
        ).content_hash()
        for symbol in ("BTCUSDT", "ETHUSDT")
        for since in (None, t - 20 * HOUR)
        for source in (None, "rss:wire")
        for synthetic in (False, True)
    ]


def _random_item(rng: np.random.Generator, number: int) -> ArchivedItem:
    seen = START + int(rng.integers(0, 48)) * HOUR + int(rng.integers(0, 3))
    if rng.random() < 0.1:
        return replace(
            greed(number, float(rng.uniform(-1, 1))), observed_at_ms=seen, event_time_ms=seen
        )
    group = int(rng.integers(0, 40))
    return item(
        number,
        source=str(rng.choice(["rss:wire", "reddit"])),
        symbol=str(rng.choice(["BTC", "BTCUSDT", "ETH"])),
        observed_at_ms=seen,
        # Written long before it was seen, or, as clocks are, after.
        event_time_ms=seen - int(rng.integers(-2, 100)) * HOUR,
        score=float(rng.uniform(-1, 1)),
        weight=None if rng.random() < 0.3 else float(rng.uniform(0, 1)),
        duplicate_group=None if rng.random() < 0.5 else f"{group:064x}",
        text_hash=f"{group:064x}",
        synthetic=bool(rng.random() < 0.3),
        **({} if rng.random() < 0.8 else {"scorer": "older", "scorer_hash": "0" * 64}),
    )
