"""What a draft is compared with: the documents of a database or of a corpus directory, read as far as needed.

Read straight with sqlite3 and only where asked for: a check on the command line has to be done in a moment, and what
the build found out about the corpus need not be found again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from kb.models import (
    Citation,
    Document,
    KbError,
    ModalStatement,
    Provision,
    Quantity,
    Responsibility,
    Span,
    Statements,
    ValidityStatement,
)
from kb.vocabulary.regions import bare, region, regions


@dataclass(frozen=True)
class Base:
    """A document that a draft is compared with, with all that was extracted from it, by address."""

    document: Document
    provisions: tuple[Provision, ...]
    statements: Mapping[str, Statements]


@dataclass(frozen=True, slots=True)
class Mention:
    """A citation somewhere in the library: who cites (``by``), what, and whether to end it."""

    by: str
    number: str | None
    title: str | None
    repeals: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a sister document has made of a clause of the base at ``path``: the words there, and its own. ``whole`` says
    that its clause answers the base's whole clause."""

    sister: str
    path: str
    type: str
    span: Span
    base_quote: str
    quote: str
    summary: str
    salience: float
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Sister:
    """Another document under the same base: the base's addresses that it takes up, and how."""

    document: Document
    taken: frozenset[str]
    changes: tuple[Change, ...]


class Library(Protocol):
    """Where documents come from."""

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents, upper places first."""
        ...

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """All citations in all documents."""
        ...

    def base(self, document_id: str) -> Base:
        """The document with that id and its statements."""
        ...

    def sisters(self, document_id: str) -> tuple[Sister, ...]:
        """What the other documents have made of this one, as far as it is known without comparing anew."""
        ...


def open_library(db: Path | None, corpus: Path | None) -> Library:
    """The library in the database ``db`` if there is one, else in the directory ``corpus``. Raises KbError."""
    if db is not None and db.is_file():
        return StoredLibrary(db)
    if corpus is not None and corpus.is_dir():
        return CorpusLibrary(corpus)
    raise KbError("there is neither a database nor a corpus", file=db or corpus,
                  mend="run kb build, or name one with --db or --corpus")


def find_document(library: Library, reference: str) -> Document:
    """The document that a user means by an id, a document number or a place (台州). Raises KbError for none or
    several."""
    wanted = reference.strip()
    for test in (lambda d: d.id == wanted, lambda d: bool(d.doc_number) and d.doc_number == wanted,
                 lambda d: wanted in _place_names(d.region_code)):
        found = [document for document in library.documents if test(document)]
        if len(found) == 1:
            return found[0]
        if found:
            raise KbError(f"{reference!r} can be {len(found)} documents",
                          mend="name one of " + ", ".join(document.id for document in found))
    known = ", ".join(document.id for document in library.documents)
    raise KbError(f"no document {reference!r} to compare with", mend=f"there are: {known or 'none'}")


def _place_names(code: str) -> tuple[str, ...]:
    return (code, region(code).name, bare(code)) if code in regions() else (code,)


# --- a corpus directory ----------------------------------------------------------------------------------------------

class CorpusLibrary:
    """The Markdown files of a corpus, parsed when asked for."""

    def __init__(self, directory: Path) -> None:
        from kb.corpus import read_corpus

        self._documents = read_corpus(directory)
        self._bases: dict[str, Base] = {}

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents, upper places first."""
        return tuple(sorted(self._documents, key=lambda d: (_order(d.region_code), d.region_code, d.id)))

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """All citations in all documents."""
        from kb.extract import citations

        return tuple(Mention(document.id, found.number, found.title, found.relation == "repeal")
                     for document in self.documents for found in citations.find(document.text)
                     if not citations.same_document(found, document))

    def base(self, document_id: str) -> Base:
        """The document with that id and its statements."""
        if document_id not in self._bases:
            document = next(document for document in self._documents if document.id == document_id)
            self._bases[document_id] = read_base(document)
        return self._bases[document_id]

    def sisters(self, document_id: str) -> tuple[Sister, ...]:
        """The documents on a lower level, compared with this one here and now."""
        base = self.base(document_id)
        lower = [document for document in self._documents if _order(document.region_code) > _order(
            base.document.region_code)]
        return tuple(_compared(base, self.base(document.id)) for document in lower)


