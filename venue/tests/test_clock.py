import asyncio

import pytest

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.clock import VenueClock


class Real:
    """Real time that tests set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_market_time_runs_at_its_speed_and_never_passes_real_time():
    real = Real(1_000_000)
    clock = VenueClock(400_000, 60, real)
    real.now += 5_000
    assert clock.market_ms() == 700_000
    real.now += 100_000
    assert clock.market_ms() == 1_105_000


def test_at_one_times_from_now_market_time_is_real_time():
    real = Real(1_000_000)
    clock = VenueClock(None, 1, real)
    real.now += 12_345
    assert clock.market_ms() == clock.wall_ms() == 1_012_345


def test_market_time_stands_still_while_paused_and_loses_nothing():
    real = Real(1_000_000)
    clock = VenueClock(0, 10, real)
    real.now += 1_000
    clock.pause()
    real.now += 50_000
    assert clock.market_ms() == 10_000
    clock.resume()
    real.now += 1_000
    assert clock.market_ms() == 20_000


def test_a_new_speed_counts_from_the_moment_it_is_set():
    real = Real(1_000_000)
    clock = VenueClock(0, 10, real)
    real.now += 1_000
    clock.set_speed(100)
    real.now += 1_000
    assert clock.market_ms() == 110_000


def test_f29_offset_and_drift_move_wall_time_only():
    real = Real(1_000_000)
    clock = VenueClock(500_000, 1, real)
    clock.offset_ms = 2_000
    assert clock.wall_ms() == 1_002_000
    clock.drift(500)
    real.now += 100_000
    assert clock.wall_ms() == 1_102_050
    clock.offset_ms = -2_000
    assert clock.wall_ms() == 1_098_000
    assert clock.market_ms() == 600_000


def test_market_time_that_is_held_back_is_counted():
    real = Real(1_000_000)
    clock = VenueClock(0, 100, real)
    real.now += 1_000
    clock.hold_back(40_000)
    assert (clock.market_ms(), clock.held_back_ms) == (40_000, 60_000)


def test_sleep_until_wakes_when_the_speed_grows():
    async def scenario() -> float:
        clock = VenueClock(0, 1)
        loop = asyncio.get_running_loop()
        began = loop.time()
        loop.call_later(0.05, clock.set_speed, 10_000)
        await clock.sleep_until(100_000)
        return loop.time() - began

    assert asyncio.run(scenario()) < 2


@pytest.mark.parametrize("speed", [0, -1, 10_001, float("nan")])
def test_a_speed_out_of_range_is_refused(speed: float):
    with pytest.raises(ConfigurationError, match="expected a speed"):
        VenueClock(0, speed)


def test_a_start_in_the_future_is_refused():
    with pytest.raises(ConfigurationError, match="start in the past"):
        VenueClock(2_000_000, 1, Real(1_000_000))
