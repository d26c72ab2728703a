"""Scoring texts by the lexicon beside the vaderSentiment package, on one thread, in one run.

Run with ``./cv python engine/benchmarks/bench_sentiment.py FILE COLUMN [FILE COLUMN ...]``: each
CSV file's column is scored by our scorer with the crypto lexicon, by ours with VADER's alone, and
by the package, taking turns; the best of several counts, in processor time,
so that other work on the machine counts less. Memory and the time of the first call with
and without compiled code in the cache are measured in processes of their own.
"""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from cryptovolt.sentiment.scorer import LexiconScorer

REPEATS = 7
FIRST_CALL = """
import resource, time
import cryptovolt
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.perf_counter()
cryptovolt.score_sentiment(["to the moon"])
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(f"{time.perf_counter() - started:.2f} s, {grown / 1024:.0f} MB more")
"""


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def columns(arguments: list[str]) -> Iterator[tuple[str, list[str]]]:
    for path, column in zip(arguments[::2], arguments[1::2], strict=True):
        with Path(path).open(encoding="utf-8-sig") as handle:
            yield Path(path).name, [row[column] for row in csv.DictReader(handle)]


def compare(name: str, texts: list[str]) -> None:
    crypto, plain = LexiconScorer(), LexiconScorer(plain=True)
    package = SentimentIntensityAnalyzer()
    work: list[Callable[[], object]] = [
        lambda: crypto.score(texts),
        lambda: plain.score(texts),
        lambda: [package.polarity_scores(text)["compound"] for text in texts],
    ]
    for part in work[:2]:
        part()
    best = np.full(3, np.inf)
    for _ in range(REPEATS):
        best = np.minimum(best, [seconds(part) for part in work])
    rates = len(texts) / best / 1e3
    print(
        f"{name}: {len(texts):,} texts of {np.mean([len(t) for t in texts]):.0f} characters\n"
        f"  ours {rates[0]:.0f} k/s   ours, VADER's lexicon alone {rates[1]:.0f} k/s   "
        f"vaderSentiment {rates[2]:.1f} k/s   {rates[0] / rates[2]:.0f} × its speed"
    )


def first_calls() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for state in ("nothing", "everything"):
            answer = subprocess.run(
                [sys.executable, "-c", FIRST_CALL],
                env={**os.environ, "NUMBA_CACHE_DIR": folder},
                capture_output=True,
                text=True,
                check=True,
            )
            print(f"first call, {state} compiled before: {answer.stdout.strip()}")


def main() -> None:
    print(f"load {os.getloadavg()[0]:.2f}")
    for name, texts in columns(sys.argv[1:]):
        compare(name, texts)
    first_calls()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"this process at most {peak / 1024:.0f} MB, load {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