def read_base(document: Document) -> Base:
    """``document`` parsed, with what each of its clauses states."""
    from kb.extract import statements
    from kb.parse import parse

    provisions = parse(document).provisions
    return Base(document, provisions, {p.path: statements(p, document) for p in provisions})


def _compared(base: Base, other: Base) -> Sister:
    """What ``other``, a document of a lower level, has made of ``base``."""
    from kb.align import align
    from kb.differences import differences

    own = {p.path: p for p in base.provisions}
    theirs = {p.path: p for p in other.provisions}
    changes: list[Change] = []
    rows = [row for row in align(base.provisions, other.provisions) if row.relation == "equivalent"]
    for row in rows:
        changes += [Change(other.document.id, row.a_path, found.type, found.a_span, found.a_quote, found.b_quote,
                           found.summary, found.salience)
                    for found in differences(row, own[row.a_path], theirs[row.b_path], base.statements[row.a_path],
                                             other.statements[row.b_path], base.document, other.document)]
    return Sister(other.document, frozenset(row.a_path for row in rows), tuple(changes))


def _order(code: str) -> int:
    return {"province": 0, "prefecture": 1, "county": 2}[region(code).level] if code in regions() else 3


#: Alignments ``x`` by which a sister takes up a clause.
_TAKEN = "(x.relation = 'equivalent' or x.score >= 0.6)"


# --- a database ------------------------------------------------------------------------------------------------------

class StoredLibrary:
    """A database that ``kb build`` made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with contextlib.closing(self._connect()) as connection:
            basis: dict[str, list[str]] = {}
            for row in _select(connection, "select document_id, reference from basis order by id"):
                basis.setdefault(row["document_id"], []).append(row["reference"])
            self._all = tuple(_document(row, basis.get(row["id"], ())) for row in _select(
                connection, "select * from documents where in_corpus = 1 order by rowid"))

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents, upper places first."""
        return self._all

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """All citations in all documents, and what the front matter rests on."""
        with contextlib.closing(self._connect()) as connection:
            rows = _select(connection, "select c.document_id, t.cited_number, t.cited_title, t.relation"
                                       " from citations t join clauses c on c.id = t.clause_id order by t.id")
        found = [Mention(row["document_id"], row["cited_number"], row["cited_title"], row["relation"] == "repeal")
                 for row in rows]
        return (*found, *(Mention(document.id, number, None) for document in self._all for number in document.based_on))

    def base(self, document_id: str) -> Base:
        """The document with that id and its statements."""
        document = next(document for document in self._all if document.id == document_id)
        with contextlib.closing(self._connect()) as connection:
            rows = _select(connection, "select c.*, p.path as parent from clauses c left join clauses p"
                                       " on p.id = c.parent_id where c.document_id = ? order by c.ordinal", document_id)
            found = _statements(connection, document_id)
        provisions = tuple(_provision(row) for row in rows)
        return Base(document, provisions, {row["path"]: found.get(row["id"], Statements()) for row in rows})

    def sisters(self, document_id: str) -> tuple[Sister, ...]:
        """The other documents as the build compared them with this one."""
        taken: dict[str, set[str]] = {}
        changes: dict[str, list[Change]] = {}
        with contextlib.closing(self._connect()) as connection:
            for own, other in (("a", "b"), ("b", "a")):
                for row in _select(connection, f"select x.{other}_document_id as sister, c.path from alignments x join"
                                               f" clauses c on c.id = x.{own}_clause_id where x.{own}_document_id = ?"
                                               f" and {_TAKEN}", document_id):
                    taken.setdefault(row["sister"], set()).add(row["path"])
                for row in _select(connection, f"""
                        select f.{other}_document_id as sister, c.path, f.type, f.{own}_start as start,
                            f.{own}_end as end, f.{own}_quote as base_quote, f.{other}_quote as quote, f.summary,
                            f.salience, x.relation
                        from differences f join clauses c on c.id = f.{own}_clause_id
                        join alignments x on x.id = f.alignment_id
                        where f.{own}_document_id = ? and {_TAKEN}
                        order by c.ordinal, f.salience desc, f.id""", document_id):
                    changes.setdefault(row["sister"], []).append(Change(
                        row["sister"], row["path"], row["type"], Span(row["start"], row["end"]), row["base_quote"],
                        row["quote"], row["summary"], row["salience"], row["relation"] == "equivalent"))
        return tuple(Sister(document, frozenset(taken[document.id]), tuple(changes.get(document.id, ())))
                     for document in self._all if document.id in taken)

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
            connection.row_factory = sqlite3.Row
            connection.execute("select 1 from build").fetchone()
        except sqlite3.Error as error:
            raise KbError(f"not a database of kb ({error})", file=self.path, mend="run kb build") from error
        return connection


