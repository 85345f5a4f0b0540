"""The field's closed lists as data files, and the one loader that reads them.

``*.txt`` holds one entry a line; ``*.tsv`` has a header line that names its columns. ``#`` starts a comment line.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def lines(name: str) -> tuple[str, ...]:
    """Entries of the data file ``name`` (``domain_words.txt``), in order, without comments and blank lines."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return tuple(line for raw in text.splitlines() if (line := raw.rstrip()) and not line.startswith("#"))


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Rows of the data file ``name`` (``regions.tsv``) as dictionaries keyed by its header line."""
    header, *rows = lines(name)
    columns = header.split("\t")
    return tuple(dict(zip(columns, row.split("\t"), strict=False)) for row in rows)
