"""Who waits for what happens has no limit but that of a hang: a machine may be slow, busy, or have one core."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LIMITS = {"settimeout", "result", "communicate", "WebDriverWait"}
"""Calls whose last argument is the longest wait, in seconds."""
OPTIONS = {"timeout", "timeout_s", "patience_s", "limit_s"}
NAMES = {"PATIENCE_S", "WAITS_S", "HANG_S"}
SHORT_S, HANG_S = 1.0, 300.0
"""Shorter is a turn of a loop that looks again."""
EXCEPTIONS = {
    "fakes/damage.py": "of processor time, whoever else runs",
    "chaos/test_a_night.py": "of one try of many: a page that is being started answers nobody",
    "library/conftest.py": "a network that is away; the test says so and is skipped, or fails where it may not",
    "page/test_accessibility.py": "the same network",
}
"""File: why a number stands in it."""


def is_limit(node: ast.expr | None) -> bool:
    """Whether this is a number of seconds that a busy machine can reach."""
    number = node.value if isinstance(node, ast.Constant) else None
    return isinstance(number, int | float) and not isinstance(number, bool) and SHORT_S <= number < HANG_S


def limits_in(text: str) -> list[int]:
    """Lines with a limit in numbers instead of `promise.HANG_S`."""
    found = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                given = [one.value for one in node.keywords if one.arg in OPTIONS]
                given += [node.args[-1]] if name in LIMITS and node.args else []
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in NAMES:
                given = [value]
            case _:
                continue
        found += [node.lineno for one in given if is_limit(one)]
    return found


def test_no_test_waits_for_so_many_seconds_and_no_longer():
    files = {str(one.relative_to(TESTS)): one.read_text(encoding="utf-8") for one in sorted(TESTS.rglob("*.py"))}
    found = {name: lines for name, text in files.items() if (lines := limits_in(text))}
    assert {name: lines for name, lines in found.items() if name not in EXCEPTIONS} == {}
    assert set(EXCEPTIONS) <= set(found), "an exception that is none"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("ear.settimeout(5)", [1]), ("WebDriverWait(browser, 60, poll_frequency=0.1)", [1]), ("PATIENCE_S = 20", [1]),
        ("subprocess.run(words, timeout=100)", [1]), ("task.result(10)", [1]), ("task.result(timeout=10)", [1]),
        ("ear.settimeout(HANG_S)", []), ("ear.settimeout(0.2)", []), ("task.result()", []), ("PATIENCE_S = HANG_S", []),
    ],
)  # fmt: skip
def test_limits_are_found(text, lines):
    assert limits_in(text) == lines
