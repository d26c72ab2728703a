"""What an evaluation of scorers found, for people and as a document."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.sentiment_quality_classes import Thresholds

_SHOWN_CHARACTERS = 120


class Mistake(NamedTuple):
    """A text that was given another class than people gave it."""

    text: str
    label: str
    predicted: str
    score: float


class Difference(NamedTuple):
    """A measure of `scorer` less that of `other`, on the same draws."""

    scorer: str
    other: str
    measure: str
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerQuality:
    """The quality of one scorer.

    Parameters
    ----------
    name, hash : str
        Of the scorer; the hash is empty where several were fitted.
    thresholds : tuple of Thresholds
        One for each fold, or the one that was given; none where the scorer names classes itself.
    measures : mapping of str to Interval
    confusion : list of list of int
        Texts by label (rows) and by what was predicted, from bad to good.
    worst : tuple of Mistake
        The worst first, one of each group of twins.
    n_trained_on : int
        How many of the texts the scorer was trained on.
    """

    name: str
    hash: str
    thresholds: tuple[Thresholds, ...]
    measures: Mapping[str, Interval]
    confusion: list[list[int]]
    worst: tuple[Mistake, ...]
    n_trained_on: int = 0

    @property
    def stamp(self) -> str:
        """``"trained on these texts"`` with their number, or nothing."""
        return f"trained on these texts ({self.n_trained_on:,})" if self.n_trained_on else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentQuality:
    """The quality of scorers on one set of labelled texts; ``str()`` of it reads well."""

    source: str
    n_texts: int
    n_groups: int
    n_empty: int
    n_by_class: Mapping[str, int]
    scorers: tuple[ScorerQuality, ...]
    differences: tuple[Difference, ...]
    n_samples: int
    fixed: bool

    def to_record(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "source": self.source,
            "n_texts": self.n_texts,
            "n_groups": self.n_groups,
            "n_empty": self.n_empty,
            "n_by_class": dict(self.n_by_class),
            "n_samples": self.n_samples,
            "thresholds_chosen": "given" if self.fixed else "out of fold",
            "scorers": [self._scorer_record(one) for one in self.scorers],
            "differences": [
                {**d._asdict(), "interval": d.interval._asdict()} for d in self.differences
            ],
        }

    def __str__(self) -> str:
        counts = ", ".join(f"{n:,} {name}" for name, n in self.n_by_class.items())
        empty = f"; {self.n_empty:,} rows without text left out" if self.n_empty else ""
        lines = [
            f"{self.source}: {self.n_texts:,} texts in {self.n_groups:,} groups of near-duplicates "
            f"({counts}){empty}",
            f"95 % intervals of {self.n_samples:,} bootstrap samples of groups",
        ]
        for one in self.scorers:
            lines += ["", *self._scorer_lines(one)]
        if self.differences:
            lines += ["", "Differences on the same samples:"]
        lines += [
            f"  {d.scorer} less {d.other}: {d.measure} {_shown(d.interval, '+.3f')}"
            for d in self.differences
        ]
        return "\n".join(lines)

    def _scorer_record(self, one: ScorerQuality) -> dict[str, Any]:
        return {
            **{key: value for key, value in asdict(one).items() if key != "measures"},
            "classes": list(self.n_by_class),
            "thresholds": [t._asdict() for t in one.thresholds],
            "measures": {name: i._asdict() for name, i in one.measures.items()},
            "worst": [m._asdict() for m in one.worst],
            "stamp": one.stamp,
        }

    def _scorer_lines(self, one: ScorerQuality) -> list[str]:
        stamp = f"  [{one.stamp.upper()}]" if one.stamp else ""
        lines = [f"{one.name} {one.hash[:8]}".rstrip() + stamp]
        lines += [f"  {name:<18} {_shown(i, '.3f')}" for name, i in one.measures.items()]
        lines.append(f"  classes            {self._rule(one)}")
        names = list(self.n_by_class)
        lines.append("  label \\ predicted  " + "".join(f"{name:>10}" for name in names))
        for name, row in zip(names, one.confusion, strict=True):
            lines.append(f"  {name:<18} " + "".join(f"{n:>10,}" for n in row))
        if one.worst:
            lines.append("  worst mistakes (score, label):")
        lines += [f"    {m.score:+.2f} {m.label:<8} {_short(m.text)}" for m in one.worst]
        return lines

    def _rule(self, one: ScorerQuality) -> str:
        if not one.thresholds:
            return "named by the scorer itself"
        how = "given" if self.fixed else "chosen out of fold for the macro-F1"
        pairs = sorted({(f"{t.low:+.3f}", f"{t.high:+.3f}") for t in one.thresholds})
        if len(self.n_by_class) == 2:
            said = ", ".join(high for _, high in pairs)
            return f"positive above {said} ({how})"
        said = ", ".join(f"{low} and {high}" for low, high in pairs)
        return f"negative up to, positive above {said} ({how})"


def _shown(interval: Interval, form: str) -> str:
    estimate, low, high = (format(x, form) for x in interval[:3])
    return f"{estimate} [{low}, {high}]"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
