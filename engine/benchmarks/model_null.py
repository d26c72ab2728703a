"""How often a search among models sees an edge: on random walks, and where one was planted.

    python engine/benchmarks/model_null.py [n_markets] [seed]

Every market has a seed of its own (seed, number). The figures are in docs/reference/gates.md.
"""

import sys
import time

import numpy as np

from cryptovolt.research.verdict import Standing
from cryptovolt.research.zoo_search import Search, searched

COEFFICIENTS = (0.0, 0.2, 0.3, 0.4, 0.5)


def main() -> None:
    n_markets = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for coefficient in COEFFICIENTS:
        start = time.perf_counter()
        search = Search(coefficient=coefficient)
        found = [
            searched(search, np.random.default_rng([seed, number])) for number in range(n_markets)
        ]
        seen = sum(one.verdict.standing is not Standing.NO_EDGE for one in found)
        areas = [one.scores["auc"].value for one in found]
        above = sum(one.scores["auc"].interval.low > 0.5 for one in found)
        print(
            f"planted {coefficient:.1f}: an edge in {seen} of {n_markets}, mean AUC of the best "
            f"{np.mean(areas):.3f}, interval above 0.5 in {above} "
            f"({time.perf_counter() - start:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
