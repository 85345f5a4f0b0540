"""Values to and from the SQLite file that researchers query: schema, writing, reading.

``write`` puts a whole :class:`Content` into a new file; everything else reads. ``docs`` and the site describe the
tables; :mod:`kb.database.schema` is their one definition.
"""

from kb.database.comparing import Comparison, DifferenceRow, Pair, comparison, pairs_of
from kb.database.finding import Hit, count, find, nearest, search
from kb.database.read import (
    Clause,
    ClauseView,
    Counterpart,
    DocumentRow,
    build_facts,
    clause,
    document,
    documents,
    open_read,
    outline,
    provisions,
)
from kb.database.schema import SCHEMA_VERSION
from kb.database.write import Content, connect_new, searchable, write

__all__ = [
    "SCHEMA_VERSION", "Clause", "ClauseView", "Comparison", "Content", "Counterpart", "DifferenceRow", "DocumentRow",
    "Hit", "Pair", "build_facts", "clause", "comparison", "connect_new", "count", "document", "documents", "find",
    "nearest", "open_read", "outline", "pairs_of", "provisions", "search", "searchable", "write",
]
