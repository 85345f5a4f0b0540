"""The list of documents, one document as an outline of clauses, its page as obtained."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datasette.utils.asgi import NotFound, Response
from markupsafe import Markup

from kb.database import Clause, DocumentRow, documents, outline
from kb.database.read import counterparts, statements
from kb.models import Document, Span
from kb.site import home, render, web
from kb.vocabulary import regions

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

_LISTED = 50
_SQL = """select c.label, c.kind, c.heading, c.text, c.path, c.id from clauses c
where c.document_id = :document order by c.ordinal"""


async def index(request: Any, datasette: Datasette) -> Response:
    """/doc: the documents, upper places first; ``region=`` keeps those of a place and the places below it, ``q=`` those
    whose name, number or title has the words, ``cited=1`` adds those only cited."""
    code, words, cited = (request.args.get(key) or "" for key in ("region", "q", "cited"))

    def read(db: sqlite3.Connection) -> list[DocumentRow]:
        return [d for d in documents(db, cited=bool(cited)) if _within(d, code) and _named(d, words)]
    found = await web.read(datasette, read)
    pages = web.pager(request, datasette, _LISTED, len(found), "/doc")
    known = regions.regions()
    context = {"found": found[pages.offset:pages.offset + _LISTED], "pages": pages, "q": words, "cited": cited,
               "region": code, "place": known[code].name if code in known else ""}
    forms = {"json": lambda: web.as_json([_head(d) for d in found])}
    return await web.answer(datasette, request, "docs.html", context, forms, name="文件",
                            sql=("select * from v_documents where in_corpus >= :least", {"least": 0 if cited else 1}))


def _within(document: DocumentRow, code: str) -> bool:
    if not code or document.region_code == code:
        return True
    own = document.region_code
    return own in regions.regions() and code in {place.code for place in regions.ancestors(own or "")}


def _named(document: DocumentRow, words: str) -> bool:
    text = "".join(filter(None, (document.name, document.title, document.doc_number, document.place, document.issuer)))
    return all(word in text for word in words.split())


async def page(request: Any, datasette: Datasette) -> Response:
    """/doc/ID: one document as an outline of clauses with their counterparts elsewhere."""
    identity = web.decoded(request.url_vars["id"])

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        everything = documents(db, cited=True)
        head = next((d for d in everything if d.id == identity), None)
        if head is None:
            raise NotFound("没有这份文件")
        by_id = {d.id: d for d in everything}
        found = statements(db, head.id)
        provisions = outline(db, head.id)
        basis = web.dictionaries(
            db, "select reference, basis_document_id as id from basis where document_id = ? order by id", head.id)
        below = web.dictionaries(
            db, "select distinct document_id as id from basis where basis_document_id = ? order by id", head.id)
        return {
            "head": head, "found": found, "others": counterparts(db, head.id), "by_id": by_id, "provisions": provisions,
            "clauses": [shown(c, by_id, datasette.urls.path, *(found[name].get(c.id, []) for name in (
                "quantities", "responsibilities", "citations"))) for c in provisions],
            "above": places_above(head), "basis": basis,
            "children": [by_id[r["id"]] for r in below if r["id"] in by_id],
            "citing": web.dictionaries(db, """select c.document_id as id, c.name, c.path from citations t
                join clauses c on c.id = t.clause_id where t.cited_document_id = ? order by c.id limit 60""", head.id),
            "pairs": web.dictionaries(db, """select * from document_pairs where a_document_id = :id
                or b_document_id = :id order by equivalent desc, alignments desc limit 6""", {"id": head.id}),
            "has_page": bool(web.dictionaries(db, "select 1 from source_pages where document_id = ?", head.id)),
            "warnings": web.dictionaries(
                db, "select path, line, problem from numbering_warnings where document_id = ? order by id", head.id),
            "text": (web.dictionaries(db, "select text from documents where id = ?", head.id)[0]["text"] or "")}
    context = await web.read(datasette, read)
    head, text = context["head"], context.pop("text")
    forms: dict[str, Callable[[], str | bytes]] = {"json": lambda: web.as_json(as_json(context))}
    if head.in_corpus:
        forms |= {"md": lambda: text, "docx": lambda: _word(head, text)}
    return await web.answer(datasette, request, "doc.html", context, forms, name=head.name,
                            sql=(_SQL, {"document": head.id}))


async def source(request: Any, datasette: Datasette) -> Response:
    """/source/ID: the page as it was obtained, as plain text."""
    identity = web.decoded(request.url_vars["id"])

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        found = web.dictionaries(db, """select s.file, s.text, d.name, d.title, d.source_sha256, d.id
            from source_pages s join documents d on d.id = s.document_id where s.document_id = ?""", identity)
        if not found:
            raise NotFound("没有这份文件的原页文本")
        return found[0]
    return await web.answer(datasette, request, "source.html", await web.read(datasette, read), {}, name=identity)


def places_above(head: DocumentRow) -> tuple[Any, ...]:
    """The places over a document's own, the province first, and its own."""
    code = head.region_code
    return (*reversed(regions.ancestors(code)), regions.region(code)) if code and code in regions.regions() else ()


