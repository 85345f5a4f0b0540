"""What the home page shows, read from the database in one go."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from kb.database import DocumentRow, build_facts, documents
from kb.models import Region
from kb.site.web import dictionaries
from kb.vocabulary import regions


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree of documents: its own documents (held, or only cited as somebody's basis) and the places
    below. ``held`` counts the documents of the corpus in it and below."""

    region: Region
    sign: str
    documents: tuple[DocumentRow, ...]
    children: tuple[Node, ...]
    held: int = 0

    @property
    def missing(self) -> bool:
        """Whether the place has no document of its own here."""
        return not any(d.in_corpus for d in self.documents)


@dataclass(frozen=True, slots=True)
class Home:
    """Counts by table, the tree and whether it shows places only, the highlights, a short one as specimen, the pair of
    documents with most in common, documents whose region was inferred."""

    counts: Mapping[str, int]
    tree: tuple[Node, ...]
    places_only: bool
    top: tuple[Matter, ...]
    specimen: dict[str, Any] | None
    pair: dict[str, Any] | None
    by_id: Mapping[str, DocumentRow]
    inferred: tuple[DocumentRow, ...]


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter on which places differ: ``readings`` are (quote, documents that have it with their clause's path)."""

    label: str
    difference: dict[str, Any]
    readings: tuple[tuple[str, tuple[tuple[DocumentRow, str], ...]], ...]


_MANY = 60          # documents from which the tree shows places with their numbers of documents
_SPECIMEN = """select f.*, ca.label as a_label, cb.label as b_label from highlights h
    join differences f on f.id = h.difference_id join clauses ca on ca.id = f.a_clause_id
    join clauses cb on cb.id = f.b_clause_id
    where length(f.a_quote) between 2 and 10 and length(f.b_quote) between 2 and 10 order by h.id limit 1"""


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
    by_id = {d.id: d for d in everything}
    parents = _parents(db)
    shown = [d for d in everything if d.in_corpus or d.id in parents]
    facts = build_facts(db)
    counts = {name: int(facts.get(name) or 0) for name in (
        "documents", "clauses", "alignments", "differences", "quantities")}
    many = counts["documents"] > _MANY
    top = dictionaries(db, "select * from document_pairs order by equivalent desc, alignments desc, id limit 1")
    specimen = dictionaries(db, _SPECIMEN)
    return Home(counts, _without_leaves(tree(shown)) if many else tree(shown), many, tuple(matters(db, by_id, 10)),
                specimen[0] if specimen else None, top[0] if top else None, by_id,
                () if many else tuple(d for d in everything if d.in_corpus and "region_code" in d.inferred))


def matters(db: sqlite3.Connection, by_id: Mapping[str, DocumentRow], limit: int) -> Iterator[Matter]:
    """The most salient differences that the build picked, with the readings of all places; equal readings together."""
    found = dictionaries(db, """select h.rank, h.label, h.document_id, h.quote, c.path, f.id, f.type, f.direction,
        f.salience, f.a_document_id, f.b_document_id, f.alignment_id, f.a_clause_id, f.b_clause_id, ca.path as a_path
        from highlights h join clauses c on c.id = h.clause_id join differences f on f.id = h.difference_id
        join clauses ca on ca.id = f.a_clause_id where h.rank <= ? order by h.id""", limit)
    for _, group in groupby(found, key=lambda row: row["rank"]):
        rows = list(group)
        readings: dict[str, list[tuple[DocumentRow, str]]] = {}
        for row in rows:
            readings.setdefault(row["quote"], []).append((by_id[row["document_id"]], row["path"]))
        yield Matter(rows[0]["label"], rows[0], tuple((quote, tuple(who)) for quote, who in readings.items()))


def _without_leaves(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The tree down to prefectures: a corpus of hundreds is a list of places with numbers, not a wall of titles."""
    return tuple(Node(n.region, n.sign, n.documents,
                      _without_leaves(n.children) if n.region.level == "province" else (), n.held) for n in nodes)


def short_title(title: str) -> str:
    """A title in the marks that a citation wants: 《……》."""
    return f"《{title.strip('《》')}》"


def as_json(home: Home) -> dict[str, Any]:
    """The page's content with the database's names."""
    return {
        "counts": dict(home.counts), "documents": [
            {"id": d.id, "name": d.name, "region_code": d.region_code, "title": d.title, "doc_number": d.doc_number,
             "validity": d.validity, "in_corpus": d.in_corpus} for d in home.by_id.values()],
        "highlights": [{"label": m.label, "difference_id": m.difference["id"], "type": m.difference["type"],
                        "readings": [{"quote": quote, "clauses": [[d.id, path] for d, path in who]}
                                     for quote, who in m.readings]} for m in home.top]}


def _parents(db: sqlite3.Connection) -> set[str]:
    """Documents that another one rests on and that come from a place above it: a plan may rest on its own place's
    earlier rules as well, but those are not its parents."""
    sql = """select distinct b.basis_document_id, upper.region_code, lower.region_code from basis b
        join documents upper on upper.id = b.basis_document_id join documents lower on lower.id = b.document_id"""
    return {parent for parent, above, below in db.execute(sql)
            if below in regions.regions() and above in {place.code for place in regions.ancestors(below)}}


def tree(shown: Sequence[DocumentRow]) -> tuple[Node, ...]:
    """Places that have documents, under the places above them, each level in the order of codes."""
    own: dict[str, list[DocumentRow]] = {}
    for document in shown:
        if document.region_code and document.region_code in regions.regions():
            own.setdefault(document.region_code, []).append(document)
    codes = set(own) | {place.code for code in own for place in regions.ancestors(code)}
    signs = {d.region_code: d.sign for d in shown}
    children: dict[str | None, list[str]] = {}
    for code in sorted(codes):
        children.setdefault(regions.region(code).parent_code, []).append(code)

    def below(parent: str | None) -> tuple[Node, ...]:
        nodes = []
        for code in children.get(parent, ()):
            deeper = below(code)
            held = sum(d.in_corpus for d in own.get(code, ())) + sum(node.held for node in deeper)
            place = regions.region(code)
            nodes.append(Node(place, signs.get(code) or regions.short(code), tuple(own.get(code, ())), deeper, held))
        return tuple(nodes)
    return below(None)


def today() -> str:
    """Today's date as ISO text."""
    return date.today().isoformat()
