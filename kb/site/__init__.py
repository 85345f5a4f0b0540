"""The Datasette plugin: Chinese search in the standard box, Chinese pages for the tables, and pages of our own.

It reads only the database. Datasette finds it through the entry point ``datasette: kb = kb.site``; a file that was not
made by ``kb build`` is left to Datasette's own ways.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, unquote

from datasette import hookimpl
from datasette.app import Datasette

from kb.fulltext import match_expression
from kb.site import cells, pages, render


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
        await pages.find_database(datasette)
    return find


@hookimpl
def asgi_wrapper() -> Callable[[Any], Any]:
    """Keeps what the request searches for and which page it asks, since ``render_cell`` is not told."""
    def wrap(app: Any) -> Any:
        async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                arguments = parse_qs(scope.get("query_string", b"").decode("latin-1"))
                searched = next((v[0] for key, v in arguments.items() if key == "事项"
                                 or (key.startswith("_search") and key != "_searchmode")), "")
                cells.REQUEST.set(cells.Asked(unquote(scope.get("path", "")), searched))
            await app(scope, receive, send)
        return wrapped
    return wrap


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, database: str, datasette: Datasette) -> Any:
    """Codes as words, texts short and with the hits marked, documents as links to their pages; on our database only."""
    return cells.cell(row, value, column, table) if database == pages.known(datasette) else None


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    """Our own pages."""
    return pages.ROUTES


@hookimpl
def extra_template_vars(template: str | None, database: str | None, table: str | None, request: Any,
                        view_name: str | None, datasette: Datasette) -> Callable[[], Awaitable[dict[str, Any]]]:
    """What our templates need beside Datasette's own context."""
    async def variables() -> dict[str, Any]:
        return await pages.variables(datasette, template, database, table, request, view_name)
    return variables


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    """The filters of our templates."""
    env.filters |= {"typeset": render.typeset, "clip": render.clip, "dots": render.dots, "day": render.day}
    env.globals |= {"word": render.word, "anchor": render.anchor}
