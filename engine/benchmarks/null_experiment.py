"""How often the verdict is wrong, on markets that were generated.

    python engine/benchmarks/null_experiment.py [n_markets] [seed]

Prints for every experiment how often the best of the strategies passes: first on random walks,
where nothing may, then on markets with a planted edge, where it should. Every market has a seed of
its own (seed, number), so that any of them can be made again. The figures are in
docs/reference/verdict.md.
"""

import sys
import time

import numpy as np

from cryptovolt.research.null_experiment import NullExperiment, run_market, summarise

EXPERIMENTS = {
    "random walk, 50 clocks": NullExperiment(family="clock"),
    "random walk, 50 trends": NullExperiment(family="trend"),
    "random walk, 10 trends": NullExperiment(family="trend", n_trials=10),
    "planted Sharpe ratio 2": NullExperiment(planted_sharpe=2.0),
    "planted Sharpe ratio 3": NullExperiment(planted_sharpe=3.0),
    "planted Sharpe ratio 4": NullExperiment(planted_sharpe=4.0),
}


def main() -> None:
    n_markets = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for name, experiment in EXPERIMENTS.items():
        start = time.perf_counter()
        outcomes = [
            run_market(experiment, np.random.default_rng([seed, number]))
            for number in range(n_markets)
        ]
        taken = time.perf_counter() - start
        print(f"{name:24} {summarise(outcomes)} ({taken:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
