"""Reading functions over an open connection: what the command line and the site show.

They take a ``sqlite3.Connection`` of any row factory and return frozen values in a fixed order.
"""

from __future__ import annotations

import difflib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kb.database.citing import number_key
from kb.database.schema import SCHEMA_VERSION
from kb.fulltext import Query, fold, marks, match_expression, parse, relaxed, whole_words
from kb.models import KbError, Span
from kb.vocabulary import regions

Row = dict[str, Any]
_HEADING_WEIGHT, _TEXT_WEIGHT = 4.0, 1.0
_SEGMENTED = 200  # so many of the best hits are cut into words to tell whole words from accidents
_SWAPPED = {"stricter": "looser", "looser": "stricter", "higher": "lower", "lower": "higher",
            "addition": "omission", "omission": "addition"}


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document's head. ``place`` is its region's full name, ``bare`` the same without 市 or 县, ``clauses`` the
    number of its provisions with text; ``inferred`` says by field what was concluded and why."""

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
class Hit:
    """A clause that meets a query, with the spans of the hits on its heading and its text. ``whole``: some hit
    begins and ends where a word does."""

    clause: Clause
    document: DocumentRow
    heading_marks: tuple[Span, ...]
    text_marks: tuple[Span, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One typed difference; spans count in the two clauses' own texts."""

    id: int
    type: str
    a_quote: str
    b_quote: str
    a_span: Span
    b_span: Span
    a_value: float | None
    b_value: float | None
    unit: str
    direction: str
    salience: float
    summary: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two aligned clauses with what really differs."""

    alignment_id: int
    a: Clause
    b: Clause
    relation: str
    score: float
    a_span: Span
    b_span: Span
    differences: tuple[DifferenceRow, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two documents clause by clause, in the order of ``a``, the base; then what stands alone on either side."""

    a: DocumentRow
    b: DocumentRow
    pairs: tuple[Pair, ...]
    only_a: tuple[Clause, ...]
    only_b: tuple[Clause, ...]


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
    return {row["key"]: row["value"] for row in _rows(db, "select key, value from build order by key")}


def documents(db: sqlite3.Connection, *, cited: bool = False) -> list[DocumentRow]:
    """The documents of the corpus, upper places first; with ``cited`` those that are only cited as well."""
    rows = _rows(db, f"{_DOCUMENT} where d.in_corpus >= ? order by d.in_corpus desc, d.rowid", 0 if cited else 1)
    return [_document(row) for row in rows]


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
    return [_clause(r) for r in _rows(db, f"{_CLAUSE} where c.document_id = ? order by c.ordinal", document_id)]


def search(db: sqlite3.Connection, query: str | Query, limit: int | None = 20) -> list[Hit]:
    """Clauses that meet the query (see :func:`kb.fulltext.parse`), best first; all of them if ``limit`` is None.

    A plain string gives exactly the clauses whose heading and text contain it, width of punctuation, case, white
    space and traditional characters aside. Rank: hits on whole words first, then BM25 with headings weighing more.
    """
    parsed = parse(query) if isinstance(query, str) else query
    found = _rows(
        db, "select rowid as id from clauses_fts where clauses_fts match ? "
        f"order by bm25(clauses_fts, {_HEADING_WEIGHT}, {_TEXT_WEIGHT}), rowid limit ?",
        match_expression(parsed), -1 if limit is None else max(limit, _SEGMENTED))
    heads = {d.id: d for d in documents(db)}
    clauses = _clauses(db, [row["id"] for row in found])
    hits = [_hit(clause, heads[clause.document_id], parsed, segment=number < _SEGMENTED)
            for number, clause in enumerate(clauses)]
    return sorted(hits, key=lambda hit: not hit.whole)[:limit]


def count(db: sqlite3.Connection, query: Query) -> int:
    """How many clauses meet the query."""
    found = _rows(db, "select count(*) as n from clauses_fts where clauses_fts match ?", match_expression(query))
    return int(found[0]["n"])


def _hit(clause: Clause, head: DocumentRow, query: Query, *, segment: bool) -> Hit:
    heading, text = tuple(marks(clause.heading, query)), tuple(marks(clause.text, query))
    if not heading and not text:  # the string runs from the heading into the text
        joined = marks(clause.heading + clause.text, query)
        edge = len(clause.heading)
        heading = tuple(Span(s.start, min(s.end, edge)) for s in joined if s.start < edge)
        text = tuple(Span(max(s.start - edge, 0), s.end - edge) for s in joined if s.end > edge)
    whole = segment and (whole_words(clause.heading, heading) or whole_words(clause.text, text))
    return Hit(clause, head, heading, text, whole)


def nearest(db: sqlite3.Connection, query: str, limit: int | None = 20) -> tuple[Query | None, list[Hit]]:
    """For a query that finds nothing: the narrowest wider reading that finds something, and its hits."""
    for wider in relaxed(query):
        if hits := search(db, wider, limit):
            return wider, hits
    return None, []


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
    tables = [tuple(_rows(db, f"select * from {table} where clause_id = ? order by start, id", found.id))
              for table in ("quantities", "responsibilities", "citations")]
    return ClauseView(head, found, tuple(counterparts(db, head.id).get(found.id, ())), *tables)


def statements(db: sqlite3.Connection, document_id: str) -> dict[str, dict[int, list[Row]]]:
    """Rows of quantities, responsibilities and citations of a document by table and clause id, in the text's order."""
    found: dict[str, dict[int, list[Row]]] = {}
    for table in ("quantities", "responsibilities", "citations"):
        by_clause = found.setdefault(table, {})
        for row in _rows(db, f"select t.* from {table} t join clauses c on c.id = t.clause_id "
                             "where c.document_id = ? order by t.clause_id, t.start, t.id", document_id):
            by_clause.setdefault(row["clause_id"], []).append(row)
    return found


