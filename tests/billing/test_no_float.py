"""Money knows no float: not a literal, not a call, not a rounding that is not Decimal's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BILLING = Path(__file__).resolve().parents[2] / "billing"
FILES = sorted(path for path in BILLING.rglob("*.py"))


def floats(tree: ast.AST) -> Iterator[int]:
    """Lines on which a float is written, made or asked for."""
    return (getattr(node, "lineno", 0) for node in ast.walk(tree) if is_float(node))


def is_float(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=float() | complex()):
            return True
        case ast.Call(func=ast.Name(id="round")):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in {"float", "FloatField", "total_seconds", "timestamp", "fsum"}
    return False


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(BILLING)))
def test_billing_knows_no_float(file: Path) -> None:
    assert list(floats(ast.parse(file.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("source", ["price = 0.1", "float('1')", "round(x, 2)", "models.FloatField()", "1e3"])
def test_the_look_for_floats_finds_them(source: str) -> None:
    assert list(floats(ast.parse(source))) == [1]
