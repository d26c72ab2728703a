"""What the labels of somebody else's classifier mean."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

from cryptovolt.domain.errors import ModelError

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("positive", "pos", "bullish", "bull", "buy", "up"), "positive"),
        **dict.fromkeys(("negative", "neg", "bearish", "bear", "sell", "down"), "negative"),
        **dict.fromkeys(("neutral", "neu", "hold", "none", "no opinion", "mixed"), "neutral"),
    }
)


def read_labels(config: Mapping[str, Any], given: object = None) -> tuple[str, ...]:
    """Return "positive", "negative" or "neutral" for each output of the model, in order.

    Parameters
    ----------
    config : mapping
        The model's ``config.json``; its ``id2label`` names the outputs.
    given : mapping of str to str, optional
        What labels mean whose names do not say; it decides before the names do.

    Raises
    ------
    ModelError
        If the outputs are not named 0, 1, 2 …, a label's meaning is unknown, or one of positive
        and negative is missing.
    """
    own = config.get("id2label")
    if not isinstance(own, dict) or not own:
        raise ModelError("expected 'id2label' in config.json with the names of the classes")
    names = cast("dict[str, object]", own)
    if sorted(names) != sorted(str(index) for index in range(len(names))):
        raise ModelError(f"expected classes numbered from 0 in 'id2label', found {sorted(names)}")
    if config.get("problem_type") in {"regression", "multi_label_classification"}:
        raise ModelError(
            f"expected a classifier whose classes exclude each other, found a model for "
            f"{config['problem_type']}"
        )
    meanings = _meanings(given)
    labels = tuple(_meaning(str(names[str(index)]), meanings) for index in range(len(names)))
    if not {"positive", "negative"} <= set(labels):
        raise ModelError(f"expected a class for positive and one for negative, found {labels}")
    return labels


def _meanings(given: object) -> Mapping[str, str]:
    if given is None:
        return MEANINGS
    if not isinstance(given, Mapping):
        raise ModelError(f"expected names and meanings of labels, found {given!r}")
    stated = {str(k).lower(): str(v) for k, v in cast("Mapping[object, object]", given).items()}
    return {**MEANINGS, **stated}


def _meaning(name: str, meanings: Mapping[str, str]) -> str:
    meaning = meanings.get(name.strip().lower())
    if meaning not in {"positive", "negative", "neutral"}:
        raise ModelError(
            f"expected a label that means positive, negative or neutral, found {name!r}; say what "
            f'it means, e.g. labels={{"{name}": "positive"}}'
        )
    return meaning
