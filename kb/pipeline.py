"""The whole flow in one readable function: corpus -> provisions -> statements -> alignments -> differences -> kb.db."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from kb import corpus as corpora
from kb import database
from kb.align import align
from kb.align import encoder as encoders
from kb.align import explain as explaining
from kb.concordance import concordance
from kb.differences import across, differences
from kb.extract import statements
from kb.models import Alignment, Difference, Document, KbError, NumberingWarning, Provision, Span, Statements
from kb.parse import parse
from kb.render import Segment, segments
from kb.vocabulary import regions

T = TypeVar("T")
_TEXT_PAGES = frozenset({".txt", ".html", ".htm", ".md"})
#: Shows how far a stage is: gets its name and its items, and hands the items on.
Progress = Callable[[str, Sequence[T]], Iterable[T]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did: ``built`` is False where the database was up to date. ``warnings`` go to the user."""

    built: bool
    documents: int = 0
    clauses: int = 0
    alignments: int = 0
    differences: int = 0
    warnings: tuple[str, ...] = ()


def quiet(_stage: str, items: Sequence[T]) -> Iterable[T]:
    """Progress that shows nothing."""
    return items


def build(corpus: Path, db: Path, *, force: bool = False, encoder: str | None = None,
          progress: Progress[object] = quiet) -> Report:
    """Build the database ``db`` from the directory ``corpus``; nothing is done where it is up to date. ``encoder``: a
    text encoder (:func:`kb.align.encoder.load`) to align with; without one the static word vectors serve alone.

    The new file takes the place of the old one at the very end: an error, an interruption or a full disk leaves the
    old database as it was. Raises KbError.
    """
    documents = corpora.read_corpus(corpus)
    if not documents:
        raise KbError("no documents here", file=corpus, mend="import pages with kb import PAGE... first")
    facts = {"corpus_sha256": _fingerprint(documents), "program": program(), "encoder": encoder or "",
             "encoder_sha256": encoders.fingerprint(encoder)}
    if not force and is_current(db, facts):
        return Report(built=False)
    content = assemble(documents, facts, progress, encoders.load(encoder) if encoder else None)
    _replace(db, content)
    return Report(True, len(documents), sum(bool(p.text) for found in content.provisions.values() for p in found),
                  len(content.alignments), sum(map(len, content.differences)), _warnings(content))


def assemble(documents: Sequence[Document], facts: dict[str, str], progress: Progress[object] = quiet,
             encode: encoders.Encode | None = None) -> database.Content:
    """All that the stages find in ``documents``, ready to be written."""
    provisions: dict[str, tuple[Provision, ...]] = {}
    found: dict[tuple[str, str], Statements] = {}
    numbering: list[NumberingWarning] = []
    for document in _each(progress, "切分条文、抽取要素", documents):
        parsed = parse(document)
        provisions[document.id] = parsed.provisions
        numbering += parsed.warnings
        for provision in parsed.provisions:
            found[document.id, provision.path] = statements(provision, document)
    # The upper document is a: province before prefecture before county, then by region code.
    by_level = sorted(documents, key=lambda d: (regions.level_order(d.region_code), d.region_code, d.id))
    pairs = list(combinations(by_level, 2))
    alignments: list[Alignment] = []
    differing: list[tuple[Difference, ...]] = []
    stretches: list[tuple[Segment, ...]] = []
    for a, b in _each(progress, "对齐、比较", pairs):
        clauses = [{p.path: p for p in provisions[document.id]} for document in (a, b)]
        aligned = align(provisions[a.id], provisions[b.id], encode=encode)
        alignments += aligned
        differing += across(aligned, [differences(
            alignment, clauses[0][alignment.a_path], clauses[1][alignment.b_path],
            found[a.id, alignment.a_path], found[b.id, alignment.b_path], a, b) for alignment in aligned])
        stretches += [_segments(alignment, clauses, found, a, b) for alignment in aligned]
    rows = concordance(documents, provisions, alignments)
    return database.Content(documents=documents, provisions=provisions, statements=found, alignments=alignments,
                            differences=differing, segments=stretches, concordance=rows,
                            pages=_pages(documents), warnings=numbering, facts=facts)


def _segments(alignment: Alignment, clauses: Sequence[Mapping[str, Provision]],
              found: Mapping[tuple[str, str], Statements], a: Document, b: Document) -> tuple[Segment, ...]:
    """What the two clauses share and what not; for a partial inside the parts that match."""
    one, other = clauses[0][alignment.a_path].text, clauses[1][alignment.b_path].text
    if alignment.relation == "equivalent":
        return segments(one, other, found[a.id, alignment.a_path], found[b.id, alignment.b_path],
                        a.region_code, b.region_code)
    left, right = alignment.a_span.start, alignment.b_span.start
    return tuple(replace(s, a=Span(s.a.start + left, s.a.end + left), b=Span(s.b.start + right, s.b.end + right))
                 for s in segments(alignment.a_span.of(one), alignment.b_span.of(other), None, None,
                                   a.region_code, b.region_code))


