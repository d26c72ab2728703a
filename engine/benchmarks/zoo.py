"""Which gate refuses which leaky pipeline, and how flattering its numbers were.

    python engine/benchmarks/zoo.py [seed] [--all-gates]

Trains every pipeline of the zoo on a market whose bars stand in random order. A leaky one is shown
with its AUC and accuracy and every gate that refused it; it counts as refused only where the gate
that is named for it did. Clean ones are asked everything. The figures are in
docs/reference/gates.md.
"""

import sys
import time

from cryptovolt.research.zoo import sight, specimens, zoo_market


def main() -> None:
    given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    market = zoo_market(int(given[0]) if given else 1)
    start = time.perf_counter()
    wrong: list[str] = []
    for specimen in specimens(market):
        named = [specimen.refused_by] if specimen.refused_by else None
        seen = sight(specimen, market, gates=None if "--all-gates" in sys.argv else named)
        said = ", ".join(seen.refused_by) or "passes"
        print(f"| {specimen.name} | {seen.auc:.3f} | {seen.accuracy:.3f} | {said} |", flush=True)
        if not seen.as_expected:
            wrong.append(specimen.name)
    print(f"not as expected: {', '.join(wrong) or 'none'} ({time.perf_counter() - start:.0f} s)")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
