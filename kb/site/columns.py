"""Which documents stand as columns of a table, and in what order: asked for in the address, else the first few."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kb.database import DocumentRow, documents

_FIRST = 5          # columns by default
_MOST = 24          # columns at most: a table with more is no table


@dataclass(frozen=True)
class Columns:
    """The documents there are, those chosen, and the base among them."""

    every: tuple[DocumentRow, ...]
    chosen: tuple[DocumentRow, ...]
    base: DocumentRow | None

    @property
    def wide(self) -> bool:
        """Whether the table needs to scroll inside its frame."""
        return len(self.chosen) > _FIRST


def columns(db: sqlite3.Connection, request: Any) -> Columns:
    """``doc=`` (as often as wanted; ids, or several with commas) chooses, ``base=`` says which one the others are held
    against; it comes first."""
    every = documents(db)
    asked = [part for value in request.args.getlist("doc") for part in value.split(",")]
    chosen: Sequence[DocumentRow] = [d for d in every if d.id in asked][:_MOST] or every[:_FIRST]
    wanted = request.args.get("base") or ""
    base = next((d for d in every if d.id == wanted), chosen[0] if chosen else None)
    rest = [d for d in chosen if base is None or d.id != base.id]
    return Columns(tuple(every), (*([base] if base else []), *rest), base)
