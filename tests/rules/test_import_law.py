"""Rules are pure: what they import, and what they may not call."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "tasks" / "rules"
_IMPURE_MODULES = {
    "os",
    "subprocess",
    "socket",
    "time",
    "random",
    "secrets",
    "tempfile",
    "shutil",
    "urllib",
    "asyncio",
}
_PURE_PARTS = {"urllib.parse"}
_IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input", "getenv"}


def _modules():
    return sorted(RULES.rglob("*.py"))


def _imports(tree: ast.Module) -> set[str]:
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(RULES)))
def test_a_rule_imports_the_standard_library_and_other_rules_only(path):
    for name in _imports(ast.parse(path.read_text(encoding="utf-8"))):
        assert name.startswith("tasks.rules") or name.partition(".")[0] in sys.stdlib_module_names, name
        assert name in _PURE_PARTS or name.partition(".")[0] not in _IMPURE_MODULES, name


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(RULES)))
def test_a_rule_has_no_clock_and_no_io(path):
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert not called & _IMPURE_CALLS


def test_every_module_of_tasks_stands_on_a_floor():
    """A module that no floor names would be free to import anything."""
    law = tomllib.loads((RULES.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    floors = law["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {module.strip() for floor in floors for module in floor.split(":")}
    there = {f"tasks.{path.stem}" for path in RULES.parent.iterdir() if path.stem not in ("__init__", "__pycache__")}
    assert there == {module for module in named if module.startswith("tasks.")}
