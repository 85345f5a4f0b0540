"""Search: ranked hits with marked snippets, facets, conditions on fields, what the query was understood as; and search
by example."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette.utils.asgi import Response
from rapidfuzz import fuzz

from kb.database import Clause, Pair, find, nearest
from kb.database.finding import Condition, Found, conditions, similar, suggestions
from kb.database.read import counterparts_of
from kb.database.write import packed
from kb.fulltext import Query, fold, literal, match_expression, parse, snippet
from kb.models import Span
from kb.render import rewritten, segments
from kb.site import export, marks, render, web

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

_PAGE = 20
_EXAMPLE = 2_000        # characters of a text given as an example
_LONG = 60              # a query of so many characters that stands nowhere is an example
_MOST = 5_000
_SQL = """select r.name as place, c.label, c.heading, c.text, c.document_id, c.path
from clauses_fts f join clauses c on c.id = f.rowid join documents d on d.id = c.document_id
left join regions r on r.code = d.region_code
where clauses_fts match :match order by bm25(clauses_fts, 4, 1)"""
FACETS = (("region", "地区"), ("level", "层级"), ("year", "年份"), ("validity", "效力"), ("part", "部分"),
          ("agency", "牵头部门"))
_NAMES = {"region": "地区", "level": "层级", "year": "年份", "validity": "效力", "agency": "部门", "part": "部分",
          "kind": "文种", "title": "标题", "number": "文号", "document": "文件"}


async def page(request: Any, datasette: Datasette) -> Response:
    """/search: ``q=`` words, operators and conditions; ``sort=`` document or date; ``like=`` a text whose like is
    wanted."""
    given, example = (request.args.get("q") or "").strip(), (request.args.get("like") or "").strip()[:_EXAMPLE]
    order = request.args.get("sort") if request.args.get("sort") in ("document", "date") else ""
    form = request.url_vars.get("form")
    text, where = conditions(given)
    query = parse(text)

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        pages = web.pager(request, datasette, _PAGE, 10**9, "/search")
        found, wider, better = Found((), 0, 0, {}), None, []
        if query.groups or where:
            size, offset = (_MOST, 0) if form in ("csv", "xlsx") else (_PAGE, pages.offset)
            found = find(db, query, where, limit=size, offset=offset, order=order)
            if not found.total and query.groups:
                better = suggestions(db, query)
                wider, _ = nearest(db, literal(text) if len(fold(text)) > _LONG else text, 1)
                if wider:
                    found = find(db, wider, where, limit=_PAGE, offset=pages.offset, order=order)
        alike = similar(db, example or text) if example or (not better and wider and len(fold(text)) > _LONG) else []
        return {"found": found, "wider": wider, "better": better, "alike": alike,
                "others": counterparts_of(db, [hit.clause.id for hit in found.hits]) if not form else {}}
    context = await web.read(datasette, read)
    found: Found = context["found"]
    pages = web.pager(request, datasette, _PAGE, found.total, "/search")
    understood = context["wider"] or query
    forms: web.Forms = {"json": lambda: web.as_json(_as_json(given, understood, where, context)),
             "csv": lambda: export.as_csv(*_sheet(found)), "xlsx": lambda: export.as_xlsx([("检索", *_sheet(found))])}
    context |= {
        "query": given, "text": text, "example": example, "pages": pages, "order": order, "where": where,
        "reading": describe(understood, where), "rows": [_row(hit) for hit in found.hits],
        "facets": [(name, title, found.facets[name]) for name, title in FACETS if len(found.facets.get(name, ())) > 0],
        "alike": [_alike(example or text, a.clause, a.score, a.document, n) for n, a in enumerate(context["alike"], 1)],
        "names": _NAMES, "toggled": lambda name, value: _toggled(given, where, Condition(name, value), order),
        "has": {(c.field, c.value) for c in where}, "limit": _EXAMPLE}
    sql = (_SQL, {"match": match_expression(understood)}) if understood.groups else None
    return await web.answer(datasette, request, "search.html", context, forms, name=f"检索 {text}"[:60], sql=sql)


def _row(hit: Any) -> dict[str, Any]:
    return {"hit": hit, "heading": render.inline(hit.clause.heading.rstrip("。"), render.hits(hit.heading_marks)),
            "text": render.excerpt(hit.clause.text, snippet(hit.clause.text, hit.text_marks, 130)),
            "times": len(hit.heading_marks) + len(hit.text_marks)}


def _toggled(given: str, where: Sequence[Condition], condition: Condition, order: str) -> str:
    """The arguments of the same search with one condition more, or without it where it is set."""
    text, _ = conditions(given)
    kept = [c for c in where if c != condition]
    if len(kept) == len(where):
        kept = [*(c for c in where if c.field != condition.field), condition]
    typed = [f"{_NAMES[c.field]}:" + (f'"{c.value}"' if re.search(r"\s", c.value) else c.value) for c in kept]
    arguments = {"q": " ".join([text, *typed]).strip()} | ({"sort": order} if order else {})
    return urlencode(arguments)


def describe(query: Query, where: Sequence[Condition] = ()) -> str:
    """What a query was understood as, in Chinese."""
    groups = [" 或 ".join(f"“{string}”" for string in group) for group in query.groups]
    if len(groups) > 1:
        groups = [f"（{group}）" if " 或 " in group else group for group in groups]
    found = " 并且 ".join(groups)
    found += " 但不含 " + "、".join(f"“{string}”" for string in query.excluded) if query.excluded else ""
    limits = "、".join(f"{_NAMES[c.field]}为{render.word(c.field, c.value)}" for c in where)
    return "，限".join(filter(None, (found, limits))) if found else limits


def _alike(text: str, clause: Clause, score: float, document: Any, number: int) -> dict[str, Any]:
    """A clause beside the text given, aligned, with what differs marked; of a much longer clause the part that matches
    best."""
    inside = Span(0, len(clause.text))
    if len(clause.text) > 1.5 * len(text):
        best = fuzz.partial_ratio_alignment(text, clause.text)
        if best is not None and best.dest_end > best.dest_start:
            inside = Span(best.dest_start, best.dest_end)
    found = [replace(s, b=Span(s.b.start + inside.start, s.b.end + inside.start))
             for s in segments(text, inside.of(clause.text))]
    mine = Clause(0, "", "贴入的文字", "", "贴入的文字", "", None, 0, 0, "item", "", text, 0, len(text))
    pair = Pair(-number, mine, clause, "partial", score, Span(0, len(text)), inside, (), packed(found),
                rewritten(found))
    return {"document": document, "clause": clause, "score": score,
            "shown": marks.show(pair, None, None)}


def _sheet(found: Found) -> tuple[list[str], list[list[str]]]:
    return ["地区", "文号", "文件", "条", "标题", "正文"], [
        [h.document.place, h.document.doc_number or "", h.document.title, h.clause.label, h.clause.heading,
         h.clause.text]
        for h in found.hits]


def _as_json(given: str, query: Query, where: Sequence[Condition], context: Mapping[str, Any]) -> dict[str, Any]:
    found: Found = context["found"]
    return {
        "query": given,
        "understood": {"all_of": [list(group) for group in query.groups], "none_of": list(query.excluded),
                       "where": [[c.field, c.value] for c in where]},
        "relaxed": context["wider"] is not None, "suggestions": context["better"], "total": found.total,
        "documents": found.documents, "facets": {k: dict(v) for k, v in found.facets.items()},
        "hits": [{"document_id": h.document.id, "path": h.clause.path, "label": h.clause.label,
                  "heading": h.clause.heading, "text": h.clause.text,
                  "heading_marks": [[s.start, s.end] for s in h.heading_marks],
                  "text_marks": [[s.start, s.end] for s in h.text_marks]} for h in found.hits],
        "alike": [{"document_id": a["document"].id, "path": a["clause"].path, "score": round(a["score"], 4),
                   "text": a["clause"].text} if isinstance(a, dict) else
                  {"document_id": a.document.id, "path": a.clause.path, "score": round(a.score, 4),
                   "text": a.clause.text} for a in context["alike"]]}
