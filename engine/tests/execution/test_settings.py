"""What an account refuses to trade with."""

from typing import Any

import pytest

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.execution.settings import TradingSettings

NAN = float("nan")
REFUSED = [
    ("cash", 0.0, "cash above 0, found 0.0"),
    ("cash", NAN, "cash above 0, found nan"),
    ("leverage", 0.0, r"leverage in \(0, 125\], found 0.0"),
    ("leverage", 125.1, r"leverage in \(0, 125\], found 125.1"),
    ("stop_loss", 1.0, r"stop_loss as a fraction in \(0, 1\), found 1.0"),
    ("stop_loss", 1e-9, "stop_loss as a fraction"),
    ("take_profit", 100.0, r"take_profit as a fraction in \(0, 100\), found 100.0"),
    ("trailing_stop", NAN, "trailing_stop as a fraction"),
    ("max_daily_loss", -0.1, "max_daily_loss as a fraction"),
    ("rebalance_band", 1.0, "rebalance_band as a fraction"),
    ("maintenance_margin", 1.0, r"maintenance_margin in \[0, 1\), found 1.0"),
    ("maintenance_margin", NAN, "maintenance_margin"),
    ("liquidation_fee", 0.11, r"liquidation_fee in \[0, 0.1\], found 0.11"),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_a_setting_outside_its_range_is_refused(name: str, value: float, message: str) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(ConfigurationError, match=message):
        TradingSettings(**given)


@pytest.mark.parametrize(
    "name",
    ["stop_loss", "take_profit", "trailing_stop", "max_daily_loss", "rebalance_band"],
)
def test_what_is_not_given_is_off(name: str) -> None:
    assert getattr(TradingSettings(), name) is None
