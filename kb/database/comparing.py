"""Reading what was compared: two documents clause by clause, one clause with all its counterparts, the list of
differences, the rows of the concordance."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kb.database.read import CLAUSES, Clause, DocumentRow, Row, as_clause, document, outline, rows
from kb.models import KbError, Span
from kb.render import Segment

_SWAPPED = {"stricter": "looser", "looser": "stricter", "higher": "lower", "lower": "higher",
            "addition": "omission", "omission": "addition"}
_KINDS = {"d": "delete", "i": "insert", "r": "replace"}
_TURNED_KINDS = {"delete": "insert", "insert": "delete"}


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
    """Two aligned clauses with what really differs. ``stretches``: those that are not equal, as stored (from the upper
    document's side; ``turned`` where that is not ``a``); ``rewritten``: so much changed that strikes would say
    nothing; ``moved`` as in kb.align.moves."""

    alignment_id: int
    a: Clause
    b: Clause
    relation: str
    score: float
    a_span: Span
    b_span: Span
    differences: tuple[DifferenceRow, ...]
    stretches: str = "[]"
    rewritten: bool = False
    turned: bool = False
    moved: str = ""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The stretches that are not equal, for display. Unpacked when asked for, since few pages want them."""
        found = unpacked(self.stretches)
        if not self.turned:
            return found
        return tuple(Segment(_TURNED_KINDS.get(s.kind, s.kind), s.b, s.a, s.minor)  # type: ignore[arg-type]
                     for s in found)

    @property
    def same(self) -> bool:
        """Whether the two say the same."""
        return self.relation == "equivalent" and not self.differences


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two documents clause by clause, in the order of ``a``, the base; then what stands alone on either side."""

    a: DocumentRow
    b: DocumentRow
    pairs: tuple[Pair, ...]
    only_a: tuple[Clause, ...]
    only_b: tuple[Clause, ...]


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
    where = ("(a_document_id = :a and b_document_id = :b) or (a_document_id = :b and b_document_id = :a)",
             {"a": left.id, "b": right.id})
    found = rows(db, f"select * from alignments where {where[0]}", where[1])
    differing = _differences(db, *where)
    pairs = [_pair(row, by_id, differing.get(row["id"], []), turned=row["a_document_id"] != left.id) for row in found]
    aligned = {c.id for pair in pairs for c in (pair.a, pair.b)}
    return Comparison(left, right, tuple(sorted(pairs, key=lambda p: (p.a.ordinal, p.b.ordinal))),
                      _alone(mine, aligned), _alone(theirs, aligned))


def pairs_of(db: sqlite3.Connection, clause: Clause) -> list[Pair]:
    """All pairs of ``clause``, which is ``a`` in each, in the order of the other documents."""
    where = "a_clause_id = :id or b_clause_id = :id", {"id": clause.id}
    found = rows(db, f"select * from alignments where {where[0]}", where[1])
    others = [row["b_clause_id"] if row["a_clause_id"] == clause.id else row["a_clause_id"] for row in found]
    by_id = {clause.id: clause} | {
        r["id"]: as_clause(r) for other in others for r in rows(db, f"{CLAUSES} where c.id = ?", other)}
    order = {r["id"]: n for n, r in enumerate(rows(db, "select id from documents order by rowid"))}
    differing = _differences(db, *where)
    pairs = [_pair(row, by_id, differing.get(row["id"], []), turned=row["a_clause_id"] != clause.id) for row in found]
    return sorted(pairs, key=lambda p: (order[p.b.document_id], -p.score, p.b.ordinal))


def _alone(clauses: Sequence[Clause], aligned: set[int]) -> tuple[Clause, ...]:
    """Clauses that nothing is aligned with, neither they nor what stands under them: the rows of the view v_alone. A
    piece that only spells a clause out counts as that clause; the signature block says nothing on any matter."""
    by_id = {c.id: c for c in clauses}
    covered = aligned | {by_id[number].parent_id for number in aligned if number in by_id}

    def piece(c: Clause) -> bool:
        above = by_id.get(c.parent_id or 0)
        spells_out = c.kind in ("heading", "subitem") or (not c.heading and c.kind != "dash")
        return spells_out and above is not None and bool(above.text)

    return tuple(c for c in clauses if c.text.strip() and c.kind not in ("part", "signature")
                 and c.id not in covered and not piece(c))


def _pair(row: Row, by_id: Mapping[int, Clause], found: Sequence[DifferenceRow], *, turned: bool) -> Pair:
    a, b = by_id[row["a_clause_id"]], by_id[row["b_clause_id"]]
    spans = Span(row["a_start"], row["a_end"]), Span(row["b_start"], row["b_end"])
    pair = Pair(row["id"], a, b, row["relation"], row["score"], *spans, tuple(found), row["segments"] or "[]",
                bool(row["rewritten"]), moved=row["moved"] or "")
    return turn(pair) if turned else pair


def turn(pair: Pair) -> Pair:
    """The same pair seen from the other side."""
    return replace(pair, a=pair.b, b=pair.a, a_span=pair.b_span, b_span=pair.a_span, turned=not pair.turned,
                   differences=tuple(map(_turned, pair.differences)))


def unpacked(text: str | None) -> tuple[Segment, ...]:
    """The stretches that :func:`kb.database.write.packed` wrote."""
    return tuple(Segment(_KINDS[kind], Span(a, b), Span(c, d), bool(minor))  # type: ignore[arg-type]
                 for kind, a, b, c, d, minor in json.loads(text or "[]"))


def _turned(d: DifferenceRow) -> DifferenceRow:
    return replace(d, type=_SWAPPED.get(d.type, d.type), direction=_SWAPPED.get(d.direction, d.direction),
                   a_quote=d.b_quote, b_quote=d.a_quote, a_span=d.b_span, b_span=d.a_span,
                   a_value=d.b_value, b_value=d.a_value)


def _differences(db: sqlite3.Connection, where: str, values: Row) -> dict[int, list[DifferenceRow]]:
    found: dict[int, list[DifferenceRow]] = {}
    for r in rows(db, f"select * from differences where {where} order by id", values):
        found.setdefault(r["alignment_id"], []).append(_difference(r))
    return found


def _difference(r: Row) -> DifferenceRow:
    return DifferenceRow(
        r["id"], r["type"], r["a_quote"], r["b_quote"], Span(r["a_start"], r["a_end"]), Span(r["b_start"], r["b_end"]),
        r["a_value"], r["b_value"], r["unit"], r["direction"], r["salience"], r["summary"])


# --- the list of differences -----------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Wanted:
    """Which differences a list shall hold: of a ``type``, a ``direction``, at least a ``salience``, between ``a`` and
    ``b`` (document ids; one alone: with any other), with ``words`` in a quote."""

    type: str = ""
    direction: str = ""
    salience: float = 0.0
    a: str = ""
    b: str = ""
    words: str = ""

    def where(self, *, without: str = "") -> tuple[str, Row]:
        """The SQL condition on ``differences f``, and its values; leaving out the field ``without``."""
        parts, values = ["1"], {}
        for name, sql in (("type", "f.type = :type"), ("direction", "f.direction = :direction"),
                          ("salience", "f.salience >= :salience")):
            if getattr(self, name) and name != without:
                parts.append(sql)
                values[name] = getattr(self, name)
        if self.a and self.b:
            parts.append("(f.a_document_id = :a and f.b_document_id = :b or "
                         "f.a_document_id = :b and f.b_document_id = :a)")
            values |= {"a": self.a, "b": self.b}
        elif self.a or self.b:
            parts.append("(f.a_document_id = :a or f.b_document_id = :a)")
            values["a"] = self.a or self.b
        if self.words:
            parts.append("(instr(f.a_quote, :words) or instr(f.b_quote, :words))")
            values["words"] = self.words
        return " and ".join(parts), values


LISTED = """select f.id, f.type, f.direction, f.salience, f.summary, f.a_quote, f.b_quote, f.a_value, f.b_value, f.unit,
    f.alignment_id, f.a_document_id, f.b_document_id, f.a_clause_id, f.b_clause_id, ca.label as a_label,
    ca.heading as a_heading, ca.path as a_path, cb.label as b_label, cb.heading as b_heading, cb.path as b_path
from differences f join clauses ca on ca.id = f.a_clause_id join clauses cb on cb.id = f.b_clause_id"""


def listed(db: sqlite3.Connection, wanted: Wanted, limit: int = -1, offset: int = 0) -> list[Row]:
    """Differences that are wanted, the most salient first, with both clauses' labels, headings and paths."""
    where, values = wanted.where()
    return rows(db, f"{LISTED} where {where} order by f.salience desc, f.id limit :limit offset :offset",
                values | {"limit": limit, "offset": offset})


def counted(db: sqlite3.Connection, wanted: Wanted, by: str) -> dict[str, int]:
    """How many differences there are by ``by`` (``type`` or ``direction``), the other conditions met; most first."""
    where, values = wanted.where(without=by)
    found = rows(db, f"select f.{by} as name, count(*) as n from differences f where {where} group by 1 "
                     "order by n desc, 1", values)
    return {row["name"]: row["n"] for row in found}


# --- the concordance -------------------------------------------------------------------------------------------------

def concordance_rows(db: sqlite3.Connection, columns: Sequence[str], *, base: str = "", shared: int = 2,
                     differing: bool = False) -> list[Row]:
    """Numbers and labels of the concordance's rows in which at least ``shared`` of the documents ``columns`` stand;
    with ``base`` only those in which it stands; ``differing``: only those with a difference between two of them."""
    names = {f"d{n}": document_id for n, document_id in enumerate(columns)}
    chosen = ", ".join(f":{name}" for name in names) or "null"
    having = [f"count(distinct document_id) >= {int(shared)}"]
    if base:
        having.append("max(document_id = :base)")
    if differing:
        having.append(f"""exists (select 1 from concordance x join concordance y on y."row" = x."row"
            join alignments a on a.a_clause_id = x.clause_id and a.b_clause_id = y.clause_id
            where x."row" = k."row" and a.differences > 0
            and x.document_id in ({chosen}) and y.document_id in ({chosen}))""")
    return rows(db, f"""select k."row" as number, k.row_label as label, count(distinct k.document_id) as documents
        from concordance k where k.document_id in ({chosen}) group by k."row" having {" and ".join(having)}
        order by k."row" """, names | ({"base": base} if base else {}))


def row_clauses(db: sqlite3.Connection, numbers: Sequence[int], columns: Sequence[str]) -> dict[int, list[Clause]]:
    """The clauses of the concordance's rows ``numbers`` in the documents ``columns``, in the order of the text."""
    if not numbers:
        return {}
    found: dict[int, list[Clause]] = {}
    sql = f"""select k."row" as number, c.* from concordance k join clauses c on c.id = k.clause_id
        where k."row" in ({_marks(numbers)}) and k.document_id in ({_marks(columns)}) order by k."row", k.id"""
    for row in rows(db, sql, *numbers, *columns):
        found.setdefault(row["number"], []).append(as_clause(row))
    return found


def pairs_among(db: sqlite3.Connection, clauses: Mapping[int, Clause]) -> list[Pair]:
    """All pairs between the given clauses, as stored."""
    ids = list(clauses)
    found: list[Row] = []
    differing: dict[int, list[DifferenceRow]] = {}
    for begin in range(0, len(ids), 400):
        part = ids[begin:begin + 400]
        found += [r for r in rows(db, f"select * from alignments where a_clause_id in ({_marks(part)})", *part)
                  if r["b_clause_id"] in clauses]
    numbers = [row["id"] for row in found]
    for begin in range(0, len(numbers), 400):
        part = numbers[begin:begin + 400]
        for r in rows(db, f"select * from differences where alignment_id in ({_marks(part)}) order by id", *part):
            differing.setdefault(r["alignment_id"], []).append(_difference(r))
    return [_pair(row, clauses, differing.get(row["id"], []), turned=False) for row in found]


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values)) or "null"
