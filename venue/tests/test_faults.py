import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.faults import FaultSchedule, parse_rule, read_faults


def hits(schedule: FaultSchedule, n_events: int, **facts: str) -> list[int]:
    return [k for k in range(1, n_events + 1) if schedule.take("stream.frame", **facts)]


RULES: list[tuple[dict[str, object], list[int]]] = [
    # rule, events that are hit among the first ten
    ({"at": [3, 7]}, [3, 7]),
    ({"at": 4}, [4]),
    ({"every": 3}, [3, 6, 9]),
    ({"every": 2, "times": 2}, [2, 4]),
    ({}, list(range(1, 11))),
    ({"probability": 0.0}, []),
    ({"probability": 1.0}, list(range(1, 11))),
]


@pytest.mark.parametrize(("rule", "expected"), RULES)
def test_a_rule_hits_the_events_it_names(rule: dict[str, object], expected: list[int]):
    schedule = FaultSchedule(1, [parse_rule({"point": "stream.frame", "action": "drop", **rule})])
    assert hits(schedule, 10) == expected


def test_only_events_that_match_are_counted():
    rule = {"point": "stream.frame", "action": "drop", "at": 2, "match": {"channel": "kline"}}
    schedule = FaultSchedule(1, [parse_rule(rule)])
    assert schedule.take("stream.frame", channel="kline") is None
    assert schedule.take("stream.frame", channel="trade") is None
    assert schedule.take("stream.frame", channel="kline") is not None
    assert schedule.take("rest.request", channel="kline") is None


@given(seed=st.integers(0, 2**31), chance=st.floats(0.05, 0.95))
def test_one_seed_gives_the_same_faults_again(seed: int, chance: float):
    rule = parse_rule({"point": "stream.frame", "action": "drop", "probability": chance})
    first, second = (hits(FaultSchedule(seed, [rule]), 200) for _ in range(2))
    assert first == second


def test_a_probability_is_kept_over_many_events():
    rule = parse_rule({"point": "stream.frame", "action": "drop", "probability": 0.25})
    assert 2_300 < len(hits(FaultSchedule(9, [rule]), 10_000)) < 2_700


def test_a_rule_begins_and_ends_by_real_time():
    now = [0.0]
    rule = parse_rule({"point": "clock", "action": "offset", "after_ms": 100, "for_ms": 50})
    schedule = FaultSchedule(1, [rule], lambda: now[0])
    found: list[bool] = []
    for moment in (0, 99, 100, 150, 151):
        now[0] = moment
        found.append(schedule.take("clock") is not None)
    assert found == [False, False, True, True, False]


def test_rules_are_read_from_a_file_with_the_numbers_of_their_action(tmp_path: Path):
    path = tmp_path / "faults.json"
    rules = [{"point": "rest.request", "action": "delay", "ms": 250, "every": 2}]
    path.write_text(json.dumps({"rules": rules}))
    (rule,) = read_faults(path)
    assert (rule.every, rule.action.kind, rule.action.number("ms", 0)) == (2, "delay", 250)


WRONG = [
    ({"point": "nowhere", "action": "drop"}, "fault point"),
    ({"point": "clock"}, "point and action"),
    ({"point": "clock", "action": "x", "probability": 2}, "chance"),
    ({"point": "clock", "action": "x", "every": 0}, "every"),
    ({"point": "clock", "action": "x", "at": [0]}, "from 1 on"),
]


@pytest.mark.parametrize(("rule", "said"), WRONG)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, object], said: str):
    with pytest.raises(ConfigurationError, match=said):
        parse_rule(rule)


def test_what_happened_is_remembered_and_rules_can_be_taken_back():
    schedule = FaultSchedule(1)
    number = schedule.add(parse_rule({"point": "clock", "action": "offset", "ms": 5}))
    schedule.take("clock")
    assert schedule.history == [{"rule": 1, "point": "clock", "action": "offset", "event": 1}]
    schedule.remove(number)
    assert not schedule.watches("clock")
    assert schedule.take("clock") is None
