"""Our own pages and what the templates are given. Views read the database in one call each and render on the server."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import quote, unquote
from weakref import WeakKeyDictionary

from datasette.app import Datasette
from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response
from markupsafe import Markup

from kb.database import (
    Clause,
    Pair,
    comparison,
    documents,
    nearest,
    outline,
    search,
)
from kb.database.read import count, counterparts, statements
from kb.fulltext import Query, parse, snippet
from kb.models import KbError, Span
from kb.site import home, render

T = TypeVar("T")
_KNOWN: WeakKeyDictionary[Datasette, str] = WeakKeyDictionary()
_HITS = 50
_TABLES = (("文件", "documents"), ("条文", "clauses"), ("对齐", "v_alignments"), ("差异", "v_differences"),
           ("总表", "v_concordance"))
#: Our pages need no script, no frame and nothing from another host.
_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
                                       "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "same-origin"}


def known(datasette: Datasette) -> str | None:
    """Name of the database that kb built; None if there is none among those served."""
    return _KNOWN.get(datasette)


async def find_database(datasette: Datasette) -> None:
    """Looks once, at the start, which of the databases is ours."""
    for name, db in datasette.databases.items():
        if {"build", "clauses", "clauses_fts"} <= set(await db.table_names()):
            _KNOWN[datasette] = name
            return


async def _read(datasette: Datasette, reader: Callable[[sqlite3.Connection], T]) -> T:
    name = known(datasette)
    if name is None:
        raise NotFound("没有由 kb build 建成的数据库")
    try:
        found: T = await datasette.get_database(name).execute_fn(reader)
    except KbError as error:
        raise NotFound(str(error)) from error
    return found


async def variables(datasette: Datasette, template: str | None, database: str | None, table: str | None, request: Any,
                    view_name: str | None) -> dict[str, Any]:
    """Context of every page: the name of our database, the navigation, the style sheet's address; on the home page its
    content, on a row's page the labels of the rows it points to."""
    name, path = known(datasette), request.path if request else "/"
    given: dict[str, Any] = {"kb_database": name, "kb_style": f"/-/kb.css?{_style()[1]}", "kb_home": None,
                             "kb_nav": _navigation(datasette, name, path), "kb_tables": {}, "kb_columns": {},
                             "kb_links": {}, "kb_today": home.today(),
                             "kb_state": home.state}
    if name:
        given["kb_tables"] = ((datasette.metadata("databases") or {}).get(name) or {}).get("tables") or {}
        given["kb_columns"] = {column: text for description in given["kb_tables"].values()
                               for column, text in (description.get("columns") or {}).items() if column != "id"}
    if name and template == "index.html":
        given["kb_home"] = await _read(datasette, home.read)
    if name and view_name == "row" and database == name and table:
        given["kb_links"] = await _links(datasette, name, table, request)
    return given


def _navigation(datasette: Datasette, name: str | None, path: str) -> list[dict[str, Any]]:
    if name is None:
        return []
    tables = [{"title": title, "href": datasette.urls.table(name, table)} for title, table in _TABLES]
    entries = [*tables, {"title": "对照", "href": datasette.urls.path("/compare")},
               {"title": "检索", "href": datasette.urls.path("/search")},
               {"title": "数据", "href": datasette.urls.database(name)}]
    within = [e["href"] for e in entries if path == e["href"] or path.startswith(e["href"] + "/")]
    here = max(within, key=len, default="")
    if path.startswith("/doc/"):
        here = tables[0]["href"]
    return [{**entry, "current": entry["href"] == here} for entry in entries]


async def _links(datasette: Datasette, name: str, table: str, request: Any) -> dict[str, Markup]:
    """For each foreign key of the row shown a link that carries the label of the row it points to."""
    db = datasette.get_database(name)
    key = _decoded(request.url_vars["pks"])
    column = (await db.primary_keys(table) or ["rowid"])[0]
    found = list(await db.execute(f'select * from "{table}" where "{column}" = ?', [key]))
    links: dict[str, Markup] = {}
    for foreign in await db.foreign_keys_for_table(table):
        column, value = foreign["column"], found[0][foreign["column"]] if found else None
        if value is None:
            continue
        labels = await datasette.expand_foreign_keys(name, table, column, [value])
        links[column] = Markup('<a href="{}">{}</a>').format(
            datasette.urls.row(name, foreign["other_table"], str(value)), labels.get((column, value), value))
    return links


