"""What a reviewer would send back: functions that do not fit on a screen."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 40
# Their checksums stand in the ledgers of databases: what was applied is never touched again.
APPLIED = {"0001_outcomes.py", "0003_soaks.py"}
MODULES = [
    path
    for top in ("flows", "tasks", "deployments", "migrations")
    for path in sorted((ROOT / top).rglob("*.py"))
    if path.name not in APPLIED
]


def _lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From the first statement to the last: a form with many fields and a long note are no long function."""
    statements = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - statements[0].lineno + 1 if statements else 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_has_more_than_forty_lines(path):
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert {node.name: _lines_of(node) for node in functions if _lines_of(node) > MOST_LINES} == {}
