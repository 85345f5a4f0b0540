"""Values into a new SQLite file, in one transaction. The same content always gives the same rows with the same ids."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from kb.database.citing import Register, number_key
from kb.database.gathering import Picked, deadline, highlights, indicators
from kb.database.schema import SCHEMA_VERSION, TABLES, create
from kb.fulltext import index_text
from kb.models import (
    Alignment,
    Citation,
    ConcordanceRow,
    Difference,
    Document,
    KbError,
    NumberingWarning,
    Provision,
    Region,
    Statements,
)
from kb.render import Segment, rewritten
from kb.vocabulary import regions

Key = tuple[str, str]
Row = dict[str, Any]


@dataclass(frozen=True)
class Content:
    """Everything a build found.

    ``provisions``: by document id, in document order. ``statements``: by (document id, path). ``differences``: one
    sequence for each alignment, in the same order, as are ``segments``, the stretches that the two clauses share and
    do not share. ``pages``: by document id the text of the page as obtained, where it is text. ``facts``: what the
    build says of itself (the corpus's hash, the program's version), without times, so that equal builds give equal
    files. Documents that are only cited are worked out from the citations.
    """

    documents: Sequence[Document]
    provisions: Mapping[str, Sequence[Provision]]
    statements: Mapping[Key, Statements] = field(default_factory=dict)
    alignments: Sequence[Alignment] = ()
    differences: Sequence[Sequence[Difference]] = ()
    segments: Sequence[Sequence[Segment]] = ()
    concordance: Sequence[ConcordanceRow] = ()
    pages: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[NumberingWarning] = ()
    regions: Iterable[Region] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def connect_new(path: Path | str) -> Database:
    """A database in the file ``path``, which is created; KbError if it exists or cannot be made."""
    target = Path(path)
    if target.exists():
        raise KbError("the file exists already", file=target, mend="move it away or choose another name")
    try:
        connection = sqlite3.connect(target)
        connection.execute("pragma schema_version").fetchone()
    except (sqlite3.Error, OSError) as error:
        raise _write_error(error, target) from error
    return Database(connection)


def write(path: Path | str, content: Content) -> None:
    """Writes ``content`` into the new file ``path`` in one transaction.

    Raises KbError if the file exists, cannot be written, or the disk is full. What is left of the file then is for the
    caller to remove. sqlite3.IntegrityError means two provisions with one path: a bug of the parser.
    """
    db = connect_new(path)
    try:
        with db.atomic():
            create(db)
            _Writer(db, content).rows()
        db.execute(f"pragma user_version = {SCHEMA_VERSION}")
    except (sqlite3.OperationalError, OSError) as error:
        raise _write_error(error, Path(path)) from error
    finally:
        db.close()


def _write_error(error: Exception, path: Path) -> KbError:
    full = "full" in str(error) or "disk I/O" in str(error) or "No space" in str(error)
    mend = "free some space on the disk" if full else "check that the directory exists and can be written"
    return KbError(f"cannot write the database: {error}", file=path, mend=mend)


def searchable(provision: Provision) -> str:
    """What a search of the provision looks through: heading and text as one string, so that a phrase that runs from one
    into the other is found. Anybody can check a result in SQL: ``instr(heading || text, …)``."""
    return provision.heading + provision.text


class _Writer:
    """Rows of one content; holds the ids that later tables refer to."""

    def __init__(self, db: Database, content: Content) -> None:
        self.db, self.content = db, content
        self.documents = {document.id: document for document in content.documents}
        self.clause_ids: dict[Key, int] = {}
        self.clauses_with_text = 0
        self.quantities: list[Row] = []
        self.alignments: list[Row] = []
        self.differences: list[Row] = []
        self.register = Register(content.documents, self._mentions())

    def rows(self) -> None:
        """Writes every table."""
        self._insert("regions", self._regions())
        self._insert("documents", self._documents())
        self._insert("clauses", self._clauses())
        self._index()
        self._statements()
        self._insert("basis", self._basis())
        self._comparison()
        self._insert("indicators", indicators(self.quantities, self.alignments))
        self._insert("quantities", self.quantities)
        self._insert("concordance", (
            {"row": row.row, "row_label": row.label, "document_id": key[0], "clause_id": self.clause_ids[key]}
            for row in self.content.concordance for key in row.clauses))
        self._insert("highlights", self._highlights())
        self._insert("source_pages", (
            {"document_id": d.id, "file": d.source_file, "text": self.content.pages[d.id]}
            for d in self._in_order() if d.id in self.content.pages))
        self._insert("numbering_warnings", (
            {"document_id": w.document_id, "path": w.path, "line": w.line, "problem": w.problem}
            for w in self.content.warnings))
        counted = {"documents": len(self.content.documents), "clauses": self.clauses_with_text,
                   "alignments": len(self.alignments), "differences": len(self.differences),
                   "quantities": len(self.quantities)}
        facts = {"schema_version": str(SCHEMA_VERSION), **{key: str(n) for key, n in counted.items()},
                 **self.content.facts}
        self._insert("build", ({"key": key, "value": facts[key]} for key in sorted(facts)))

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        """Rows in the order given; ``id`` counts from 1 where the table has an integer key and the row none."""
        columns = list(TABLES[table].columns)
        numbered = TABLES[table].columns.get("id") is int
        marks = ",".join("?" * len(columns))
        names = ",".join(f'"{column}"' for column in columns)
        values = ([row.get(column, number if numbered and column == "id" else None) for column in columns]
                  for number, row in enumerate(rows, 1))
        self.db.conn.executemany(f'insert into "{table}" ({names}) values ({marks})', values)

    def _regions(self) -> Iterator[Row]:
        known = regions.regions()
        places = {place.code: place for place in self.content.regions}
        for code in [d.region_code for d in self.content.documents] + [
                c.region_code for c in self.register.cited if c.region_code]:
            above = regions.ancestors(code) if code in known else ()
            for place in (*above, *([known[code]] if code in known else [])):
                places.setdefault(place.code, place)
        order = [*(d.region_code for d in self._in_order()), *(c.region_code for c in self.register.cited)]
        codes = [code for code in order if code and code in known]
        signs = regions.sigla([*codes, *(place.code for code in codes for place in regions.ancestors(code))])
        for code in sorted(places, key=lambda c: (_LEVELS.index(places[c].level), c)):
            place = places[code]
            parent = place.parent_code if place.parent_code in places else None
            yield {"code": code, "name": place.name, "level": place.level, "parent_code": parent,
                   "sign": signs.get(code, place.name[:1]),
                   "short": regions.short(code) if code in known else place.name[:1]}

    def _documents(self) -> Iterator[Row]:
        for d in self._in_order():
            yield {
                "id": d.id, "name": self._name(d), "region_code": d.region_code, "title": d.title, "kind": d.kind,
                "issuer": d.issuer, "doc_number": d.doc_number, "unified_number": d.unified_number,
                "index_number": d.index_number, "signed_on": d.signed_on, "written_on": d.written_on,
                "published_on": d.published_on, "effective_on": d.effective_on, "expires_on": d.expires_on,
                "year": _year(d.signed_on or d.written_on or d.published_on, d.doc_number),
                "validity": d.validity, "in_corpus": 1, "chars": len(d.text), "source_file": d.source_file,
                "clauses": sum(bool(p.text) for p in self.content.provisions.get(d.id, ())),
                "inferred": json.dumps(dict(d.inferred), ensure_ascii=False, sort_keys=True),
                "source_sha256": d.source_sha256, "text": d.text}
        for cited in self.register.cited:
            yield {"id": cited.id, "name": cited.number, "region_code": cited.region_code, "title": cited.title,
                   "doc_number": cited.number, "validity": "未知", "in_corpus": 0, "inferred": "{}", "clauses": 0,
                   "year": _year(None, cited.number)}

    def _in_order(self) -> list[Document]:
        """Province before prefecture before county, then by region code and id."""
        def order(document: Document) -> tuple[int, str, str]:
            place = regions.regions().get(document.region_code)
            return (_LEVELS.index(place.level) if place else len(_LEVELS), document.region_code, document.id)
        return sorted(self.content.documents, key=order)

    def _name(self, document: Document) -> str:
        """What people call the document: 临海 临政发〔2022〕22号, or the place and the head of the title."""
        code = document.region_code
        place = regions.bare(code) if code in regions.regions() else code
        return f"{place} {document.doc_number or _cut(document.title, 16)}"

    def _clauses(self) -> Iterator[Row]:
        number = 0
        per_region = [document.region_code for document in self.content.documents]
        for document in self._in_order():
            alone = per_region.count(document.region_code) == 1
            who = self._name(document).split(" ")[0] if alone else document.doc_number or document.id
            for p in self.content.provisions.get(document.id, ()):
                number += 1
                self.clauses_with_text += bool(p.text)
                self.clause_ids[p.document_id, p.path] = number
                parent = self.clause_ids.get((p.document_id, p.parent)) if p.parent else None
                yield {
                    "id": number, "name": " ".join(filter(None, (who, p.label, _cut(p.heading.strip("。"), 20)))),
                    "document_id": p.document_id, "path": p.path, "label": p.label,
                    "part": p.path.partition("/")[0], "parent_id": parent, "ordinal": p.ordinal, "depth": p.depth,
                    "kind": p.kind, "heading": p.heading, "text": p.text, "start": p.start, "end": p.end,
                    "heading_start": p.heading_start, "heading_end": p.heading_end}

    def _provisions(self) -> Iterator[tuple[Document, Provision]]:
        for document in self._in_order():
            for provision in self.content.provisions.get(document.id, ()):
                yield document, provision

    def _index(self) -> None:
        """The heading alone in its column weighs more in the ranking; the other column has heading and text, so that
        a string across both is found."""
        self.db.conn.executemany(
            "insert into clauses_fts (rowid, heading, text) values (?, ?, ?)",
            ((self.clause_ids[document.id, p.path], index_text(p.heading), index_text(searchable(p)))
             for document, p in self._provisions()))

    def _statements(self) -> None:
        found = [(self.clause_ids[document.id, p.path], statements) for document, p in self._provisions()
                 if (statements := self.content.statements.get((document.id, p.path)))]
        self._insert("citations", (
            {"clause_id": clause, "quote": c.quote, "start": c.start, "end": c.end, "cited_title": c.title,
             "cited_number": number_key(c.number) or c.number, "relation": c.relation,
             "cited_document_id": self.register.resolve(c.number, c.title)}
            for clause, s in found for c in s.citations))
        self._insert("responsibilities", (
            {"clause_id": clause, "unit": r.unit, "agency": r.agency, "role": r.role, "start": r.start, "end": r.end}
            for clause, s in found for r in s.responsibilities))
        self.quantities = [
            {"clause_id": clause, "quote": q.quote, "start": q.start, "end": q.end, "indicator": q.indicator,
             "bound": q.bound, "value": q.value, "value_to": q.value_to, "value_from": q.value_from, "unit": q.unit,
             "kind": q.kind, "base_value": q.base_value, "base_unit": q.base_unit, "document_id": document.id,
             "deadline": deadline(q, p.text, s.quantities)}
            for document, p in self._provisions() if (s := self.content.statements.get((document.id, p.path)))
            for q in s.quantities for clause in (self.clause_ids[document.id, p.path],)]
        for number, row in enumerate(self.quantities, 1):
            row["id"] = number
        self._insert("validity_statements", (
            {"clause_id": clause, "quote": v.quote, "start": v.start, "end": v.end, "aspect": v.aspect,
             "on_date": v.on} for clause, s in found for v in s.validity))
        self._insert("modality", (
            {"clause_id": clause, "word": m.word, "start": m.start, "end": m.end, "force": m.force,
             "subject": m.subject, "sentence_start": m.sentence.start, "sentence_end": m.sentence.end}
            for clause, s in found for m in s.modality))

    def _mentions(self) -> Iterator[tuple[Document, Citation]]:
        for document, provision in self._provisions():
            statements = self.content.statements.get((document.id, provision.path))
            for citation in statements.citations if statements else ():
                yield document, citation

    def _basis(self) -> Iterator[Row]:
        """What a document rests on: its front matter first, then what its clauses cite as their basis."""
        for document in self._in_order():
            seen: set[str] = set()
            for reference in document.based_on:
                target = self.register.resolve_reference(reference)
                seen |= {reference, target or reference}
                yield {"document_id": document.id, "reference": reference, "basis_document_id": target}
            for p in self.content.provisions.get(document.id, ()):
                statements = self.content.statements.get((document.id, p.path))
                for c in statements.citations if statements else ():
                    target = self.register.resolve(c.number, c.title)
                    reference = number_key(c.number) or c.number or c.title or c.quote
                    if c.relation == "basis" and not {reference, target or reference} & seen:
                        seen |= {reference, target or reference}
                        yield {"document_id": document.id, "reference": reference, "basis_document_id": target,
                               "clause_id": self.clause_ids[document.id, p.path]}

    def _comparison(self) -> None:
        aligned = sorted(
            enumerate(self.content.alignments),
            key=lambda item: (self.clause_ids[item[1].a_document, item[1].a_path],
                              self.clause_ids[item[1].b_document, item[1].b_path]))
        sides = {number: self._sides(alignment) for number, (_, alignment) in enumerate(aligned, 1)}
        lists, stretches = self.content.differences, self.content.segments
        for number, (position, a) in enumerate(aligned, 1):
            found = stretches[position] if position < len(stretches) else ()
            same = not (lists[position] if position < len(lists) else ())
            self.alignments.append({
                "id": number, **sides[number], "relation": a.relation, "score": a.score, "moved": a.moved,
                **_spans(a.a_span, a.b_span),
                "differences": 0 if same else len(lists[position]), "rewritten": int(rewritten(found)),
                "segments": packed(found)})
        self._insert("alignments", self.alignments)
        self._insert("document_pairs", self._pairs())
        self._insert("sentence_matches", (
            {"alignment_id": number, "score": match.score, **_spans(match.a, match.b)}
            for number, (_, a) in enumerate(aligned, 1) for match in a.sentences))
        self.differences = [
            {**sides[number], "alignment_id": number, "type": d.type, "a_quote": d.a_quote, "b_quote": d.b_quote,
             "a_value": d.a_value, "b_value": d.b_value, "unit": d.unit, "direction": d.direction,
             "salience": d.salience, "summary": d.summary, **_spans(d.a_span, d.b_span)}
            for number, (position, _) in enumerate(aligned, 1) if position < len(lists)
            for d in lists[position]]
        for number, row in enumerate(self.differences, 1):
            row["id"] = number
        self._insert("differences", self.differences)

    def _pairs(self) -> Iterator[Row]:
        """Pairs of documents that have aligned clauses, in the order of the documents."""
        pairs: dict[Key, list[Row]] = {}
        for row in self.alignments:
            pairs.setdefault((row["a_document_id"], row["b_document_id"]), []).append(row)
        for (a, b), rows in pairs.items():
            equivalent = [row for row in rows if row["relation"] == "equivalent"]
            yield {"a_document_id": a, "b_document_id": b, "alignments": len(rows), "equivalent": len(equivalent),
                   "same": sum(not row["differences"] for row in equivalent),
                   "differences": sum(row["differences"] for row in rows)}

    def _highlights(self) -> Iterator[Row]:
        matters: dict[int, set[int]] = {}
        for row in self.content.concordance:
            for key in row.clauses:
                matters.setdefault(self.clause_ids[key], set()).add(row.row)
        known = {self.clause_ids[d.id, p.path]: p for d, p in self._provisions()}
        about = Picked(
            {number: searchable(p) for number, p in known.items()},
            {number: p.heading.strip().rstrip("。") or p.label for number, p in known.items()},
            {number: frozenset(rows) for number, rows in matters.items()},
            {d.id: place for place, d in enumerate(self._in_order())})
        yield from highlights(self.differences, self.alignments, about)

    def _sides(self, a: Alignment) -> Row:
        return {"a_document_id": a.a_document, "a_clause_id": self.clause_ids[a.a_document, a.a_path],
                "b_document_id": a.b_document, "b_clause_id": self.clause_ids[a.b_document, a.b_path]}


_LEVELS = ("province", "prefecture", "county")


def _spans(a: Any, b: Any) -> Row:
    return {"a_start": a.start, "a_end": a.end, "b_start": b.start, "b_end": b.end}


def packed(found: Sequence[Segment]) -> str:
    """Stretches that differ as compact JSON: [kind (delete, insert or replace by its first letter), start and end in
    either text, 1 for a change that never counts]."""
    return json.dumps([[s.kind[0], s.a.start, s.a.end, s.b.start, s.b.end, int(s.minor)]
                       for s in found if s.kind != "equal"], separators=(",", ":"))


def _year(date: str | None, number: str | None) -> int | None:
    """The year of a date; else the one in a document number."""
    found = re.match(r"\d{4}", date or "") or re.search(r"(?<=〔)\d{4}(?=〕)", number_key(number) or "")
    return int(found[0]) if found else None


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length - 1] + "…"
