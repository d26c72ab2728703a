"""Run a notebook without Jupyter: its code cells in order, in this interpreter.

    python engine/examples/notebooks/run.py NOTEBOOK

What a cell ends with is printed, as a notebook shows it. An error ends the program and names the
cell. Cells with commands of IPython (``!``, ``%``) are not understood.
"""

import ast
import json
import sys
from pathlib import Path
from typing import Any


def code_cells(path: Path) -> list[str]:
    """Return the source of the code cells in order."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in cells]


def run(path: Path) -> dict[str, Any]:
    """Run all code cells and return the names they have left."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, source in enumerate(code_cells(path), start=1):
        place = f"{path.name}, code cell {number}"
        cell = ast.parse(source, place)
        shown = cell.body.pop() if cell.body and isinstance(cell.body[-1], ast.Expr) else None
        exec(compile(cell, place, "exec"), names)  # noqa: S102 - running it is what is asked for
        if isinstance(shown, ast.Expr):
            value = eval(compile(ast.Expression(shown.value), place, "eval"), names)  # noqa: S307
            if value is not None:
                print(repr(value))
    return names


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("expected one notebook: run.py NOTEBOOK")
    run(Path(sys.argv[1]))
