"""What the home page shows, read from the database in one go."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kb.database import DocumentRow, documents
from kb.models import Region
from kb.vocabulary import regions


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree of documents: its own documents (held, or only cited as somebody's basis) and the places
    below."""

    region: Region
    sign: str
    documents: tuple[DocumentRow, ...]
    children: tuple[Node, ...]

    @property
    def missing(self) -> bool:
        """Whether the place has no document of its own here."""
        return not any(d.in_corpus for d in self.documents)


@dataclass(frozen=True, slots=True)
class Home:
    """Counts by table, the tree, the most salient differences (one for each pair of clauses), a short one as specimen,
    pairs of documents that are aligned, signs of places, names of documents, documents whose region was inferred."""

    counts: Mapping[str, int]
    tree: tuple[Node, ...]
    top: tuple[dict[str, Any], ...]
    specimen: dict[str, Any] | None
    pairs: tuple[dict[str, Any], ...]
    signs: Mapping[str, str]
    names: Mapping[str, str]
    inferred: tuple[DocumentRow, ...]


def state(document: DocumentRow, today: str) -> str:
    """What a reader must know of a document's validity before quoting it; empty if there is nothing."""
    if not document.in_corpus:
        return "未收"
    past = bool(document.expires_on and document.expires_on < today)
    if document.validity == "失效":
        return "失效"
    if past:
        return "标“有效”，期限已过" if document.validity == "有效" else "期限已过"
    return ""


def read(db: sqlite3.Connection) -> Home:
    """The home page's content; an empty database gives an empty one."""
    everything = documents(db, cited=True)
    parents = _parents(db)
    shown = [d for d in everything if d.in_corpus or d.id in parents]
    counts = {name: db.execute(f"select count(*) from {name} where {condition}").fetchone()[0] for name, condition in (
        ("documents", "in_corpus = 1"), ("clauses", "text <> ''"), ("alignments", "1"), ("differences", "1"),
        ("quantities", "1"), ("concordance", "1"))}
    signs = sign_table(everything)
    top = _varied(_readings(db, "where nth = 1", 300), 10)
    short = "where nth = 1 and length(a_quote) between 2 and 10 and length(b_quote) between 2 and 10"
    specimen = next(_readings(db, short, 1), None)
    return Home(counts, tree(shown, signs), top, specimen, tuple(pairs(db)), signs, {d.id: d.bare for d in everything},
                tuple(d for d in everything if d.in_corpus and "region_code" in d.inferred))


def _parents(db: sqlite3.Connection) -> set[str]:
    """Documents that another one rests on and that come from a place above it: a plan may rest on its own place's
    earlier rules as well, but those are not its parents."""
    sql = """select distinct b.basis_document_id, upper.region_code, lower.region_code from basis b
        join documents upper on upper.id = b.basis_document_id join documents lower on lower.id = b.document_id"""
    return {parent for parent, above, below in db.execute(sql)
            if below in regions.regions() and above in {place.code for place in regions.ancestors(below)}}


def sign_table(found: list[DocumentRow]) -> dict[str, str]:
    """One character (or the bare name where two share it) for each place that the documents come from, those of the
    corpus first, and for the places above them."""
    codes = [d.region_code for d in found if d.region_code in regions.regions()]
    above = [place.code for code in codes if code for place in regions.ancestors(code)]
    return regions.sigla(code for code in (*codes, *above) if code)


def tree(shown: list[DocumentRow], signs: Mapping[str, str]) -> tuple[Node, ...]:
    """Places that have documents, under the places above them, each level in the order of codes."""
    own: dict[str, list[DocumentRow]] = {}
    for document in shown:
        if document.region_code and document.region_code in regions.regions():
            own.setdefault(document.region_code, []).append(document)
    codes = set(own) | {place.code for code in own for place in regions.ancestors(code)}

    def below(parent: str | None) -> tuple[Node, ...]:
        return tuple(
            Node(place, signs.get(code, place.name[:1]), tuple(own.get(code, ())), below(code))
            for code in sorted(codes) if (place := regions.region(code)).parent_code == parent)
    return below(None)


def _varied(rows: Iterable[dict[str, Any]], limit: int) -> tuple[dict[str, Any], ...]:
    """The first ``limit`` rows in which no clause comes twice, so that one matter does not fill the list."""
    seen: set[int] = set()
    kept: list[dict[str, Any]] = []
    for row in rows:
        clauses = {row["a_clause_id"], row["b_clause_id"]}
        if len(kept) < limit and not clauses & seen:
            seen |= clauses
            kept.append(row)
    return tuple(kept)


def _readings(db: sqlite3.Connection, condition: str, limit: int) -> Any:
    """Differences with both clauses, the most salient first; ``nth`` counts within one pair of clauses."""
    cursor = db.execute(f"""
        select * from (
            select f.*, ca.heading as heading, ca.label as a_label, cb.label as b_label, ca.path as a_path,
                cb.path as b_path, da.region_code as a_region, db.region_code as b_region, da.name as a_name,
                db.name as b_name,
                row_number() over (partition by f.alignment_id order by f.salience desc, f.id) as nth
            from differences f join clauses ca on ca.id = f.a_clause_id join clauses cb on cb.id = f.b_clause_id
            join documents da on da.id = f.a_document_id join documents db on db.id = f.b_document_id)
        {condition} order by salience desc, id limit ?""", (limit,))
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)


def pairs(db: sqlite3.Connection) -> Any:
    """Pairs of documents that have aligned clauses, with the number of alignments and differences, most first."""
    cursor = db.execute("""
        select a_document_id as a, b_document_id as b, count(*) as alignments,
            (select count(*) from differences f where f.a_document_id = a.a_document_id
                and f.b_document_id = a.b_document_id) as differences
        from alignments a group by 1, 2 order by alignments desc, 1, 2""")
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)


def today() -> str:
    """Today's date as ISO text."""
    return date.today().isoformat()


