"""Line charts as inline SVG.

The drawing stretches with the page while its lines keep their width; labels are HTML beside it, so
that they stay readable on a phone.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.report.text import day

_POINTS = 700
_WIDTH, _HEIGHT = 1000.0, 100.0
_LOG_FROM = 6.0
_STEPS = (1.0, 2.0, 5.0, 10.0)


def line_chart(
    timestamp: IntArray,
    lines: Sequence[tuple[str, FloatArray]],
    label: Callable[[float], str],
    description: str,
) -> str:
    """Return a chart of lines over the same bars.

    The scale is logarithmic where the highest value is more than six times the lowest one.
    """
    low = min(float(values.min()) for _, values in lines)
    high = max(float(values.max()) for _, values in lines)
    logarithmic = low > 0 and high / low > _LOG_FROM
    ticks = _log_ticks(low, high) if logarithmic else linear_ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    bend = math.log if logarithmic else float

    def height(value: float) -> float:
        return _HEIGHT * (1.0 - (bend(value) - bend(low)) / ((bend(high) - bend(low)) or 1.0))

    paths = "".join(f'<path class="{name}" d="{_path(v, height)}"/>' for name, v in lines)
    drawing = _figure(timestamp, paths, [(t, height(t)) for t in ticks], label, description)
    return drawing + ('<p class="soft">Logarithmic scale.</p>' if logarithmic else "")


def depth_chart(timestamp: IntArray, depth: FloatArray, label: Callable[[float], str]) -> str:
    """Return a chart of drawdowns: fractions ≥ 0, drawn downwards from the upper edge."""
    ticks = linear_ticks(0.0, max(float(depth.max()), 0.01))

    def height(value: float) -> float:
        return _HEIGHT * value / max(ticks[-1], float(depth.max()))

    shape = f"{_path(depth, height)}L{_WIDTH:g} 0L0 0Z"
    path = f'<path class="fill" d="{shape}"/>'
    marks = [(tick, height(tick)) for tick in ticks]
    return _figure(timestamp, path, marks, label, "Drawdown from the highest equity.", "plot low")


def linear_ticks(low: float, high: float) -> list[float]:
    """Return three to six round values around the range."""
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(power * s for s in _STEPS if span / (power * s) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 12) for n in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [m * 10.0**p for p in powers for m in (1, 2, 5)]
    inside = [tick for tick in every if low <= tick <= high]
    if len(inside) > 6:
        inside = [tick for tick in inside if math.log10(tick).is_integer()]
    return inside[:: 1 + len(inside) // 7]


def _figure(
    timestamp: IntArray,
    paths: str,
    marks: Sequence[tuple[float, float]],
    label: Callable[[float], str],
    description: str,
    kind: str = "plot",
) -> str:
    lines = "".join(f'<line x1="0" x2="{_WIDTH:g}" y1="{y:.2f}" y2="{y:.2f}"/>' for _, y in marks)
    labels = "".join(
        f'<span class="y" style="top:{y / _HEIGHT * 100:.2f}%">{label(value)}</span>'
        for value, y in marks
    )
    rows = np.linspace(0, timestamp.size - 1, 5).round().astype(int)
    days = "".join(f"<span>{day(float(timestamp[row]))}</span>" for row in rows)
    return (
        f'<figure class="chart"><div class="{kind}"><svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" '
        f'preserveAspectRatio="none" role="img" aria-label="{description}">{lines}{paths}</svg>'
        f'{labels}</div><div class="x">{days}</div></figure>'
    )


def _path(values: FloatArray, height: Callable[[float], float]) -> str:
    rows = kept_rows(values)
    step = _WIDTH / max(1, values.size - 1)
    points = (f"{row * step:.1f} {height(float(values[row])):.2f}" for row in rows.tolist())
    return "M" + "L".join(points)


def kept_rows(values: FloatArray) -> IntArray:
    """Return the rows to draw: first, last, and the extremes of each of several hundred slices."""
    if values.size <= 2 * _POINTS:
        return np.arange(values.size, dtype=np.int64)
    edges = np.linspace(0, values.size, _POINTS + 1).astype(np.int64)
    rows = {0, values.size - 1}
    for first, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        rows |= {
            first + int(np.argmin(values[first:stop])),
            first + int(np.argmax(values[first:stop])),
        }
    return np.array(sorted(rows), np.int64)
