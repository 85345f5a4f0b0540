"""Reading functions over an open connection: what the command line and the site show.

They take a ``sqlite3.Connection`` of any row factory and return frozen values in a fixed order.
"""

from __future__ import annotations

import difflib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kb.database.citing import number_key
from kb.database.schema import SCHEMA_VERSION
from kb.fulltext import fold
from kb.models import KbError, Provision
from kb.vocabulary import regions

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document's head. ``place`` is its region's full name, ``bare`` the same without 市 or 县, ``sign``
    the one or two characters that stand for it, ``clauses`` the number of its provisions with text; ``inferred`` says
    by field what was concluded and why."""

    id: str
    name: str
    region_code: str | None
    place: str
    bare: str
    level: str | None
    title: str
    kind: str | None
    issuer: str | None
    doc_number: str | None
    unified_number: str | None
    index_number: str | None
    signed_on: str | None
    written_on: str | None
    published_on: str | None
    effective_on: str | None
    expires_on: str | None
    validity: str
    in_corpus: bool
    source_file: str | None
    inferred: Mapping[str, str]
    clauses: int
    year: int | None = None
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A provision as stored; ``start`` and ``end`` are its text's offsets in the document's text."""

    id: int
    document_id: str
    name: str
    path: str
    label: str
    part: str
    parent_id: int | None
    ordinal: int
    depth: int
    kind: str
    heading: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A clause of another document on the same matter, and how many differences the two have."""

    clause: Clause
    document: DocumentRow
    relation: str
    score: float
    differences: int


@dataclass(frozen=True, slots=True)
class ClauseView:
    """One clause with everything the database knows of it. Statements are rows of their tables."""

    document: DocumentRow
    clause: Clause
    counterparts: tuple[Counterpart, ...]
    quantities: tuple[Row, ...]
    responsibilities: tuple[Row, ...]
    citations: tuple[Row, ...]


def open_read(path: Path | str) -> sqlite3.Connection:
    """A read-only connection to a database that ``write`` made. KbError if it is missing or of another kind."""
    file = Path(path)
    if not file.is_file():
        raise KbError("there is no database", file=file, mend="run kb build")
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        version = connection.execute("pragma user_version").fetchone()[0]
        connection.execute("select 1 from build").fetchone()
    except sqlite3.DatabaseError as error:
        raise KbError(f"not a database of kb ({error})", file=file, mend="run kb build") from error
    if version != SCHEMA_VERSION:
        connection.close()
        raise KbError(f"the database is of version {version}, not {SCHEMA_VERSION}", file=file, mend="run kb build")
    return connection


def build_facts(db: sqlite3.Connection) -> dict[str, str]:
    """What the build said of itself: schema_version, and what the pipeline recorded."""
    return {row["key"]: row["value"] for row in rows(db, "select key, value from build order by key")}


def documents(db: sqlite3.Connection, *, cited: bool = False) -> list[DocumentRow]:
    """The documents of the corpus, upper places first; with ``cited`` those that are only cited as well."""
    found = rows(db, f"{_DOCUMENT} where d.in_corpus >= ? order by d.in_corpus desc, d.rowid", 0 if cited else 1)
    return [_document(row) for row in found]


def document(db: sqlite3.Connection, reference: str) -> DocumentRow:
    """The document that a user means: an id, a document number, a region's code, full or bare name (临海市, 临海).
    KbError, naming what there is, if it is none or several."""
    everything = documents(db, cited=True)
    number = number_key(reference)
    tests: list[Callable[[DocumentRow], bool]] = [
        lambda d: d.id == reference,
        lambda d: number is not None and number == number_key(d.doc_number),
        lambda d: d.in_corpus and reference in {d.region_code, d.place, d.bare, d.title},
    ]
    for test in tests:
        found = [d for d in everything if test(d)]
        if len(found) == 1:
            return found[0]
        if found:
            raise KbError(f"{reference!r} has {len(found)} documents",
                          mend="name one of " + ", ".join(d.id for d in found))
    known = ", ".join(f"{d.bare} ({d.id})" for d in everything if d.in_corpus)
    raise KbError(f"no document or place {reference!r} in the database", mend=f"there are: {known or 'none'}")


def outline(db: sqlite3.Connection, document_id: str) -> list[Clause]:
    """All provisions of a document in its order."""
    return [as_clause(r) for r in rows(db, f"{CLAUSES} where c.document_id = ? order by c.ordinal", document_id)]


def provisions(db: sqlite3.Connection, document_id: str) -> list[Provision]:
    """All provisions of a document as the parser gave them, in its order."""
    found = rows(db, "select c.*, p.path as parent from clauses c left join clauses p on p.id = c.parent_id "
                     "where c.document_id = ? order by c.ordinal", document_id)
    return [Provision(**{name: row[name] for name in Provision.__dataclass_fields__}) for row in found]


def clause(db: sqlite3.Connection, place: str, label: str) -> ClauseView:
    """The clause ``label`` (二（三）, 附件三（一）1, or a path 正文/二/（三）; any brackets) of the document that
    ``place`` names. KbError with the nearest labels if there is none."""
    head = document(db, place)
    provisions = outline(db, head.id)
    key = _label_key(label)
    spellings: list[Callable[[Clause], str]] = [
        lambda c: c.path, lambda c: c.label, lambda c: c.path.removeprefix("正文/")]
    found = next((match for spell in spellings if (match := [c for c in provisions if _label_key(spell(c)) == key])),
                 [])
    if len(found) != 1:
        labels = {_label_key(c.label): c.label for c in provisions if c.label}
        near = [labels[k] for k in difflib.get_close_matches(key, labels, n=5, cutoff=0.3)]
        if not provisions:
            raise KbError(f"{head.name} is cited but its text is not in the corpus", mend="import its page")
        raise KbError(f"{head.place} has no clause {label!r}" if not found else f"{label!r} is not unique",
                      mend="the nearest are " + ", ".join(near or [c.label for c in provisions[:5]]))
    return view(db, head, found[0])


def _label_key(label: str) -> str:
    return fold(label).replace(fold("/"), "")


def view(db: sqlite3.Connection, head: DocumentRow, found: Clause) -> ClauseView:
    """One clause with its counterparts (the document's order) and its statements (the text's order)."""
    tables = [tuple(rows(db, f"select * from {table} where clause_id = ? order by start, id", found.id))
              for table in ("quantities", "responsibilities", "citations")]
    return ClauseView(head, found, tuple(counterparts_of(db, [found.id]).get(found.id, ())), *tables)


def statements(db: sqlite3.Connection, document_id: str) -> dict[str, dict[int, list[Row]]]:
    """Rows of quantities, responsibilities and citations of a document by table and clause id, in the text's order."""
    found: dict[str, dict[int, list[Row]]] = {}
    for table in ("quantities", "responsibilities", "citations"):
        by_clause = found.setdefault(table, {})
        for row in rows(db, f"select t.* from {table} t join clauses c on c.id = t.clause_id "
                             "where c.document_id = ? order by t.clause_id, t.start, t.id", document_id):
            by_clause.setdefault(row["clause_id"], []).append(row)
    return found


