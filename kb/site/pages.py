"""The addresses of our pages, and what the templates of every page are given."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response
from markupsafe import Markup

from kb.site import check, clause, compare, differences, document, home, indicators, search, synopsis, web
from kb.site.web import FORM

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

HOME = "/home"          # where Datasette's own index is led to
_PAGES = (("文件", "/doc"), ("对照", "/compare"), ("总表", "/synopsis"), ("指标", "/indicators"), 
          ("差异", "/differences"), ("检索", "/search"), ("校稿", "/check"))


async def variables(datasette: Datasette, template: str | None, database: str | None, table: str | None, request: Any,
                    view_name: str | None) -> dict[str, Any]:
    """Context of every page: the name of our database, the navigation, the style sheet's address, Chinese names of
    tables and columns; on a row's page the labels of the rows it points to."""
    name, path = web.known(datasette), request.path if request else "/"
    given: dict[str, Any] = {
        "kb_database": name, "kb_style": f"{datasette.urls.path('/-/kb.css')}?{_style()[1]}",
        "kb_nav": _navigation(datasette, name, path), "kb_tables": {}, "kb_columns": {}, "kb_links": {},
        "kb_today": home.today(), "kb_state": home.state}
    if name and database:
        given["kb_tables"] = ((datasette.metadata("databases") or {}).get(name) or {}).get("tables") or {}
        given["kb_columns"] = {column: text for description in given["kb_tables"].values()
                               for column, text in (description.get("columns") or {}).items() if column != "id"}
    if name and view_name == "row" and database == name and table:
        given["kb_links"] = await _links(datasette, name, table, request)
    return given


def _navigation(datasette: Datasette, name: str | None, path: str) -> list[dict[str, Any]]:
    if name is None:
        return []
    entries = [{"title": title, "href": str(datasette.urls.path(address))} for title, address in _PAGES]
    entries.append({"title": "数据", "href": str(datasette.urls.database(name))})
    here = next((e["href"] for e in entries
                 if path == e["href"] or path.startswith((e["href"] + "/", e["href"] + "."))),
                entries[0]["href"] if path.startswith(str(datasette.urls.path("/source/"))) else "")
    return [{**entry, "current": entry["href"] == here} for entry in entries]


def metadata(datasette: Datasette) -> dict[str, Any]:
    """The descriptions of our tables under the name our database is served by: the metadata file has them under ``kb``,
    whatever the file of the database is called."""
    name = web.known(datasette)
    given: Mapping[str, Any] = getattr(datasette, "_metadata_local", None) or {}
    described = (given.get("databases") or {}).get("kb")
    return {"databases": {name: described}} if name and name != "kb" and described else {}


async def _links(datasette: Datasette, name: str, table: str, request: Any) -> dict[str, Markup]:
    """For each foreign key of the row shown a link that carries the label of the row it points to."""
    db = datasette.get_database(name)
    key = web.decoded(request.url_vars["pks"])
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


@cache
def _style() -> tuple[str, str]:
    sheet = files("kb.site").joinpath("static/kb.css").read_text("utf-8")
    return sheet, hashlib.sha256(sheet.encode()).hexdigest()[:12]


async def style(request: Any) -> Response:
    """The style sheet, under an address that changes with its content."""
    return Response(_style()[0], content_type="text/css; charset=utf-8",
                    headers={"Cache-Control": "public, max-age=31536000, immutable"})


async def home_page(request: Any, datasette: Datasette) -> Response:
    """/ and /home: the documents by place, where to begin, the most salient differences."""
    context: dict[str, Any] = {"home": await web.read(datasette, home.read)}
    return await web.answer(datasette, request, "home.html", context,
                            {"json": lambda: web.as_json(home.as_json(context["home"]))}, name="首页",
                            sql=("select h.rank, h.label, h.quote, d.name, c.label as clause, f.type, f.salience\n"
                                 "from highlights h join differences f on f.id = h.difference_id\n"
                                 "join clauses c on c.id = h.clause_id join documents d on d.id = h.document_id\n"
                                 "order by h.id", {}))


ROUTES: list[tuple[str, Callable[..., Awaitable[Any]]]] = [
    (r"^/-/kb\.css$", style),
    (rf"^{HOME}{FORM}$", home_page),
    (rf"^/doc{FORM}$", document.index),
    (r"^/source/(?P<id>[^/]+)$", document.source),
    (r"^/cite/(?P<text>.+)$", clause.cite),
    (rf"^/doc/(?P<id>[^/]+?){FORM}$", document.page),
    (rf"^/doc/(?P<id>[^/]+)/(?P<path>.+?){FORM}$", clause.page),
    (rf"^/compare{FORM}$", compare.page),
    (rf"^/compare/(?P<a>[^/]+)/(?P<b>[^/]+?){FORM}$", compare.page),
    (rf"^/synopsis{FORM}$", synopsis.page),
    (rf"^/indicators{FORM}$", indicators.page),
    (rf"^/differences{FORM}$", differences.page),
    (rf"^/search{FORM}$", search.page),
    (r"^/check(?:\.(?P<form>json|xlsx))?$", check.page),
]
