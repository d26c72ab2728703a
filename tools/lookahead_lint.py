"""Finds code that looks ahead: what a bar could not have known when it closed.

A lint, not a proof: it reads the syntax for the ways in which people look ahead by accident.

=======  ==========================================================================
``LA1``  a negative shift: ``shift(-1)``, ``np.roll(x, -1)``, ``diff(-1)``
``LA2``  a centred window: ``rolling(…, center=True)``, ``mode="same"``
``LA3``  filling backwards: ``bfill``, ``backward_fill``, ``fill_null(strategy="backward")``
``LA4``  fitting on the whole series: ``fit_transform``, ``train_test_split``, ``shuffle=True``
``LA5``  joining to the nearest or next row: ``join_asof(…, strategy="forward" | "nearest")``
=======  ==========================================================================

Labels must look ahead, that is what they are for. Such a line says so and why:
``# lookahead: a label reads the bars after it``.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MARK = "# lookahead:"
BACK_FILLS = {"bfill", "backfill", "backward_fill"}
WHOLE_FITS = {"fit_transform", "train_test_split", "KFold", "StratifiedKFold", "ShuffleSplit"}
SHIFTS = {"shift", "roll", "diff", "pct_change"}
NO_STEPS = {"append", "axis", "fill_value", "prepend"}


class Finding(NamedTuple):
    """One place that looks ahead."""

    path: Path
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code} {self.message}"


def check_source(source: str, path: Path) -> list[Finding]:
    """Return the places of a module that look ahead and do not say why."""
    lines = source.splitlines()
    return [
        Finding(path, call.lineno, code, message)
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        for code, message in _problems(call)
        if not _explained(lines, call)
    ]


def _explained(lines: list[str], call: ast.Call) -> bool:
    last = call.end_lineno or call.lineno
    # The line above counts too, so that a long call can carry its reason.
    return any(MARK in line for line in lines[max(0, call.lineno - 2) : last])


def _problems(call: ast.Call) -> Iterator[tuple[str, str]]:
    name = _name(call.func)
    keywords = {word.arg: word.value for word in call.keywords if word.arg}
    steps = [value for word, value in keywords.items() if word not in NO_STEPS]
    if name in SHIFTS and any(_negative(value) for value in [*call.args, *steps]):
        yield "LA1", f"{name} by a negative number reads later rows"
    if _is(keywords.get("center"), True) or _is(keywords.get("mode"), "same"):
        yield "LA2", f"{name} with a centred window reads later rows"
    if name in BACK_FILLS or (
        name in {"fill_null", "fillna"}
        and any(_is(value, word) for value in keywords.values() for word in ("backward", "bfill"))
    ):
        yield "LA3", f"{name} fills from later rows"
    if name in WHOLE_FITS or _is(keywords.get("shuffle"), True):
        yield "LA4", f"{name} fits or splits without regard to time"
    if name in {"join_asof", "merge_asof"} and any(
        _is(keywords.get(word), value)
        for word in ("strategy", "direction")
        for value in ("forward", "nearest")
    ):
        yield "LA5", f"{name} may join a later row"


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _negative(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.UnaryOp)
        and isinstance(value.op, ast.USub)
        and isinstance(value.operand, ast.Constant)
    )


def _is(value: ast.expr | None, wanted: object) -> bool:
    return isinstance(value, ast.Constant) and value.value == wanted


def main(folders: list[str]) -> int:
    """Print the findings in all Python files below the folders."""
    findings = [
        finding
        for folder in folders
        for path in sorted(Path(folder).rglob("*.py"))
        for finding in check_source(path.read_text(encoding="utf-8"), path)
    ]
    for finding in findings:
        print(finding)
    if not findings:
        print("No code that looks ahead.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
