from collections.abc import Sequence

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core.press import ItemKind, RawItem
from app.models.database import SentimentData
from app.models.sentiment import SentimentWindow
from app.services.press_intake import MOST_OF_A_GROUP, Intake, Plan, Taken, mark
from app.services.press_rows import Batch
from app.services.press_sift import Sieve
from app.services.sentiment import active_scorer

NOW = 1_767_225_600_000
HOUR = 3_600_000
SUBJECTS = (
    "miners", "exchanges", "regulators", "wallets", "funds", "banks", "developers", "validators",
    "traders", "courts", "auditors", "lenders", "insurers", "brokers", "custodians", "students",
)  # fmt: skip
VERBS = (
    "welcome", "reject", "study", "delay", "praise", "fear", "fund", "join", "question", "copy",
    "ignore", "audit",
)  # fmt: skip


@pytest.fixture(autouse=True)
def empty(db: Session) -> None:
    for table in (SentimentData, SentimentWindow):
        db.execute(delete(table))
    db.commit()


def intake(plan: Plan | None = None) -> Intake:
    return Intake(active_scorer(), synthetic=False, sieve=Sieve(), plan=plan)


def news(count: int, *, first: int = 0, kind: ItemKind = ItemKind.NEWS) -> list[RawItem]:
    """Items of which no two are alike."""
    return [
        RawItem(
            external_id=f"id-{number}",
            event_time_ms=NOW - 60_000,
            text=f"{SUBJECTS[number % 16]} {VERBS[number // 16 % 12]} bitcoin upgrade number "
            f"{number} of the {SUBJECTS[(number * 7 + 3) % 16]} in district {number * 31 % 997}",
            url=f"https://example.org/{number}",
            author=f"author {number}",
            kind=kind,
        )
        for number in range(first, first + count)
    ]


def take(
    db: Session, one: Intake, items: Sequence[RawItem], *, now_ms: int = NOW, source: str = "rss:w",
    skipped: frozenset[str] = frozenset(),
) -> Taken:  # fmt: skip
    taken = one.take(db, Batch(source, items, now_ms, skipped))
    db.commit()
    return taken


def stored(db: Session) -> list[SentimentData]:
    return list(db.scalars(select(SentimentData).order_by(SentimentData.sentiment_id)))


def test_an_item_is_stored_with_everything_that_is_known_of_it(db: Session) -> None:
    item = RawItem(
        external_id="guid-1",
        event_time_ms=NOW - 60_000,
        text="<b>Bitcoin</b> ETF inflows surge, Ethereum follows",
        url="https://www.coindesk.com/a",
        author="Jane",
    )
    taken = take(db, intake(), [item], source="rss:coindesk")
    assert (taken.counts["stored"], taken.counts["stored_rows"]) == (1, 2)
    rows = stored(db)
    assert [row.symbol for row in rows] == ["BTC", "ETH"]
    row = rows[0]
    assert (row.source, row.external_id, row.kind) == ("rss:coindesk", "guid-1", "news")
    assert row.text == "Bitcoin ETF inflows surge, Ethereum follows"
    assert row.raw_text == item.text
    assert row.matched == [{"asset": "BTC", "by": "name", "term": "Bitcoin"}]
    assert row.sentiment_score is not None
    assert row.sentiment_score > 0
    assert row.weight == pytest.approx(0.85)
    assert row.timestamp.timestamp() * 1000 == NOW - 60_000
    assert row.observed_at.timestamp() * 1000 == NOW
    assert row.author_hash
    assert "Jane" not in row.author_hash


def test_the_same_answer_twice_changes_nothing(db: Session) -> None:
    one = intake()
    take(db, one, news(20))
    again = take(db, one, news(20))
    assert again.counts["known"] == 20
    assert "stored" not in again.counts
    assert len(stored(db)) == 20
    assert {row.observed_at.timestamp() * 1000 for row in stored(db)} == {NOW}


def test_a_window_takes_what_the_plan_says_of_each_kind(db: Session) -> None:
    one = intake(Plan(per_kind=30))
    take(db, one, news(50))
    take(db, one, news(50, first=50))
    take(db, one, news(50, first=100, kind=ItemKind.SOCIAL), source="reddit")
    kinds = db.execute(select(SentimentData.kind, func.count()).group_by(SentimentData.kind)).all()
    assert {row[0]: row[1] for row in kinds} == {"news": 30, "social": 30}
    windows = {row.kind: row for row in db.scalars(select(SentimentWindow))}
    assert (windows["news"].offered, windows["news"].taken, windows["news"].plan) == (100, 30, 30)
    assert (windows["social"].offered, windows["social"].taken) == (50, 30)


