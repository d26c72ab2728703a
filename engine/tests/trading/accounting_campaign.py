"""Check on many random accounts that cash flows add up to the change of equity, exactly.

Run it as ``python engine/tests/trading/accounting_campaign.py --sequences 10000 --seed 0``. Every
second sequence gives orders. The four scales of :mod:`random_accounts` come up equally often.
"""

import argparse
import sys
import time

from random_accounts import build_case, differences, live

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.execution.grid import Grid
from cryptovolt.trading.account import Account


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    start = time.perf_counter()
    fills = payments = bars = wrong = outgrown = 0
    for number in range(arguments.sequences):
        seed = arguments.seed * 1_000_000 + number
        case = build_case(seed, 20 + number % 60, 1 + number % 3, with_orders=number % 2 == 1)
        account = Account(case.rules, case.trading)
        try:
            told = live(account, case, range(len(case.target)))
        except ConfigurationError:
            outgrown += 1
            continue
        unit = Grid.of(case.rules, case.trading).quote_unit
        found = list(differences(case, told, unit))
        if found:
            wrong += 1
            sys.stdout.write(f"sequence {number}, {case}: {found[0]}\n")
        fills += len(told.all_fills)
        payments += sum(map(len, told.payments))
        bars += len(told.equity)
    sys.stdout.write(
        f"{arguments.sequences:,} sequences, {bars:,} bars, {fills:,} fills, {payments:,} funding "
        f"payments: {wrong} sequences with a difference, {outgrown} stopped because they outgrew "
        f"64 bits ({time.perf_counter() - start:.0f} s)\n"
    )


if __name__ == "__main__":
    main()
