"""The product's own source, for tests that read it: each module with its name and its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("callbacks", "rota", "accounts", "notifications", "foundation")
JOINS = ("app.py", "commands.py")
"""They join the rooms; together they are one place above all of them."""


@dataclass(frozen=True)
class Module:
    """One file of the product."""

    path: Path

    @property
    def place(self) -> str:
        """Where it stands, from the project's root."""
        return str(self.path.relative_to(PROJECT))

    @property
    def name(self) -> str:
        return self.place.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")

    @property
    def package(self) -> str:
        """The room it belongs to, or "app" for what joins the rooms."""
        return "app" if self.place in JOINS else self.name.partition(".")[0]

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.place)

    def calls(self) -> Iterator[ast.Call]:
        """Every call in it."""
        return (node for node in ast.walk(self.tree()) if isinstance(node, ast.Call))

    def imports(self) -> set[str]:
        """Every module that it imports, and every name that it takes from one, as dotted names."""
        found: set[str] = set()
        for node in ast.walk(self.tree()):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found


def modules(*places: str) -> list[Module]:
    """Every module under these places; the rooms and what joins them when none is given."""
    found: list[Path] = []
    for place in places or (*ROOMS, *JOINS):
        path = PROJECT / place
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [Module(path) for path in found]


def spelt(node: ast.expr) -> str:
    """A name as it is written: `clock.now`, `session.commit`."""
    return ast.unparse(node)
