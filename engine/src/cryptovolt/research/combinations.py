"""The combinations of a grid: all of them, or a random draw without repetition."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.trials import Scalar

Combination = dict[str, Scalar]
"""One value for every name of a grid."""

MOST = 1_000_000
"""More combinations than this are refused; draw from them."""


def combinations_of(
    grid: Mapping[str, Iterable[Any]],
    method: str,
    n_random: int | None,
    rng: Generator | None,
) -> list[Combination]:
    """Return what is to be tried, in the order of the grid (the last name changes fastest).

    Raises
    ------
    ConfigurationError
        If the grid or a list of values is empty, values repeat or are no scalars, or the method
        lacks what it needs.
    """
    values = {name: checked_values(name, given) for name, given in grid.items()}
    if not values:
        raise ConfigurationError("expected a grid with at least one parameter, found none")
    total = math.prod(len(column) for column in values.values())
    if method == "grid":
        if total > MOST:
            raise ConfigurationError(
                f"expected at most {MOST:,} combinations, found {total:,}; "
                "use method='random' with n_random"
            )
        return [dict(zip(values, row, strict=True)) for row in product(*values.values())]
    if method != "random":
        raise ConfigurationError(f"expected method 'grid' or 'random', found {method!r}")
    if n_random is None or n_random < 1 or rng is None:
        raise ConfigurationError(
            "expected n_random of at least 1 and rng=numpy.random.default_rng(seed) for "
            f"method='random', found {n_random} and {rng}"
        )
    return [_at(values, number) for number in _drawn(total, n_random, rng)]


def checked_values(name: str, given: Any) -> list[Scalar]:
    """Return the values of one parameter as plain scalars, after refusing what cannot be tried.

    Raises
    ------
    ConfigurationError
        If there is no list, it is empty, values repeat or are no scalars.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ConfigurationError(f"expected a list of values for {name}, found {given!r}")
    found = [_plain(name, value) for value in cast("Iterable[object]", given)]
    if not found:
        raise ConfigurationError(f"expected at least one value for {name}, found none")
    if len({(type(value), value) for value in found}) < len(found):
        raise ConfigurationError(f"expected different values for {name}, found {found}")
    return found


def _plain(name: str, value: object) -> Scalar:
    plain: object = cast("Any", value).item() if isinstance(value, np.generic) else value
    if plain is None or isinstance(plain, str | int | bool):
        return plain
    if isinstance(plain, float) and math.isfinite(plain):
        return plain
    raise ConfigurationError(
        f"expected values for {name} that are text, finite numbers, true, false or None, "
        f"found {plain!r}"
    )


def _drawn(total: int, n_random: int, rng: Generator) -> Iterator[int]:
    if n_random >= total:
        yield from range(total)
        return
    if total <= MOST:
        drawn: list[int] = rng.choice(total, n_random, replace=False).tolist()
        yield from drawn
        return
    seen: set[int] = set()
    n_bytes = total.bit_length() // 8 + 8
    while len(seen) < n_random:
        # A grid may have more combinations than 64 bits can count.
        number = int.from_bytes(rng.bytes(n_bytes), "big") * total >> 8 * n_bytes
        if number not in seen:
            seen.add(number)
            yield number


def _at(values: Mapping[str, Sequence[Scalar]], number: int) -> Combination:
    found: Combination = {}
    for name in reversed(list(values)):
        number, digit = divmod(number, len(values[name]))
        found[name] = values[name][digit]
    return {name: found[name] for name in values}