def shown(clause: Clause, by_id: Mapping[str, DocumentRow], address: Callable[[str], str],
          quantities: Sequence[dict[str, Any]], units: Sequence[dict[str, Any]],
          citations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A clause for the page: its number as printed, its text with quantities and citations marked, its units.
    ``address`` gives the address of a path below the site's root."""
    marks = [render.Mark(Span(q["start"], q["end"]), *render.QUANTITY) for q in quantities if q["kind"] != "date"]
    for c in citations:
        cited = by_id.get(c["cited_document_id"] or "")
        if cited is not None and cited.id != clause.document_id:
            kind = "" if cited.in_corpus else ' class="cited"'
            marks.append(render.Mark(Span(c["start"], c["end"]),
                                     Markup('<a{} href="{}">').format(Markup(kind), address(render.anchor(cited.id))),
                                     Markup("</a>")))
    number = clause.path.rpartition("/")[2]
    end = render.units_at(clause.text, min((u["start"] for u in units), default=len(clause.text)))
    return {"clause": clause, "number": "" if number.startswith(("·", "—", "序", "末", "正文", "附件")) else number,
            "html": render.paragraphs(clause.text, marks, end), "units": render.units_line(clause.text, end)}


def _head(d: DocumentRow) -> dict[str, Any]:
    return {name: getattr(d, name) for name in (
        "id", "name", "region_code", "place", "level", "title", "kind", "issuer", "doc_number", "unified_number",
        "signed_on", "written_on", "published_on", "effective_on", "expires_on", "validity", "in_corpus",
        "clauses")} | {"inferred": dict(d.inferred)}


def as_json(context: Mapping[str, Any]) -> dict[str, Any]:
    """The page's content with the database's names."""
    found, others = context["found"], context["others"]
    return {"document": _head(context["head"]), "basis": context["basis"], "cited_by": context["citing"], "clauses": [
        {"id": c.id, "path": c.path, "label": c.label, "kind": c.kind, "heading": c.heading, "text": c.text,
         "start": c.start, "end": c.end, **{name: found[name].get(c.id, []) for name in found},
         "counterparts": [{"document_id": o.document.id, "path": o.clause.path, "relation": o.relation,
                           "score": o.score, "differences": o.differences} for o in others.get(c.id, ())]}
        for c in context["provisions"]]}


def citation(head: DocumentRow, clause: Clause | None = None) -> str:
    """How to cite: 临政发〔2022〕22号 二（三）."""
    label = clause.label if clause else ""
    return " ".join(filter(None, (head.doc_number or f"{head.place}{home.short_title(head.title)}", label)))


def _word(head: DocumentRow, text: str) -> bytes:
    from kb.draft import official  # brings the whole parser along: only where a file is asked for

    made = Document(id=head.id, title=head.title, region_code=head.region_code or "", text=text, kind=head.kind,
                    issuer=head.issuer, doc_number=head.doc_number, signed_on=head.signed_on)
    dated = dt.datetime.fromisoformat(head.signed_on or "2000-01-01")
    return official.write(made, dated=dated)


def address(document_id: str, path: str) -> str:
    """Address of a clause's page below the root."""
    return f"/doc/{quote(document_id)}/{quote(path, safe='/')}"