def _decoded(part: str) -> str:
    """A part of an address, in percent-encoding or in Datasette's own tilde-encoding."""
    return unquote(tilde_decode(part))


@cache
def _style() -> tuple[str, str]:
    sheet = files("kb.site").joinpath("static/kb.css").read_text("utf-8")
    return sheet, hashlib.sha256(sheet.encode()).hexdigest()[:12]


async def style(request: Any) -> Response:
    """The style sheet, under an address that changes with its content."""
    return Response(_style()[0], content_type="text/css; charset=utf-8",
                    headers={"Cache-Control": "public, max-age=31536000, immutable"})


async def _page(datasette: Datasette, request: Any, template: str, context: dict[str, Any]) -> Response:
    return Response.html(await datasette.render_template(template, context, request=request), headers=_HEADERS)


async def document_page(request: Any, datasette: Datasette) -> Response:
    """/doc/ID: one document as an outline of clauses with their counterparts elsewhere."""
    identity = _decoded(request.url_vars["id"])

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        everything = documents(db, cited=True)
        head = next((d for d in everything if d.id == identity), None)
        if head is None:
            raise NotFound("没有这份文件")
        found = statements(db, head.id)
        clauses = [_shown(c, *(found[name].get(c.id, []) for name in ("quantities", "responsibilities")))
                   for c in outline(db, head.id)]
        return {
            "head": head, "clauses": clauses, "found": found, "others": counterparts(db, head.id),
            "signs": home.sign_table(everything), "by_id": {d.id: d for d in everything},
            "basis": _dicts(
                db, "select reference, basis_document_id as id from basis where document_id = ? order by id", head.id),
            "citing": _dicts(db, """select c.document_id as id, c.name, c.path from citations t
                join clauses c on c.id = t.clause_id where t.cited_document_id = ? order by c.id""", head.id),
            "pairs": [p for p in home.pairs(db) if head.id in (p["a"], p["b"])]}
    return await _page(datasette, request, "doc.html", await _read(datasette, read))


def _shown(clause: Clause, quantities: Sequence[dict[str, Any]], units: Sequence[dict[str, Any]]) -> dict[str, Any]:
    marks = [render.Mark(Span(q["start"], q["end"]), *render.QUANTITY) for q in quantities]
    number = clause.path.rpartition("/")[2]
    end = _tail(clause.text, min((u["start"] for u in units), default=len(clause.text)))
    return {"clause": clause, "number": "" if number.startswith(("·", "—", "序", "末")) else number,
            "html": render.paragraphs(clause.text[:end], marks), "units": render.inline(clause.text, (), end)}


def _tail(text: str, first: int) -> int:
    """Where the bracket with the responsible units opens that closes the clause; the end of the text if there is none.
    It is set apart on the page, not left out."""
    start = max(text.rfind(bracket, 0, first) for bracket in "（(")
    closes = text.rstrip("。\n ").endswith(("）", ")"))
    return start if start > 0 and closes and "\n" not in text[start:].strip() else len(text)


async def compare_page(request: Any, datasette: Datasette) -> Response:
    """/compare: the pairs there are. /compare/A/B: two documents side by side, A as the base; ``show=differences``
    leaves out equal clauses, ``type=`` keeps one type of difference."""
    given = request.url_vars
    if not given.get("a"):
        a, b = request.args.get("a"), request.args.get("b")
        if a and b:
            rest = "&".join(f"{key}={quote(request.args[key])}" for key in ("show", "type") if request.args.get(key))
            return Response.redirect(f"/compare/{quote(a)}/{quote(b)}" + (f"?{rest}" if rest else ""))

        def overview(db: sqlite3.Connection) -> dict[str, Any]:
            everything = documents(db)
            return {"documents": everything, "by_id": {d.id: d for d in everything}, "pairs": list(home.pairs(db)),
                    "signs": home.sign_table(everything)}
        return await _page(datasette, request, "compare_list.html", await _read(datasette, overview))
    wanted, show = request.args.get("type") or "", request.args.get("show") or ""

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        found = comparison(db, _decoded(given["a"]), _decoded(given["b"]))
        shown = [_pair(pair, wanted) for pair in found.pairs]
        everything = documents(db)
        return {"found": found, "pairs": [p for p in shown if p["notes"] or not (show or wanted)], "show": show,
                "type": wanted, "documents": everything, "signs": home.sign_table(everything),
                "types": sorted({d.type for p in found.pairs for d in p.differences}), "totals": _totals(found.pairs)}
    return await _page(datasette, request, "compare.html", await _read(datasette, read))