def _pages(documents: Iterable[Document]) -> dict[str, str]:
    """Text of the pages as obtained, by document id, where the page is there and is text."""
    pages: dict[str, str] = {}
    for document in documents:
        page = document.file.parent / document.source_file if document.file and document.source_file else None
        if page is None or page.suffix.lower() not in _TEXT_PAGES or not page.is_file():
            continue
        with contextlib.suppress(UnicodeDecodeError):
            pages[document.id] = page.read_text("utf-8-sig")
    return pages


def _each(progress: Progress[object], stage: str, items: Sequence[T]) -> Iterator[T]:
    yield from progress(stage, items)  # type: ignore[misc]  # a progress hands on the items that it gets


def is_current(db: Path, facts: dict[str, str]) -> bool:
    """Whether ``db`` was built from these documents by this program.

    Raises KbError where ``db`` is something else than a database of kb, which a build must not replace.
    """
    if not db.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            known = dict(connection.execute("select key, value from build"))
    except (sqlite3.Error, OSError) as error:
        raise KbError("the file is not a database of kb", file=db, mend="name another file with --db") from error
    return all(known.get(key) == value for key, value in facts.items())


def encoder_of(db: Path) -> str | None:
    """The text encoder that ``db`` was built with; None without one, or where there is no database of kb."""
    with contextlib.suppress(KbError), contextlib.closing(database.open_read(db)) as connection:
        return database.build_facts(connection).get("encoder") or None
    return None


def explain(connection: sqlite3.Connection, a: tuple[str, str], b: tuple[str, str]) -> Iterator[str]:
    """Lines that say why two clauses, each a place and a label, are aligned or not: by the program as it is now, with
    the text encoder that the database was built with. KbError where there is no such clause, or both are of one
    document."""
    sides = [database.clause(connection, *side) for side in (a, b)]
    if sides[0].document.id == sides[1].document.id:
        raise KbError(f"both clauses are of {sides[0].document.name}", mend="name clauses of two documents")
    order = {d.id: number for number, d in enumerate(database.documents(connection))}
    sides.sort(key=lambda side: order[side.document.id])        # the upper document is a
    provisions = [database.provisions(connection, side.document.id) for side in sides]
    encoder = database.build_facts(connection).get("encoder")
    found = explaining.explain(provisions[0], provisions[1], sides[0].clause.path, sides[1].clause.path,
                               encode=encoders.load(encoder) if encoder else None)
    labels = [{p.path: p.label for p in theirs} for theirs in provisions]
    yield from explaining.lines(found, sides[0].document.bare, sides[1].document.bare, labels[0], labels[1])


def program() -> str:
    """The program's version and a hash of its code and data files: a changed program builds again."""
    home = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(home.rglob("*")):
        if file.suffix in {".py", ".tsv", ".txt", ".json", ".bin", ".npz"} and "site" not in file.parts:
            digest.update(file.relative_to(home).as_posix().encode())
            digest.update(file.read_bytes())
    with contextlib.suppress(PackageNotFoundError):
        return f"{version('policy-kb')}+{digest.hexdigest()[:16]}"
    return digest.hexdigest()[:16]


def _fingerprint(documents: Sequence[Document]) -> str:
    digest = hashlib.sha256()
    for document in documents:
        digest.update(corpora.render(document).encode())
    return digest.hexdigest()


def _replace(db: Path, content: database.Content) -> None:
    part = db.with_name(f".{db.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        database.write(part, content)
        part.replace(db)
    except OSError as error:
        raise KbError(f"cannot write the database: {error.strerror or error}", file=db,
                      mend="free some space or choose another place with --db") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
            part.with_name(part.name + "-journal").unlink(missing_ok=True)


def _warnings(content: database.Content) -> tuple[str, ...]:
    found: list[str] = []
    for document in content.documents:
        found += corpora.source_warnings(document)
        numbered = [p for p in content.provisions[document.id] if p.kind not in ("part", "preamble", "signature")]
        if not numbered:
            found.append(f"{document.file or document.id}: 没有编号条文，全文作为一条")
    files = {document.id: document.file or document.id for document in content.documents}
    found += [f"{files[w.document_id]}: 正文第 {w.line} 行 {w.path}：{w.problem}" for w in content.warnings]
    return tuple(found)
