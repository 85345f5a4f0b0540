"""Values to and from the SQLite file that researchers query: schema, writing, reading.

``write`` puts a whole :class:`Content` into a new file; everything else reads. ``docs`` and the site describe the
tables; :mod:`kb.database.schema` is their one definition.
"""

from kb.database.read import (
    Clause,
    ClauseView,
    Comparison,
    Counterpart,
    DifferenceRow,
    DocumentRow,
    Hit,
    Pair,
    build_facts,
    clause,
    comparison,
    document,
    documents,
    nearest,
    open_read,
    outline,
    search,
)
from kb.database.schema import SCHEMA_VERSION
from kb.database.write import Content, connect_new, searchable, write

__all__ = [
    "SCHEMA_VERSION", "Clause", "ClauseView", "Comparison", "Content", "Counterpart", "DifferenceRow", "DocumentRow",
    "Hit", "Pair", "build_facts", "clause", "comparison", "connect_new", "document", "documents",
    "nearest", "open_read", "outline", "search", "searchable", "write",
]
