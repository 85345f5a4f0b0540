"""The Datasette plugin: Chinese search in the standard box, Chinese pages for the tables, and pages of our own.

It reads only the database. Datasette finds it through the entry point ``datasette: kb = kb.site``; a file that was not
made by ``kb build`` is left to Datasette's own ways.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote

from datasette import hookimpl
from datasette.utils.asgi import Response

from kb.fulltext import match_expression
from kb.site import cells, document, export, marks, pages, render, web

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette


@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Replaces Datasette's ``escape_fts``, which the table page's ``_search`` calls, on connections to our database.
    ``trylast``, since Datasette registers its own in the same hook."""
    ours = "select 1 from sqlite_master where name = 'clauses_fts' and sql like '%content=\"clauses\"%'"
    if conn.execute(ours).fetchone():
        conn.create_function("escape_fts", 1, lambda query: match_expression(str(query or "")), deterministic=True)


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Finds our database among those served."""
    async def find() -> None:
        await web.find_database(datasette)
    return find


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[Any], Any]:
    """Keeps what the request searches for and which page it asks, since ``render_cell`` is not told; leads the root to
    our home page, where Datasette's own would count every table first; puts a byte order mark before CSV on demand
    (``_bom=1``), without which Excel takes UTF-8 for something else."""
    def wrap(app: Any) -> Any:
        async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                arguments = parse_qs(scope.get("query_string", b"").decode("latin-1"))
                searched = next((v[0] for key, v in arguments.items() if key == "事项"
                                 or (key.startswith("_search") and key != "_searchmode")), "")
                cells.REQUEST.set(cells.Asked(unquote(scope.get("path", "")), searched))
                root = datasette.setting("base_url")
                if web.known(datasette) and scope.get("path") in ("/", root):
                    path = root + pages.HOME.removeprefix("/")
                    scope = {**scope, "path": path, "raw_path": path.encode()}
                if "_bom" in arguments:
                    send = _marked(send)
            await app(scope, receive, send)
        return wrapped
    return wrap


def _marked(send: Any) -> Any:
    started = False

    async def marked(message: MutableMapping[str, Any]) -> None:
        nonlocal started
        if message["type"] == "http.response.start":
            headers = dict(message.get("headers") or [])
            started = not headers.get(b"content-type", b"").startswith((b"text/csv", b"text/plain"))
            message = {**message, "headers": [h for h in message.get("headers") or [] if h[0] != b"content-length"]}
        elif message["type"] == "http.response.body" and not started:
            started = True
            message = {**message, "body": b"\xef\xbb\xbf" + message.get("body", b"")}
        await send(message)
    return marked


@hookimpl
def get_metadata(datasette: Datasette) -> dict[str, Any]:
    """Titles and descriptions for our database whatever its file is called."""
    return pages.metadata(datasette)


@hookimpl
def register_output_renderer() -> dict[str, Any]:
    """Any table, view or query as .xlsx."""
    async def workbook(columns: list[str], rows: list[Any], table: str | None, query_name: str | None) -> Any:
        name = table or query_name or "query"
        body = export.as_xlsx([(name, columns, ([_plain(value) for value in row] for row in rows))])
        return Response(body, content_type=web.XLSX, headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.xlsx"})
    return {"extension": "xlsx", "render": workbook, "can_render": lambda columns: bool(columns)}


def _plain(value: Any) -> str | int | float | None:
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value["label"] if isinstance(value, dict) and "label" in value else value)


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, database: str, datasette: Datasette) -> Any:
    """Codes as words, texts short and with the hits marked, documents as links to their pages; on our database only."""
    return (cells.cell(row, value, column, table, datasette.urls.path) if database == web.known(datasette) else None)


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    """Our own pages."""
    return pages.ROUTES


@hookimpl
def skip_csrf(scope: MutableMapping[str, Any]) -> bool:
    """The check of a draft stores nothing and changes nothing: whoever posts to it gets an answer, no more."""
    return str(scope.get("path", "")).endswith(("/check", "/check.json", "/check.xlsx"))


@hookimpl
def extra_template_vars(template: str | None, database: str | None, table: str | None, request: Any,
                        view_name: str | None, datasette: Datasette) -> Callable[[], Awaitable[dict[str, Any]]]:
    """What our templates need beside Datasette's own context."""
    async def variables() -> dict[str, Any]:
        return await pages.variables(datasette, template, database, table, request, view_name)
    return variables


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Datasette) -> None:
    """The filters and functions of our templates."""
    path = datasette.urls.path
    env.filters |= {"typeset": render.typeset, "clip": render.clip, "dots": render.dots, "day": render.day,
                    "amount": render.amount}
    env.globals |= {"word": render.word, "anchor": lambda *where: path(render.anchor(*where)),
                    "clause_at": lambda *where: path(render.clause_address(*where)),
                    "comparing": lambda a, b: path(f"/compare/{quote(a)}/{quote(b)}"), "cite": document.citation,
                    "apparatus": marks.apparatus}
