from cryptovolt_venue.limits import Limits


class Real:
    def __init__(self) -> None:
        self.now = 600_000.0

    def __call__(self) -> float:
        return self.now


def test_weight_counts_per_address_market_and_minute():
    real = Real()
    limits = Limits(real, {"spot": 100, "usdm": 50})
    assert limits.take("spot", "a", 60) is None
    assert limits.take("usdm", "a", 50) is None
    assert limits.take("spot", "b", 100) is None
    assert (limits.used("spot", "a"), limits.used("usdm", "a")) == (60, 50)
    real.now += 60_000
    assert limits.used("spot", "a") == 0
    assert limits.take("spot", "a", 100) is None


def test_f28_over_the_limit_comes_429_until_the_next_minute_then_418_for_longer_each_time():
    real = Real()
    limits = Limits(real, {"spot": 100, "usdm": 50})
    real.now += 45_000
    refused = limits.take("spot", "a", 101)
    assert refused is not None
    assert (refused.status, refused.retry_after_s) == (429, 15)
    statuses = [found.status for _ in range(12) if (found := limits.take("spot", "a", 1))]
    assert statuses == [429] * 9 + [418] * 3
    banned = limits.take("spot", "a", 1)
    assert banned is not None
    assert 119 <= banned.retry_after_s <= 120
    real.now += 120_001
    assert limits.take("spot", "a", 1) is None
    for _ in range(11):
        limits.take("spot", "a", 101)
    again = limits.take("spot", "a", 1)
    assert again is not None
    assert (again.status, again.retry_after_s) == (418, 240)


def test_who_waits_as_told_is_served_again():
    real = Real()
    limits = Limits(real, {"spot": 100, "usdm": 50})
    refused = limits.take("spot", "a", 101)
    assert refused is not None
    real.now += refused.retry_after_s * 1000
    assert limits.take("spot", "a", 100) is None


def test_a_fault_may_force_a_ban_and_it_can_be_forgiven():
    real = Real()
    limits = Limits(real)
    assert limits.force("usdm", "a", 418, 5_000).retry_after_s == 5
    found = limits.take("usdm", "a", 1)
    assert found is not None
    assert found.status == 418
    limits.forgive()
    assert limits.take("usdm", "a", 1) is None


def test_orders_are_counted_in_both_windows():
    real = Real()
    limits = Limits(real)
    counts = [limits.count_order("usdm", "me") for _ in range(301)]
    assert counts[-1] == {"10S": 301, "1M": 301}
    assert limits.too_many_orders("usdm", counts[-1])
    assert not limits.too_many_orders("usdm", counts[-2])
    real.now += 10_000
    assert limits.count_order("usdm", "me") == {"10S": 1, "1M": 302}
