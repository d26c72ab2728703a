"""Charts as inline SVG.

The drawing stretches with the page while its lines keep their width; labels and marks are HTML
above it, so that they stay readable on a phone. A path is thinned to at most 1,400 points that keep
every extreme.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.report.text import day
from cryptovolt.research.monte_carlo import Bands

_POINTS = 700
_WIDTH, _HEIGHT = 1000.0, 100.0
_LOG_FROM = 6.0
_STEPS = (1.0, 2.0, 5.0, 10.0)
_BINS = 45

Label = Callable[[float], str]


class Mark(NamedTuple):
    """Something that happened in a row at a value; `kind` chooses its sign, `title` explains it."""

    row: int
    value: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Where values are drawn, and the round ones that get a line."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool

    @classmethod
    def over(cls, low: float, high: float) -> "Scale":
        """Return a scale for values from low to high, logarithmic where they are far apart."""
        logarithmic = low > 0 and high / low > _LOG_FROM
        ticks = _log_ticks(low, high) if logarithmic else linear_ticks(low, high)
        return cls(min(low, ticks[0]), max(high, ticks[-1]), tuple(ticks), logarithmic)

    def height(self, value: float) -> float:
        """Return the distance from the upper edge, 0 to 100."""
        bend = math.log if self.logarithmic else float
        span = (bend(self.high) - bend(self.low)) or 1.0
        return _HEIGHT * (1.0 - (bend(value) - bend(self.low)) / span)


def line_chart(
    timestamp: IntArray,
    lines: Sequence[tuple[str, FloatArray]],
    label: Label,
    description: str,
    marks: Sequence[Mark] = (),
) -> str:
    """Return a chart of lines over the same bars, logarithmic where values are six times others."""
    scale = Scale.over(
        min(float(values.min()) for _, values in lines),
        max(float(values.max()) for _, values in lines),
    )
    paths = "".join(f'<path class="{name}" d="{_path(v, scale.height)}"/>' for name, v in lines)
    step = 100.0 / max(1, timestamp.size - 1)
    signs = "".join(
        f'<i class="mark {mark.kind}" title="{escape(mark.title)}" '
        f'style="left:{mark.row * step:.2f}%;top:{scale.height(mark.value):.2f}%"></i>'
        for mark in marks
    )
    drawing = _figure(paths, _marks(scale), label, description, _days(timestamp), signs=signs)
    return drawing + ('<p class="soft">Logarithmic scale.</p>' if scale.logarithmic else "")


def depth_chart(timestamp: IntArray, depth: FloatArray, label: Label) -> str:
    """Return a chart of drawdowns: fractions ≥ 0, drawn downwards from the upper edge."""
    ticks = linear_ticks(0.0, max(float(depth.max()), 0.01))

    def height(value: float) -> float:
        return _HEIGHT * value / max(ticks[-1], float(depth.max()))

    shape = f"{_path(depth, height)}L{_WIDTH:g} 0L0 0Z"
    path = f'<path class="fill" d="{shape}"/>'
    marks = [(tick, height(tick)) for tick in ticks]
    description = "Drawdown from the highest equity."
    return _figure(path, marks, label, description, _days(timestamp), "plot low")


def fan_chart(bands: Bands, label: Label, description: str, unit: str) -> str:
    """Return the 5 to 95 % and the 25 to 75 % band and the median of many paths."""
    # A ruined path is drawn at the lower edge of a logarithmic scale.
    least = max(float(bands.equity.min()), 1e-3)
    scale = Scale.over(least, float(bands.equity.max()))
    x = _WIDTH * bands.at / max(1, int(bands.at[-1]))

    def points(values: FloatArray, backwards: bool = False) -> str:
        rows = range(len(x) - 1, -1, -1) if backwards else range(len(x))
        return "L".join(
            f"{x[row]:.1f} {scale.height(max(float(values[row]), scale.low)):.2f}" for row in rows
        )

    def area(kind: str, lower: FloatArray, upper: FloatArray) -> str:
        return f'<path class="{kind}" d="M{points(lower)}L{points(upper, backwards=True)}Z"/>'

    p05, p25, p50, p75, p95 = bands.equity
    paths = area("outer", p05, p95) + area("inner", p25, p75)
    paths += f'<path class="run" d="M{points(p50)}"/>'
    last = int(bands.at[-1])
    below = [f"{round(last * part / 4):,}" for part in range(5)]
    below[-1] += f" {unit}"
    drawing = _figure(paths, _marks(scale), label, description, below, "plot low")
    return drawing + ('<p class="soft">Logarithmic scale.</p>' if scale.logarithmic else "")


def histogram(
    values: FloatArray,
    label: Label,
    description: str,
    marked: float | None = None,
    signed: bool = True,
) -> str:
    """Return how often values fall into equal bins.

    The outermost bins hold all that is farther out than the middle 99 %. Bins below 0 have another
    colour where `signed`; `marked` gets a line.
    """
    low, high = np.quantile(values, (0.005, 0.995)).tolist()
    if marked is not None:
        low, high = min(low, marked), max(high, marked)
    if not high > low:
        low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
    counts, edges = np.histogram(np.clip(values, low, high), _BINS, (low, high))
    ticks = linear_ticks(0.0, max(1.0, float(counts.max())))
    width = _WIDTH / _BINS

    def height(value: float) -> float:
        return _HEIGHT * (1.0 - value / ticks[-1])

    shapes = "".join(
        f'<rect class="{_side(float(edges[n] + edges[n + 1]) / 2, signed)}" x="{n * width:.1f}" '
        f'y="{height(count):.2f}" width="{width * 0.88:.1f}" height="{100 - height(count):.2f}"/>'
        for n, count in enumerate(counts.tolist())
        if count
    )
    if marked is not None:
        x = _WIDTH * (marked - low) / (high - low)
        shapes += f'<path class="marked" d="M{x:.1f} 0L{x:.1f} 100"/>'
    below = [label(low + (high - low) * part / 4) for part in range(5)]
    marks = [(tick, height(tick)) for tick in ticks if float(tick).is_integer()]
    return _figure(shapes, marks, lambda v: f"{v:,.0f}", description, below, "plot low")


def linear_ticks(low: float, high: float) -> list[float]:
    """Return three to six round values around the range."""
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(power * s for s in _STEPS if span / (power * s) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 12) for n in range(first, last + 1)]


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


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [m * 10.0**p for p in powers for m in (1, 2, 5)]
    inside = [tick for tick in every if low <= tick <= high]
    if len(inside) > 6:
        inside = [tick for tick in inside if math.log10(tick).is_integer()]
    return inside[:: 1 + len(inside) // 7]


def _side(value: float, signed: bool) -> str:
    return "neutral" if not signed else "up" if value >= 0 else "down"


def _marks(scale: Scale) -> list[tuple[float, float]]:
    return [(tick, scale.height(tick)) for tick in scale.ticks]


def _days(timestamp: IntArray) -> list[str]:
    rows = np.linspace(0, timestamp.size - 1, 5).round().astype(int)
    return [day(float(timestamp[row])) for row in rows]


def _figure(
    paths: str,
    marks: Sequence[tuple[float, float]],
    label: Label,
    description: str,
    below: Sequence[str],
    kind: str = "plot",
    signs: str = "",
) -> str:
    lines = "".join(f'<line x1="0" x2="{_WIDTH:g}" y1="{y:.2f}" y2="{y:.2f}"/>' for _, y in marks)
    labels = "".join(
        f'<span class="y" style="top:{y / _HEIGHT * 100:.2f}%">{label(value)}</span>'
        for value, y in marks
    )
    under = "".join(f"<span>{text}</span>" for text in below)
    return (
        f'<figure class="chart"><div class="{kind}"><svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" '
        f'preserveAspectRatio="none" role="img" aria-label="{escape(description)}">{lines}{paths}'
        f'</svg>{labels}{signs}</div><div class="x">{under}</div></figure>'
    )


def _path(values: FloatArray, height: Callable[[float], float]) -> str:
    rows = kept_rows(values)
    step = _WIDTH / max(1, values.size - 1)
    points = (f"{row * step:.1f} {height(float(values[row])):.2f}" for row in rows.tolist())
    return "M" + "L".join(points)
