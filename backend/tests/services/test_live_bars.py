"""Live bars in order: what leaves a series is what the venue says, once each, never forming."""

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.frames import LiveBar
from app.services.live_bars import Origin, Outcome, SeriesLine

MINUTE = 60_000
START = 1_700_000_040_000


def bar(number: int, close: float = 100.0, volume: float = 1.0) -> LiveBar:
    high, low = max(100.0, close), min(100.0, close)
    return LiveBar(START + number * MINUTE, 100.0, high, low, close, volume)


def line(expected: int = 0) -> SeriesLine:
    return SeriesLine(MINUTE, START + expected * MINUTE)


def numbers(outcomes: list[Outcome]) -> list[int]:
    return [(outcome.open_ms - START) // MINUTE for outcome in outcomes]


def test_closed_bars_in_order_are_handed_on_at_once() -> None:
    series = line()
    assert numbers(series.on_frame(bar(0), closed=True)) == [0]
    assert numbers(series.on_frame(bar(1), closed=True)) == [1]
    assert series.wanted is None


def test_f26_a_forming_bar_never_leaves() -> None:
    series = line()
    for close in (100.0, 101.0, 99.0):
        assert series.on_frame(bar(0, close), closed=False) == []
    assert series.wanted is None
    assert numbers(series.on_frame(bar(0, 98.0), closed=True)) == [0]


def test_f26_a_forming_bar_shows_that_the_one_before_has_closed() -> None:
    series = line()
    assert series.on_frame(bar(2), closed=False) == []
    assert series.wanted == (START, START + MINUTE)


def test_f25_nothing_newer_leaves_before_the_missing_bars() -> None:
    series = line()
    assert series.on_frame(bar(3), closed=True) == []
    assert series.wanted == (START, START + 3 * MINUTE)
    found = series.on_rest(START, [bar(0), bar(1), bar(2)], START + 3 * MINUTE)
    assert numbers(found) == [0, 1, 2, 3]
    assert [outcome.origin for outcome in found] == [Origin.REST] * 3 + [Origin.STREAM]
    assert series.wanted is None


def test_duplicates_and_late_frames_are_ignored_and_counted() -> None:
    series = line()
    series.on_frame(bar(0), closed=True)
    assert series.on_frame(bar(0), closed=True) == []
    assert series.on_frame(bar(0, 105.0), closed=False) == []
    series.on_frame(bar(2), closed=True)
    series.on_frame(bar(2), closed=True)
    assert series.counts.late == 3
    assert series.counts.handed == 1


def test_the_newest_bar_of_rest_counts_only_once_it_has_closed() -> None:
    series = line()
    series.on_time(START + MINUTE)
    assert series.wanted == (START, START)
    assert series.on_rest(START, [bar(0, 101.0)], START + MINUTE - 1) == []
    assert numbers(series.on_rest(START, [bar(0, 102.0)], START + MINUTE)) == [0]
    # A later bar in the answer is as good as the clock.
    assert numbers(series.on_rest(START, [bar(1), bar(2)], START)) == [1]


def test_a_bar_that_differs_from_rest_is_replaced_and_told() -> None:
    series = line()
    series.on_frame(bar(0, 101.0), closed=True)
    series.on_frame(bar(1, 101.0), closed=True)
    assert series.unchecked == (START, START + MINUTE)
    found = series.on_rest(START, [bar(0, 101.0), bar(1, 101.5)], START + 2 * MINUTE)
    assert found == [Outcome(Origin.REPLACED, START + MINUTE, bar(1, 101.5), bar(1, 101.0))]
    assert series.unchecked is None
    assert series.counts.replaced == 1


def test_a_waiting_bar_that_differs_from_rest_leaves_as_rest_has_it() -> None:
    series = line()
    series.on_frame(bar(1, 105.0), closed=True)
    found = series.on_rest(START, [bar(0), bar(1, 104.0)], START + 2 * MINUTE)
    assert [(one.origin, one.bar) for one in found] == [
        (Origin.REST, bar(0)),
        (Origin.REPLACED, bar(1, 104.0)),
    ]


def test_a_bar_the_venue_does_not_have_is_skipped_after_two_agreeing_answers() -> None:
    series = line()
    series.on_frame(bar(3), closed=False)
    answer = [bar(0), bar(2)]
    assert numbers(series.on_rest(START, answer, START + 3 * MINUTE)) == [0]
    again = series.on_rest(START + MINUTE, [bar(2)], START + 3 * MINUTE)
    assert [(one.origin, *numbers([one])) for one in again] == [
        (Origin.ABSENT, 1),
        (Origin.REST, 2),
    ]


def test_answers_that_disagree_skip_nothing() -> None:
    series = line()
    series.on_frame(bar(3), closed=False)
    assert series.on_rest(START, [bar(1), bar(2)], START + 3 * MINUTE) == []
    assert numbers(series.on_rest(START, [bar(0), bar(1), bar(2)], START + 3 * MINUTE)) == [0, 1, 2]


def test_an_empty_answer_is_not_an_empty_market() -> None:
    series = line()
    series.on_frame(bar(2), closed=True)
    for _ in range(5):
        assert series.on_rest(START, [], START + 3 * MINUTE) == []
    assert series.wanted == (START, START + 2 * MINUTE)


@pytest.mark.parametrize(
    ("given_bar", "why"),
    [
        (bar(0)._replace(close=float("nan")), "a price that is no number"),
        (bar(0)._replace(volume=float("nan")), "a volume that is no number"),
        (bar(0)._replace(high=float("inf")), "an infinite price"),
        (bar(0)._replace(high=99.0), "high below open"),
        (bar(0)._replace(volume=-1.0), "negative volume"),
        (LiveBar(START, 0.0, 0.0, 0.0, 0.0, 0.0), "no price"),
        (bar(0)._replace(open_ms=START + 1), "not on the grid"),
    ],
)
def test_f38_a_bar_that_contradicts_itself_is_refused(given_bar: LiveBar, why: str) -> None:
    series = line()
    assert series.on_frame(given_bar, closed=True) == [], why
    assert series.counts.refused == 1
    assert series.on_rest(START, [given_bar], START + MINUTE) == []


def test_f38_a_bar_without_volume_is_a_bar() -> None:
    series = line()
    assert numbers(series.on_frame(bar(0, volume=0.0), closed=True)) == [0]


@dataclass
class Network:
    """A venue with its truth, and a stream that loses, repeats, shuffles and cuts."""

    random: Random
    n_bars: int
    loss: float
    lag: int
    truth: list[LiveBar] = field(init=False)

    def __post_init__(self) -> None:
        self.truth = [
            bar(n, self.random.choice([99.0, 100.0, 101.5]), self.random.choice([0.0, 1.0]))
            for n in range(self.n_bars)
        ]

    def frames(self) -> list[tuple[LiveBar, bool, int]]:
        """Bar, closed flag, and how many bars have closed at the venue by then."""
        sent: list[tuple[LiveBar, bool, int]] = []
        cut_until = -1
        for number, one in enumerate(self.truth):
            if self.random.random() < 0.05:
                cut_until = number + self.random.randrange(1, 8)
            forming = one._replace(close=one.low, volume=0.0)
            for frame in ((forming, False, number), (one, True, number + 1)):
                if number < cut_until or self.random.random() < self.loss:
                    continue
                sent += [frame] * self.random.choice([1, 1, 1, 2])
        for place in range(len(sent) - 1):
            if self.random.random() < 0.1:
                other = min(len(sent) - 1, place + self.random.randrange(1, 5))
                sent[place], sent[other] = sent[other], sent[place]
        return sent

    def rest(self, wanted: tuple[int, int], n_closed: int) -> list[LiveBar]:
        known = self.truth[: max(0, n_closed - self.random.randrange(self.lag + 1))]
        forming = self.truth[n_closed : n_closed + 1]
        page = [one for one in known if one.open_ms >= wanted[0]][:20]
        return page + ([one._replace(volume=0.5) for one in forming] if len(page) < 20 else [])


@dataclass
class Listener:
    """A series at the end of a bad network, asking REST now and then."""

    network: Network
    series: SeriesLine = field(default_factory=line)
    out: list[LiveBar] = field(default_factory=list[LiveBar])
    newest: int = 0

    def hear(self, frame: LiveBar, closed: bool, n_closed: int) -> None:
        self.newest = max(self.newest, n_closed)
        self.take(self.series.on_frame(frame, closed=closed))
        wanted = self.series.wanted
        if wanted is not None and self.network.random.random() < 0.5:
            self.take(self.series.on_rest(wanted[0], self.network.rest(wanted, self.newest), START))

    def catch_up(self) -> None:
        end = START + self.network.n_bars * MINUTE
        self.series.on_time(end)
        for _ in range(400):
            wanted = self.series.wanted
            if wanted is None:
                break
            answer = [one for one in self.network.truth if one.open_ms >= wanted[0]][:20]
            self.take(self.series.on_rest(wanted[0], answer, end))

    def take(self, outcomes: list[Outcome]) -> None:
        for one in outcomes:
            assert one.bar is not None
            assert one.origin in {Origin.STREAM, Origin.REST}
            self.out.append(one.bar)


@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.05, 0.3, 0.9]),
    lag=st.integers(0, 2),
)
@settings(max_examples=200, deadline=None)
def test_whatever_the_network_does_the_output_is_the_truth_in_order_once_each(
    seed: int, loss: float, lag: int
) -> None:
    network = Network(Random(seed), 60, loss, lag)
    listener = Listener(network)
    for frame, closed, n_closed in network.frames():
        listener.hear(frame, closed, n_closed)
    listener.catch_up()
    assert listener.out == network.truth
