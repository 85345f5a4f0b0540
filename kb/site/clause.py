"""One clause with all its counterparts, what each changes, its place in the outline, how to cite it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datasette.utils.asgi import NotFound, Response

from kb.database import documents, outline, pairs_of
from kb.database.read import statements
from kb.site import document, marks, web

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

_PAGE = 12
_SQL = """select relation, score, a_document_id, a_label, a_heading, a_text, b_document_id, b_label, b_heading, b_text
from v_alignments where alignment_id in (
  select id from alignments where a_clause_id = :clause or b_clause_id = :clause)"""


async def page(request: Any, datasette: Datasette) -> Response:
    """/doc/ID/PATH: the clause, e.g. /doc/linhai-2022-22/正文/二/（三）."""
    identity, path = web.decoded(request.url_vars["id"]), web.decoded(request.url_vars["path"]).strip("/")

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        by_id = {d.id: d for d in documents(db, cited=True)}
        provisions = outline(db, identity)
        found = next((c for c in provisions if path in (c.path, c.path.removeprefix("正文/"))), None)
        if found is None or identity not in by_id:
            raise NotFound("没有这一条")
        about = statements(db, identity)
        pairs = pairs_of(db, found)
        ids = [found.id, *(pair.b.id for pair in pairs)]
        firsts = {r["clause_id"]: r["first"] for r in web.dictionaries(
            db, "select clause_id, min(start) as first from responsibilities where clause_id in "
                f"({','.join('?' * len(ids))}) group by 1", *ids)} if len(ids) < 900 else {}
        return {"head": by_id[identity], "by_id": by_id, "clause": found, "provisions": provisions, "pairs": pairs,
                "firsts": firsts, **{name: about[name].get(found.id, []) for name in about},
                "rows": web.dictionaries(db, 'select "row" as number, row_label as label, '
                                             '(select count(distinct o.document_id) from concordance o '
                                             'where o."row" = k."row") as documents '
                                             'from concordance k where clause_id = ? order by 1', found.id)}
    context = await web.read(datasette, read)
    found, provisions, pairs, firsts = (context[k] for k in ("clause", "provisions", "pairs", "firsts"))
    pages = web.pager(request, datasette, _PAGE, len(pairs), document.address(identity, found.path))
    by_path = {c.path: c for c in provisions}
    own = [c for c in provisions if c.kind not in ("part", "signature")]
    at = own.index(found) if found in own else 0
    context |= {
        "pages": pages,
        "shown": [marks.show(pair, firsts.get(pair.a.id), firsts.get(pair.b.id))
                  for pair in pairs[pages.offset:pages.offset + _PAGE]],
        "body": document.shown(found, context["by_id"], datasette.urls.path, context["quantities"],
                               context["responsibilities"], context["citations"]),
        "over": [by_path[p] for n in range(1, found.path.count("/") + 1)
                 if (p := "/".join(found.path.split("/")[:n])) in by_path],
        "under": [c for c in provisions if c.parent_id == found.id],
        "before": own[at - 1] if found in own and at else None,
        "after": own[at + 1] if found in own and at + 1 < len(own) else None,
        "cite": document.citation(context["head"], found), "above": document.places_above(context["head"])}
    forms = {"json": lambda: web.as_json(_as_json(context))}
    return await web.answer(datasette, request, "clause.html", context, forms, name=context["cite"],
                            sql=(_SQL, {"clause": found.id}))


def _as_json(context: dict[str, Any]) -> dict[str, Any]:
    clause = context["clause"]
    return {
        "document_id": clause.document_id, "path": clause.path, "label": clause.label, "cite": context["cite"],
        "heading": clause.heading, "text": clause.text, "start": clause.start, "end": clause.end,
        **{name: context[name] for name in ("quantities", "responsibilities", "citations")},
        "counterparts": [
            {"document_id": p.b.document_id, "path": p.b.path, "heading": p.b.heading, "text": p.b.text,
             "relation": p.relation, "score": p.score, "differences": [
                 {"type": d.type, "own": d.a_quote, "other": d.b_quote, "direction": d.direction,
                  "salience": d.salience, "summary": d.summary} for d in p.differences]} for p in context["pairs"]]}


async def cite(request: Any, datasette: Datasette) -> Response:
    """/cite/NUMBER LABEL: sends a citation (临政发〔2022〕22号 二（三）) to its clause."""
    from kb.database import clause
    from kb.database import document as find_document

    text = web.decoded(request.url_vars["text"]).strip()
    place, _, label = text.partition(" ")

    def read(db: sqlite3.Connection) -> str:
        if not label:
            return f"/doc/{quote(find_document(db, place).id)}"
        view = clause(db, place, label.strip())
        return document.address(view.clause.document_id, view.clause.path)
    return Response.redirect(datasette.urls.path(await web.read(datasette, read)))