def test_the_choice_can_be_repeated(db: Session) -> None:
    chosen: list[set[str | None]] = []
    for _ in range(2):
        db.execute(delete(SentimentData))
        db.execute(delete(SentimentWindow))
        take(db, intake(Plan(per_kind=10)), news(40))
        chosen.append({row.external_id for row in stored(db)})
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) == 10
    # Not simply the first ones.
    assert chosen[0] != {f"id-{n}" for n in range(10)}


def test_what_was_left_out_is_not_taken_in_the_next_window(db: Session) -> None:
    one = intake(Plan(per_kind=10))
    first = take(db, one, news(40))
    assert len(first.left_out) == 30
    # A process that was started anew knows it from the state of the source.
    later = take(db, intake(Plan(per_kind=10)), news(40), now_ms=NOW + HOUR,
                 skipped=first.left_out)  # fmt: skip
    assert later.counts["known"] == 40
    assert later.left_out == first.left_out
    assert len(stored(db)) == 10


def test_a_flood_of_identical_posts_displaces_nobody(db: Session) -> None:
    flood = [
        RawItem(
            external_id=f"flood-{n}", event_time_ms=NOW, kind=ItemKind.NEWS,
            text="Bitcoin will be adopted by the whole district next week says the mayor",
        )
        for n in range(2_000)
    ]  # fmt: skip
    taken = take(db, intake(), [*flood, *news(100)])
    rows = stored(db)
    assert sum(row.external_id is not None and row.external_id.startswith("id-") for row in rows) \
        == 100  # fmt: skip
    assert len(rows) == 100 + MOST_OF_A_GROUP
    assert taken.counts["near_duplicates"] >= 1_999
    assert len({row.duplicate_group for row in rows}) == 101


def test_spam_is_left_out_and_counted(db: Session) -> None:
    text = "🚀🚀 FREE BTC AIRDROP 🚀🚀 claim now, 1000% profit GUARANTEED, DM me on telegram!!!"
    posts = [
        RawItem(external_id=f"s{n}", event_time_ms=NOW, text=f"{text} {n}", author="bot",
                kind=ItemKind.SOCIAL)
        for n in range(20)
    ]  # fmt: skip
    taken = take(db, intake(), posts, source="x")
    assert taken.counts["spam"] >= 15
    assert len(stored(db)) <= 5
    assert mark("s19") in taken.left_out


def test_a_reprint_joins_its_group_also_after_a_restart(db: Session) -> None:
    text = "Bitcoin miners sell their reserves as the new difficulty takes effect this month"
    first = RawItem(external_id="a", event_time_ms=NOW, text=text)
    again = RawItem(external_id="b", event_time_ms=NOW, text=f"BREAKING: {text}!")
    take(db, intake(), [first], source="rss:one")
    take(db, intake(), [again], source="rss:two", now_ms=NOW + HOUR)
    assert len({row.duplicate_group for row in stored(db)}) == 1


def test_an_undated_item_is_as_old_as_its_receipt_and_none_is_newer(db: Session) -> None:
    undated = RawItem(external_id="u", event_time_ms=None, text="Bitcoin rises")
    ahead = RawItem(external_id="v", event_time_ms=NOW + 200_000, text="Bitcoin falls")
    take(db, intake(), [undated, ahead])
    for row in stored(db):
        assert row.timestamp <= row.observed_at
        assert row.timestamp.timestamp() * 1000 == NOW


def test_the_index_is_stored_for_the_whole_market(db: Session) -> None:
    value = RawItem(external_id="20454", event_time_ms=NOW - HOUR, text="25 Extreme Fear",
                    kind=ItemKind.INDEX, value=25.0)  # fmt: skip
    take(db, intake(), [value], source="fear-greed")
    (row,) = stored(db)
    assert (row.symbol, row.sentiment_score, row.kind) == ("CRYPTO", -0.5, "index")


def test_a_transaction_that_fails_leaves_nothing_behind(db: Session) -> None:
    one = intake()
    one.take(db, Batch("rss:w", news(10), NOW))
    db.rollback()
    one.forget()
    taken = take(db, one, news(10))
    assert taken.counts["stored"] == 10
    assert taken.counts.get("near_duplicates", 0) == 0