def counterparts(db: sqlite3.Connection, document_id: str) -> dict[int, list[Counterpart]]:
    """For each clause id of a document its counterparts, in the order of :func:`documents`."""
    return _counterparts(db, "= ?", "document", [document_id])


def counterparts_of(db: sqlite3.Connection, clauses: Sequence[int]) -> dict[int, list[Counterpart]]:
    """The same for some clauses (a few hundred at most)."""
    return _counterparts(db, f"in ({','.join('?' * len(clauses))})", "clause", clauses)


def _counterparts(db: sqlite3.Connection, which: str, column: str,
                  values: Sequence[Any]) -> dict[int, list[Counterpart]]:
    sql = f"""
        select a_clause_id as mine, b_clause_id as other, relation, score, differences
        from alignments a where a_{column}_id {which}
        union all
        select b_clause_id, a_clause_id, relation, score, differences
        from alignments a where b_{column}_id {which}"""
    found_rows = rows(db, sql, *values, *values)
    heads = {d.id: d for d in documents(db)}
    order = {identity: number for number, identity in enumerate(heads)}
    others = {c.id: c for c in clauses_by_id(db, sorted({row["other"] for row in found_rows}))}
    found: dict[int, list[Counterpart]] = {}
    for row in sorted(found_rows, key=lambda r: (order[others[r["other"]].document_id], -r["score"], r["other"])):
        other = others[row["other"]]
        found.setdefault(row["mine"], []).append(
            Counterpart(other, heads[other.document_id], row["relation"], row["score"], row["differences"]))
    return found


_DOCUMENT = """
    select d.id, d.name, d.region_code, coalesce(r.name, '') as place, r.level as level, d.title, d.kind, d.issuer,
        d.doc_number, d.unified_number, d.index_number, d.signed_on, d.written_on, d.published_on, d.effective_on,
        d.expires_on, d.validity, d.in_corpus, d.source_file, d.inferred, d.clauses, d.year,
        coalesce(r.sign, substr(d.name, 1, 1)) as sign
    from documents d left join regions r on r.code = d.region_code"""
CLAUSES = "select c.* from clauses c"


def rows(db: sqlite3.Connection, sql: str, *parameters: Any) -> list[Row]:
    """Rows as dictionaries. ``parameters``: values for ``?``, or one mapping for names."""
    named = parameters[0] if parameters and isinstance(parameters[0], Mapping) else parameters
    cursor = db.execute(sql, named)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _document(row: Row) -> DocumentRow:
    code = row["region_code"]
    values: Row = row | {"bare": regions.bare(code) if code in regions.regions() else row["place"],
             "inferred": json.loads(row["inferred"] or "{}"), "in_corpus": bool(row["in_corpus"])}
    return DocumentRow(**{name: values[name] for name in DocumentRow.__dataclass_fields__})


def as_clause(row: Row) -> Clause:
    """A row of ``clauses`` as a value."""
    return Clause(**{name: row[name] for name in Clause.__dataclass_fields__})


def clauses_by_id(db: sqlite3.Connection, ids: Sequence[int]) -> list[Clause]:
    """Clauses by id in the order of ``ids``; asked for in portions, since SQLite bounds the number of values."""
    found: dict[int, Clause] = {}
    for begin in range(0, len(ids), 500):
        part = ids[begin:begin + 500]
        marks_ = ",".join("?" * len(part))
        found |= {r["id"]: as_clause(r) for r in rows(db, f"{CLAUSES} where c.id in ({marks_})", *part)}
    return [found[identity] for identity in ids]