def counterparts(db: sqlite3.Connection, document_id: str) -> dict[int, list[Counterpart]]:
    """For each clause id of a document its counterparts, in the order of :func:`documents`."""
    sql = """
        select a_clause_id as mine, b_clause_id as other, relation, score,
            (select count(*) from differences f where f.alignment_id = a.id) as differences
        from alignments a where a_document_id = :id
        union all
        select b_clause_id, a_clause_id, relation, score,
            (select count(*) from differences f where f.alignment_id = a.id)
        from alignments a where b_document_id = :id"""
    rows = _rows(db, sql, {"id": document_id})
    heads = {d.id: d for d in documents(db)}
    order = {identity: number for number, identity in enumerate(heads)}
    others = {c.id: c for c in _clauses(db, sorted({row["other"] for row in rows}))}
    found: dict[int, list[Counterpart]] = {}
    for row in sorted(rows, key=lambda r: (order[others[r["other"]].document_id], -r["score"], r["other"])):
        other = others[row["other"]]
        found.setdefault(row["mine"], []).append(
            Counterpart(other, heads[other.document_id], row["relation"], row["score"], row["differences"]))
    return found


def comparison(db: sqlite3.Connection, a: str, b: str) -> Comparison:
    """Two documents clause by clause with ``a`` as the base, whichever is the upper one: sides and directions of
    the stored rows are turned round where needed. KbError for an unknown document, or one against itself."""
    left, right = document(db, a), document(db, b)
    for head in (left, right):
        if not head.in_corpus:
            raise KbError(f"{head.name} is cited but its text is not in the corpus", mend="import its page")
    if left.id == right.id:
        raise KbError(f"{left.name} cannot be compared with itself", mend="name two documents")
    mine, theirs = outline(db, left.id), outline(db, right.id)
    by_id = {c.id: c for c in (*mine, *theirs)}
    rows = _rows(db, "select * from alignments where (a_document_id = :a and b_document_id = :b) "
                     "or (a_document_id = :b and b_document_id = :a)", {"a": left.id, "b": right.id})
    differences = _differences(db, left.id, right.id)
    pairs = [_pair(row, by_id, differences.get(row["id"], []), turned=row["a_document_id"] != left.id) for row in rows]
    aligned = {c.id for pair in pairs for c in (pair.a, pair.b)}
    return Comparison(left, right, tuple(sorted(pairs, key=lambda p: (p.a.ordinal, p.b.ordinal))),
                      _alone(mine, aligned), _alone(theirs, aligned))


def _alone(clauses: Sequence[Clause], aligned: set[int]) -> tuple[Clause, ...]:
    """Clauses with text of their own that nothing is aligned with; the signature block says nothing on any matter."""
    return tuple(c for c in clauses if c.text.strip() and c.kind != "signature" and c.id not in aligned)


def _pair(row: Row, by_id: Mapping[int, Clause], found: Sequence[DifferenceRow], *, turned: bool) -> Pair:
    a, b = by_id[row["a_clause_id"]], by_id[row["b_clause_id"]]
    spans = Span(row["a_start"], row["a_end"]), Span(row["b_start"], row["b_end"])
    if turned:
        return Pair(row["id"], b, a, row["relation"], row["score"], spans[1], spans[0], tuple(map(_turned, found)))
    return Pair(row["id"], a, b, row["relation"], row["score"], *spans, tuple(found))


def _turned(d: DifferenceRow) -> DifferenceRow:
    return replace(d, type=_SWAPPED.get(d.type, d.type), direction=_SWAPPED.get(d.direction, d.direction),
                   a_quote=d.b_quote, b_quote=d.a_quote, a_span=d.b_span, b_span=d.a_span,
                   a_value=d.b_value, b_value=d.a_value)


def _differences(db: sqlite3.Connection, a: str, b: str) -> dict[int, list[DifferenceRow]]:
    found: dict[int, list[DifferenceRow]] = {}
    for r in _rows(db, "select * from differences where (a_document_id = :a and b_document_id = :b) "
                       "or (a_document_id = :b and b_document_id = :a) order by id", {"a": a, "b": b}):
        found.setdefault(r["alignment_id"], []).append(DifferenceRow(
            r["id"], r["type"], r["a_quote"], r["b_quote"], Span(r["a_start"], r["a_end"]),
            Span(r["b_start"], r["b_end"]), r["a_value"], r["b_value"], r["unit"], r["direction"], r["salience"],
            r["summary"]))
    return found


_DOCUMENT = """
    select d.*, coalesce(r.name, '') as place, r.level as level,
        (select count(*) from clauses c where c.document_id = d.id and c.text <> '') as clauses
    from documents d left join regions r on r.code = d.region_code"""
_CLAUSE = "select c.* from clauses c"


def _rows(db: sqlite3.Connection, sql: str, *parameters: Any) -> list[Row]:
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


def _clause(row: Row) -> Clause:
    return Clause(**{name: row[name] for name in Clause.__dataclass_fields__})


def _clauses(db: sqlite3.Connection, ids: Sequence[int]) -> list[Clause]:
    """Clauses by id in the order of ``ids``; asked for in portions, since SQLite bounds the number of values."""
    found: dict[int, Clause] = {}
    for begin in range(0, len(ids), 500):
        part = ids[begin:begin + 500]
        marks_ = ",".join("?" * len(part))
        found |= {r["id"]: _clause(r) for r in _rows(db, f"{_CLAUSE} where c.id in ({marks_})", *part)}
    return [found[identity] for identity in ids]
