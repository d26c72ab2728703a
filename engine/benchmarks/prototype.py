"""What the pipeline of two public prototypes claims on random walks, with both splits.

    python engine/benchmarks/prototype.py [n_markets] [seed]

The figures are in docs/reference/gates.md.
"""

import sys

import numpy as np

from cryptovolt.research.zoo_prototype import CLAIMED, claim


def main() -> None:
    n_markets = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for name, shuffled in (("shuffled split", True), ("split by time", False)):
        claims = [
            claim(np.random.default_rng([seed, number]), shuffled=shuffled)
            for number in range(n_markets)
        ]
        areas = np.array([one.auc for one in claims])
        print(
            f"{name}: accuracy {np.mean([one.accuracy for one in claims]):.3f}, precision "
            f"{np.nanmean([one.precision for one in claims]):.3f}, AUC {np.nanmean(areas):.3f} ± "
            f"{np.nanstd(areas):.3f}, AUC at least {CLAIMED['auc']} in "
            f"{np.mean(areas >= CLAIMED['auc']):.1%}, accuracy no better than majority in "
            f"{np.mean([one.accuracy <= one.majority for one in claims]):.0%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
