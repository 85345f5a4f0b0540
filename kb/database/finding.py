"""Finding clauses: ranked search with conditions on fields, facets, wider readings, suggestions for a misspelt word,
and the clauses most like a given one."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.database.read import Clause, DocumentRow, Row, clauses_by_id, documents, rows
from kb.fulltext import Query, fold, literal, marks, match_expression, parse, relaxed, whole_words
from kb.models import Span
from kb.vocabulary.agencies import canonical

_HEADING_WEIGHT, _TEXT_WEIGHT = 4.0, 1.0
_SEGMENTED = 200  # so many of the best hits are cut into words to tell whole words from accidents
_ORDERS = {"document": "d.rowid, c.ordinal", "date": "coalesce(d.year, 0) desc, d.signed_on desc, d.rowid, c.ordinal"}


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
class Condition:
    """A condition on a field, as typed: 地区:临海."""

    field: str
    value: str


#: Field names as typed -> the field; each field's SQL on clauses ``c``, documents ``d`` and regions ``r``.
FIELDS: Mapping[str, str] = {
    "地区": "region", "region": "region", "层级": "level", "level": "level", "年份": "year", "year": "year",
    "效力": "validity", "validity": "validity", "部门": "agency", "agency": "agency", "部分": "part", "part": "part",
    "文种": "kind", "kind": "kind", "标题": "title", "title": "title", "文号": "number", "number": "number",
    "文件": "document", "document": "document"}
LEVELS: Mapping[str, str] = {"省": "province", "设区市": "prefecture", "地市": "prefecture", "市": "prefecture",
                             "县": "county", "区": "county", "县市区": "county", "县（市、区）": "county"}
_FIELD = re.compile(r"(?<!\S)(" + "|".join(FIELDS) + r")[:：](?:[“\"]([^”\"]+)[”\"]|(\S+))", re.IGNORECASE)
_HEAD_AGENCY = """exists (select 1 from responsibilities p where p.clause_id = c.id
    and (p.agency = :{0} or instr(p.agency, :{0}) or instr(p.unit, :{0})))"""
_SQL: Mapping[str, str] = {
    "region": "(r.code = :{0} or instr(r.name, :{0}))", "level": "r.level = :{0}",
    "year": "coalesce(d.year, '不详') = :{0}",
    "validity": "d.validity = :{0}", "agency": _HEAD_AGENCY, "part": "c.part = :{0}", "kind": "d.kind = :{0}",
    "title": "instr(d.title, :{0})", "number": "instr(replace(d.doc_number, ' ', ''), :{0})",
    "document": "d.id = :{0}"}
_FACETS: Mapping[str, str] = {
    "region": "r.name", "level": "r.level", "year": "coalesce(d.year, '不详')", "validity": "d.validity",
    "part": "c.part"}


def conditions(query: str) -> tuple[str, tuple[Condition, ...]]:
    """A typed query parted into what is searched for and the conditions on fields (``地区:临海``, ``year:2022``; the
    value may stand in quotation marks). Words with a colon that name no field stay part of the search."""
    found = [Condition(FIELDS[m[1].lower()], m[2] or m[3]) for m in _FIELD.finditer(query)]
    return " ".join(_FIELD.sub(" ", query).split()), tuple(found)


@dataclass(frozen=True)
class Found:
    """A page of hits, how many clauses there are in all, in how many documents, and by facet how many of each value."""

    hits: tuple[Hit, ...]
    total: int
    documents: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]


def find(db: sqlite3.Connection, query: Query, where: Sequence[Condition] = (), *, limit: int = 20, offset: int = 0,
         order: str = "") -> Found:
    """Clauses that meet the query and all conditions, with counts by facet. ``order``: ``document``, ``date``, else by
    relevance. Without a query all clauses that meet the conditions, in the order of the documents."""
    values, parts = _where(query, where)
    if not query.groups and not where:
        return Found((), 0, 0, {})
    base = f"""from clauses c join documents d on d.id = c.document_id
        left join regions r on r.code = d.region_code where {" and ".join(parts)}"""
    counts = rows(db, f"select count(*) as n, count(distinct d.id) as d {base}", values)[0]
    facets = {name: tuple((str(r["v"]), r["n"]) for r in rows(
        db, f"select {sql} as v, count(*) as n {base} and {sql} is not null group by 1 order by n desc, min(d.rowid) "
            "limit 30", values)) for name, sql in _FACETS.items()} if counts["n"] else {}
    if counts["n"]:
        facets["agency"] = tuple((r["v"], r["n"]) for r in rows(
            db, f"""select p.agency as v, count(distinct p.clause_id) as n from responsibilities p
            where p.role = 'lead' and p.clause_id in (select c.id {base}) group by 1 order by n desc, 1 limit 15""",
            values))
    ids = _ranked(db, query, base, values, limit, offset, order)
    heads = {d.id: d for d in documents(db)}
    hits = tuple(_hit(clause, heads[clause.document_id], query) for clause in ids)
    return Found(hits, counts["n"], counts["d"], facets)


def _where(query: Query, where: Sequence[Condition]) -> tuple[Row, list[str]]:
    values: Row = {}
    parts = ["c.text <> ''"] if not query.groups else []
    if query.groups:
        values["match"] = match_expression(query)
        parts.append("c.id in (select rowid from clauses_fts where clauses_fts match :match)")
    for number, condition in enumerate(where):
        name, value = f"v{number}", condition.value
        parts.append(_SQL[condition.field].format(name))
        values[name] = (LEVELS.get(value, value) if condition.field == "level"
                        else canonical(value) if condition.field == "agency"
                        else int(value) if condition.field == "year" and value.isascii() and value.isdigit() else value)
    return values, parts


def _ranked(db: sqlite3.Connection, query: Query, base: str, values: Row, limit: int, offset: int,
            order: str) -> list[Clause]:
    page = values | {"limit": limit, "offset": offset}
    if order in _ORDERS or not query.groups:
        by = _ORDERS.get(order, _ORDERS["document"])
        return clauses_by_id(db, [r["id"] for r in rows(
            db, f"select c.id {base} order by {by} limit :limit offset :offset", page)])
    sql = f"""select f.rowid as id from clauses_fts f where clauses_fts match :match and f.rowid in (select c.id {base})
        order by bm25(clauses_fts, {_HEADING_WEIGHT}, {_TEXT_WEIGHT}), f.rowid limit :limit offset :offset"""
    if offset + limit > _SEGMENTED:
        return clauses_by_id(db, [r["id"] for r in rows(db, sql, page)])
    best = clauses_by_id(db, [r["id"] for r in rows(db, sql, values | {"limit": _SEGMENTED, "offset": 0})])
    if max((len(fold(string)) for string in query.strings), default=0) > 1:  # a lone character is seldom a word
        best.sort(key=lambda clause: not _whole(clause, query))
    return best[offset:offset + limit]


def _whole(clause: Clause, query: Query) -> bool:
    return (whole_words(clause.heading, marks(clause.heading, query))
            or whole_words(clause.text, marks(clause.text, query)))


def search(db: sqlite3.Connection, query: str | Query, limit: int | None = 20) -> list[Hit]:
    """Clauses that meet the query (see :func:`kb.fulltext.parse`), best first; all of them if ``limit`` is None.

    A plain string gives exactly the clauses whose heading and text contain it, width of punctuation, case, white
    space and traditional characters aside. Rank: hits on whole words first, then BM25 with headings weighing more.
    """
    parsed = parse(query) if isinstance(query, str) else query
    found = rows(
        db, "select rowid as id from clauses_fts where clauses_fts match ? "
        f"order by bm25(clauses_fts, {_HEADING_WEIGHT}, {_TEXT_WEIGHT}), rowid limit ?",
        match_expression(parsed), -1 if limit is None else max(limit, _SEGMENTED))
    heads = {d.id: d for d in documents(db)}
    clauses = clauses_by_id(db, [row["id"] for row in found])
    hits = [_hit(clause, heads[clause.document_id], parsed, segment=number < _SEGMENTED)
            for number, clause in enumerate(clauses)]
    return sorted(hits, key=lambda hit: not hit.whole)[:limit]


def count(db: sqlite3.Connection, query: Query) -> int:
    """How many clauses meet the query."""
    found = rows(db, "select count(*) as n from clauses_fts where clauses_fts match ?", match_expression(query))
    return int(found[0]["n"])


def _hit(clause: Clause, head: DocumentRow, query: Query, *, segment: bool = True) -> Hit:
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


# --- a word that nobody wrote ----------------------------------------------------------------------------------------

def suggestions(db: sqlite3.Connection, query: Query, limit: int = 3) -> list[str]:
    """For a query that finds nothing: the query with each string that stands nowhere put right by one character (亩均税
    受 -> 亩均税收), where such a string stands in the corpus; the most frequent first."""
    found: list[str] = []
    for string in query.strings:
        if 3 <= len(fold(string)) <= 12 and not count(db, parse(literal(string))):
            for better, _ in _neighbours(db, string).most_common(limit):
                others = [better if other == string else other for other in query.strings]
                found.append(" ".join(others))
    return found[:limit]


def _neighbours(db: sqlite3.Connection, string: str) -> Counter[str]:
    """Strings of the corpus that differ from ``string`` by one character replaced, left out or put in."""
    found: Counter[str] = Counter()
    for at in range(len(string)):
        before, after = string[:at], string[at + 1:]
        parts = tuple((part,) for part in (before, after) if fold(part))
        between = "{0,2}" if before and after else "{1}"
        pattern = re.compile(re.escape(before) + rf"[\u4e00-\u9fff\w]{between}" + re.escape(after))
        if sum(len(part[0]) for part in parts) < 2:
            continue
        for row in rows(db, "select heading || text as text from clauses where id in (select rowid from clauses_fts "
                            "where clauses_fts match ? limit 200)", match_expression(Query(parts))):
            found.update(match[0] for match in pattern.finditer(row["text"]) if len(match[0]) >= len(string) - 1)
    return found


# --- clauses like a given one ----------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Alike:
    """A clause and how like the text given it is, from 0 to 1: the mean of the share of character pairs that both have
    and of the share of the text's pairs that the clause has (a sentence is found in a long clause)."""

    clause: Clause
    document: DocumentRow
    score: float


