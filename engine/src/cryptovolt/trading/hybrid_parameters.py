"""The hybrid strategy's parameters by name, nested ones with dots.

Names are those under which the strategy is stored: ``weights.ml``, ``weights.rules``,
``weights.sentiment``, ``threshold``, ``allow_short``, ``half_life_ms`` and ``limits.`` with every
field of :class:`cryptovolt.RiskLimits`.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from math import fsum
from typing import Any, TypeVar, get_args, get_type_hints

from cryptovolt.decision.fusion import FusionPolicy
from cryptovolt.domain.errors import ConfigurationError, StrategyError
from cryptovolt.domain.signal import Source
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.hybrid import HybridStrategy

OWN_NAMES = ("policy", "limits", "models")
"""Fields that are reached by nested names, or not at all."""

_WEIGHTS, _LIMITS, _HALF_LIFE = "weights.", "limits.", "half_life_ms"
_POLICY = ("threshold", "allow_short")
_Strategy = TypeVar("_Strategy", bound=HybridStrategy)

Convert = Callable[[str, object, object], object]
"""Takes a name, a value and the default, and returns the value as the default's type."""


def nested_parameters(strategy: HybridStrategy) -> dict[str, Any]:
    """Return what every nested parameter is set to, by its dotted name."""
    policy, limits = strategy.policy, strategy.limits
    return {
        **{f"{_WEIGHTS}{source.value}": policy.weights[source] for source in Source},
        **{name: getattr(policy, name) for name in _POLICY},
        _HALF_LIFE: strategy.half_life_ms,
        **{f"{_LIMITS}{one.name}": getattr(limits, one.name) for one in fields(RiskLimits)},
    }


def with_nested(
    strategy: _Strategy, parameters: Mapping[str, object], convert: Convert
) -> _Strategy:
    """Return a strategy with these nested parameters set.

    Weights that are not named share what the named ones leave, in their own proportion, so that
    all of them sum to 1 again.

    Raises
    ------
    StrategyError
        If a value is of another type, or outside its range.
    """
    known = nested_parameters(strategy)
    values = {name: _converted(name, known[name], given, convert) for name, given in
              parameters.items()}  # fmt: skip
    try:
        return replace(
            strategy,
            policy=replace(
                strategy.policy,
                weights=_weights(strategy.policy, values),
                **{name: values[name] for name in _POLICY if name in values},
            ),
            limits=replace(strategy.limits, **_under(_LIMITS, values)),
            half_life_ms=values.get(_HALF_LIFE, strategy.half_life_ms),
        )
    except ConfigurationError as error:
        said = ", ".join(f"{name}={value!r}" for name, value in values.items())
        raise StrategyError(f"with {said}: {error}") from error


def _under(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }


def _converted(name: str, default: object, value: object, convert: Convert) -> Any:
    if _may_be_none(name):
        nothing = value is None or (isinstance(value, str) and value.lower() == "none")
        if nothing or default is None:
            return None if nothing else convert(name, value, None)
    return convert(name, value, default)


def _may_be_none(name: str) -> bool:
    hint = get_type_hints(RiskLimits).get(name.removeprefix(_LIMITS))
    return name.startswith(_LIMITS) and type(None) in get_args(hint)


def _weights(policy: FusionPolicy, values: Mapping[str, Any]) -> dict[Source, float]:
    named = {Source(name): float(value) for name, value in _under(_WEIGHTS, values).items()}
    others = {source: policy.weights[source] for source in Source if source not in named}
    left, shared = 1.0 - fsum(named.values()), fsum(others.values())
    if not named:
        return others
    if others and not (shared > 0.0 and left >= 0.0):
        raise ConfigurationError(
            "expected weights that leave at least 0 of 1 to those not named, found "
            f"{ {source.value: weight for source, weight in named.items()} }"
        )
    return {source: named[source] if source in named else others[source] / shared * left
            for source in Source}  # fmt: skip
