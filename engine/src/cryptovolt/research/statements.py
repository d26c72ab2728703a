"""Statements of a source file, by line: what they read, and which of them writes a name."""

import ast
import linecache
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, or the head of one that holds others.

    Parameters
    ----------
    line : int
        Its first line.
    text : str
        That line, without indentation.
    reads : frozenset of str
        Names in it, attributes as ``self.name``, and functions it calls.
    """

    line: int
    text: str
    reads: frozenset[str]


class Source:
    """The statements of one file; of a file that cannot be read there are none."""

    def __init__(self, file: str) -> None:
        linecache.checkcache(file)
        self._lines = linecache.getlines(file)

    @cached_property
    def _nodes(self) -> list[ast.stmt]:
        try:
            tree = ast.parse("".join(self._lines))
        except SyntaxError:
            return []
        return [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]

    def statement(self, line: int, name: str = "") -> Statement | None:
        """Return the statement in a line; at the head of a loop, the one in it that writes a name.

        Parameters
        ----------
        line : int
            From 1.
        name : str, optional
            Variable, or ``self.name``.
        """
        inside = [node for node in self._nodes if node.lineno <= line <= (node.end_lineno or 0)]
        if not inside:
            return None
        node = min(inside, key=lambda one: (one.end_lineno or 0) - one.lineno)
        if isinstance(node, ast.For | ast.While):
            writers = [one for one in ast.walk(node) if _writes(one, name)]
            node = next((one for one in writers if isinstance(one, ast.stmt)), node)
        text = self._lines[node.lineno - 1].strip()
        return Statement(line=node.lineno, text=text, reads=_reads(node))


def _writes(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    else:
        return False
    return any(name in _names(target) for target in targets)


def _reads(node: ast.stmt) -> frozenset[str]:
    heads: list[ast.AST] = [node]
    if isinstance(node, ast.For):
        heads = [node.iter]
    elif isinstance(node, ast.While | ast.If):
        heads = [node.test]
    elif isinstance(node, ast.With):
        heads = [item.context_expr for item in node.items]
    elif isinstance(node, ast.FunctionDef | ast.ClassDef):
        heads = []
    return frozenset(name for head in heads for name in _names(head))


def _names(head: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(head):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            of_self = isinstance(node.value, ast.Name) and node.value.id == "self"
            names.add(f"self.{node.attr}" if of_self else node.attr)
    return names