def _select(connection: sqlite3.Connection, sql: str, *parameters: object) -> list[sqlite3.Row]:
    try:
        return connection.execute(sql, parameters).fetchall()
    except sqlite3.Error as error:
        raise KbError(f"the database cannot be read ({error})", mend="run kb build --force") from error


def _document(row: sqlite3.Row, based_on: Sequence[str]) -> Document:
    names = ("id", "title", "region_code", "text", "kind", "issuer", "doc_number", "unified_number", "index_number",
             "signed_on", "written_on", "published_on", "effective_on", "expires_on", "validity", "source_file",
             "source_sha256")
    values: dict[str, Any] = {name: row[name] for name in names}
    return Document(**values, based_on=tuple(based_on))


def _provision(row: sqlite3.Row) -> Provision:
    return Provision(
        document_id=row["document_id"], path=row["path"], label=row["label"], parent=row["parent"],
        ordinal=row["ordinal"], depth=row["depth"], kind=row["kind"], heading=row["heading"], text=row["text"],
        start=row["start"], end=row["end"], heading_start=row["heading_start"], heading_end=row["heading_end"])


def _statements(connection: sqlite3.Connection, document_id: str) -> dict[int, Statements]:
    def rows(name: str) -> dict[int, list[sqlite3.Row]]:
        found: dict[int, list[sqlite3.Row]] = {}
        for row in _select(connection, f"select t.* from {name} t join clauses c on c.id = t.clause_id"
                                       " where c.document_id = ? order by t.id", document_id):
            found.setdefault(row["clause_id"], []).append(row)
        return found

    quantities, responsibilities, cited = rows("quantities"), rows("responsibilities"), rows("citations")
    validity, modality = rows("validity_statements"), rows("modality")
    return {clause: Statements(
        quantities=tuple(_quantity(row) for row in quantities.get(clause, ())),
        responsibilities=tuple(Responsibility(row["unit"], row["agency"], row["role"], row["start"], row["end"])
                               for row in responsibilities.get(clause, ())),
        citations=tuple(Citation(row["quote"], row["start"], row["end"], row["cited_title"], row["cited_number"],
                                 row["relation"]) for row in cited.get(clause, ())),
        validity=tuple(ValidityStatement(row["quote"], row["start"], row["end"], row["aspect"], row["on_date"],
                                         "延" not in row["quote"]) for row in validity.get(clause, ())),
        modality=tuple(ModalStatement(row["word"], row["start"], row["end"], row["force"], row["subject"],
                                      Span(row["sentence_start"], row["sentence_end"]))
                       for row in modality.get(clause, ())),
    ) for clause in set().union(quantities, responsibilities, cited, validity, modality)}


def _quantity(row: sqlite3.Row) -> Quantity:
    names = ("quote", "start", "end", "indicator", "bound", "value", "unit", "kind", "base_value", "base_unit",
             "value_to", "value_from")
    values: dict[str, Any] = {name: row[name] for name in names}
    return Quantity(**values)
