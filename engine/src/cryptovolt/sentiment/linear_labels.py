"""Labels people gave to texts: negative, neutral, positive, whatever a file calls them."""

from collections.abc import Mapping, Sequence

from cryptovolt.domain.errors import ConfigurationError, DataError

LABELS = ("negative", "neutral", "positive")
"""The three classes, from bad to good."""

_USUAL = {
    "negative": ("negative", "neg", "bearish", "bear", "sell", "bad", "-1", "-1.0"),
    "neutral": ("neutral", "neu", "hold", "none", "mixed"),
    "positive": ("positive", "pos", "bullish", "bull", "buy", "good"),
}
_BY_NAME = {name: label for label, names in _USUAL.items() for name in names}


def parse_label_names(text: str) -> dict[str, str]:
    """Return the classes of a file's labels, given as ``0=negative,1=positive,2=neutral``.

    Raises
    ------
    ConfigurationError
        If it is not of that form, or names another class.
    """
    names: dict[str, str] = {}
    for part in text.split(","):
        raw, equals, label = (piece.strip().lower() for piece in part.partition("="))
        label = _BY_NAME.get(label, "")
        if not raw or not equals or not label or raw in names:
            raise ConfigurationError(
                "expected labels as in 0=negative,1=positive,2=neutral, each once, found "
                f"{part.strip()[:60]!r}"
            )
        names[raw] = label
    return names


def read_labels(raw: Sequence[str], names: Mapping[str, str] | None = None) -> list[str]:
    """Return the class of each label.

    Parameters
    ----------
    raw : sequence of str
        As a file has them: ``positive``, ``Bearish``, ``buy`` … Bare numbers other than −1, 0 and 1
        together mean nothing by themselves and need `names`.
    names : mapping of str to str, optional
        From :func:`parse_label_names`; instead of the usual names.

    Raises
    ------
    DataError
        If a label is not known.
    """
    known = dict(names) if names else dict(_BY_NAME)
    plain = [text.strip().lower() for text in raw]
    if not names and "-1" in plain:
        # With −1 there, 0 and 1 can only be what lies above it.
        known |= {"0": "neutral", "1": "positive", "0.0": "neutral", "1.0": "positive"}
    for number, label in enumerate(plain):
        if label not in known:
            raise DataError(
                f"expected labels among {', '.join(sorted(known))}, found {label[:40]!r} in row "
                f"{number + 1}; say what it means with --labels {label[:20] or '0'}=positive,…"
            )
    return [known[label] for label in plain]


def classes_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that occur, from bad to good.

    Raises
    ------
    DataError
        If good or bad texts are missing: there is nothing to tell apart then.
    """
    found = tuple(label for label in LABELS if label in set(labels))
    if not {"negative", "positive"} <= set(found):
        raise DataError(
            "expected texts labelled positive and texts labelled negative, found "
            + (f"{' and '.join(found)} ones only" if found else "no labelled text")
        )
    return found