def _totals(pairs: Sequence[Pair]) -> dict[str, int]:
    return {"pairs": len(pairs), "differences": sum(len(p.differences) for p in pairs),
            "same": sum(not p.differences and p.relation == "equivalent" for p in pairs),
            "partial": sum(p.relation == "partial" for p in pairs)}


def _pair(pair: Pair, wanted: str) -> dict[str, Any]:
    """One row of the comparison: both texts with numbered marks, and the notes that the numbers point to."""
    found = sorted((d for d in pair.differences if not wanted or d.type == wanted),
                   key=lambda d: (d.a_span.start, d.b_span.start))
    prefix = f"d{pair.alignment_id}"
    notes = list(enumerate(found, 1))
    sides = []
    for tag, label, text, spans in (("del", "〔删〕", pair.a.text, [(n, d.a_span) for n, d in notes]),
                                    ("ins", "〔增〕", pair.b.text, [(n, d.b_span) for n, d in notes])):
        share = sum(len(span) for _, span in spans) / max(1, len(text))
        # where most of a clause is changed, strikes say nothing: the readings meant are only underlined
        marks = render.numbered(spans, *((tag, label) if share < 0.6 else ("span", "")), prefix)
        sides.append({"html": render.paragraphs(text, marks), "rewritten": share >= 0.6})
    return {"pair": pair, "notes": notes, "prefix": prefix, "a": sides[0], "b": sides[1]}


async def search_page(request: Any, datasette: Datasette) -> Response:
    """/search?q=: clauses that meet the query, best first, with marked snippets; where nothing does, the narrowest
    wider reading that finds something, and the page says so."""
    query = (request.args.get("q") or "").strip()

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        parsed, wider = parse(query), None
        hits, total = search(db, parsed, _HITS), count(db, parsed)
        if not hits and parsed.groups:
            wider, hits = nearest(db, query, _HITS)
            total = count(db, wider) if wider else 0
        rows = [{"hit": hit, "heading": render.inline(hit.clause.heading.rstrip("。"), render.hits(hit.heading_marks)),
                 "text": render.excerpt(hit.clause.text, snippet(hit.clause.text, hit.text_marks, 130)),
                 "times": len(hit.heading_marks) + len(hit.text_marks)} for hit in hits]
        signs = home.sign_table(documents(db))
        others = {d: counterparts(db, d) for d in {hit.document.id for hit in hits}}
        return {"query": query, "rows": rows, "total": total, "reading": describe(wider or parsed), "wider": wider,
                "signs": signs, "others": others}
    return await _page(datasette, request, "search.html", await _read(datasette, read))


def describe(query: Query) -> str:
    """What a query was understood as, in Chinese."""
    groups = [" 或 ".join(f"“{string}”" for string in group) for group in query.groups]
    if len(groups) > 1:
        groups = [f"（{group}）" if " 或 " in group else group for group in groups]
    found = " 并且 ".join(groups)
    return found + (" 但不含 " + "、".join(f"“{string}”" for string in query.excluded) if query.excluded else "")


def _dicts(db: sqlite3.Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    cursor = db.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


ROUTES: list[tuple[str, Callable[..., Awaitable[Any]]]] = [
    (r"^/-/kb\.css$", style),
    (r"^/doc/(?P<id>[^/]+)$", document_page),
    (r"^/compare(?:/(?P<a>[^/]+)/(?P<b>[^/]+))?$", compare_page),
    (r"^/search$", search_page),
]