def similar(db: sqlite3.Connection, text: str, limit: int = 5) -> list[Alike]:
    """The clauses most like ``text``, best first: found by its words, ranked by the character pairs they share."""
    readings = relaxed(literal(text.replace("\n", "")))
    if not readings:
        return []
    words = sorted(dict.fromkeys(word for group in readings[-1].groups for word in group), key=len, reverse=True)
    sql = f"""select rowid as id from clauses_fts where clauses_fts match ?
        order by bm25(clauses_fts, {_HEADING_WEIGHT}, {_TEXT_WEIGHT}), rowid limit 60"""
    found = clauses_by_id(db, [r["id"] for r in rows(db, sql, match_expression(Query((tuple(words[:40]),))))])
    heads = {d.id: d for d in documents(db)}
    wanted = _pairs(text)
    alike = [Alike(c, heads[c.document_id], _share(wanted, _pairs(c.heading + c.text))) for c in found if c.text]
    return sorted(alike, key=lambda a: (-a.score, a.clause.id))[:limit]


def _pairs(text: str) -> Counter[str]:
    folded = fold(text)
    return Counter(folded[at:at + 2] for at in range(len(folded) - 1))


def _share(one: Counter[str], other: Counter[str]) -> float:
    both = (one & other).total()
    return both / max(1, one.total() + other.total()) + both / (2 * max(1, one.total()))
