"""Reads the lists that lie beside this module; ``#`` starts a comment line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def lines(name: str) -> tuple[str, ...]:
    """Entries of ``name`` in order, without comments and blank lines."""
    text = (HERE / name).read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Rows of ``name`` keyed by its header line."""
    header, *rows = lines(name)
    return tuple(dict(zip(header.split("\t"), row.split("\t"), strict=True)) for row in rows)


@cache
def variants(name: str) -> dict[str, tuple[str, ...]]:
    """First word of a line of ``name`` -> the words that may stand in its place (a tab, then words with spaces)."""
    pairs = (line.split("\t") for line in lines(name))
    return {word: tuple(others.split()) for word, others in pairs}
