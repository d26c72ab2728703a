"""Numbers as people read them. What is undefined is a dash."""

import math
from datetime import UTC, datetime

UNDEFINED = "–"


def percent(value: float, digits: int = 2) -> str:
    """Return a fraction as per cent, with a proper minus sign."""
    return UNDEFINED if math.isnan(value) else f"{value * 100:,.{digits}f}\u00a0%".replace("-", "−")


def signed_percent(value: float, digits: int = 1) -> str:
    """Return a fraction as per cent with its sign."""
    return UNDEFINED if math.isnan(value) else f"{value * 100:+,.{digits}f}".replace("-", "−")


def number(value: float, digits: int = 2) -> str:
    """Return a number with thousands separated."""
    return UNDEFINED if math.isnan(value) else f"{value:,.{digits}f}".replace("-", "−")


def short(value: object, digits: int = 6) -> str:
    """Return a parameter: a number with at most so many digits, anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    text = f"{value:.{digits}g}" if isinstance(value, float) else str(value)
    return text.replace("-", "−")


def price(value: float | None) -> str:
    """Return a price with about seven digits, whatever its size."""
    if value is None or math.isnan(value):
        return UNDEFINED
    digits = 2 if value >= 1000 else max(0, 6 - math.floor(math.log10(abs(value) or 1.0)))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text and digits > 2 else text


def money_axis(value: float) -> str:
    """Return an amount short enough for an axis."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scaled = value / (1e3 if unit == "k" else size)
            return f"{scaled:,.4g}{unit}".replace("-", "−")
    return f"{value:,.6g}".replace("-", "−")


def day(time_ms: float) -> str:
    """Return the date of a time in milliseconds UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d")


def sign_class(value: float) -> str:
    """Return the class that colours a gain or a loss; the sign itself is in the text."""
    return "up" if value > 0 else "down" if value < 0 else ""
