"""What all our pages share: which database is ours, reading it, answering in HTML or another form, paging."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote, urlencode
from weakref import WeakKeyDictionary

from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response

from kb.models import KbError

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

T = TypeVar("T")
_KNOWN: WeakKeyDictionary[Datasette, str] = WeakKeyDictionary()
#: Our pages need no script, no frame and nothing from another host.
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
                                      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
           "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}
_NOWHERE = "本库没有这个地址所指的文件或条文。"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TYPES = {"json": "application/json; charset=utf-8", "csv": "text/csv; charset=utf-8",
         "md": "text/markdown; charset=utf-8", "xlsx": XLSX, "docx": DOCX}
#: What follows an address to ask for another form of the same page.
FORM = r"(?:\.(?P<form>json|csv|xlsx|docx|md))?"


def known(datasette: Datasette) -> str | None:
    """Name of the database that kb built; None if there is none among those served."""
    return _KNOWN.get(datasette)


async def find_database(datasette: Datasette) -> None:
    """Looks once, at the start, which of the databases is ours."""
    for name, db in datasette.databases.items():
        if {"build", "clauses", "clauses_fts", "highlights"} <= set(await db.table_names()):
            _KNOWN[datasette] = name
            return


async def read(datasette: Datasette, reader: Callable[[sqlite3.Connection], T]) -> T:
    """What ``reader`` finds in our database. NotFound where there is none, or not what the address names."""
    name = known(datasette)
    if name is None:
        raise NotFound("没有由 kb build 建成的数据库")
    try:
        found: T = await datasette.get_database(name).execute_fn(reader)
    except KbError as error:
        raise NotFound(_NOWHERE) from error
    return found


def dictionaries(db: sqlite3.Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    """Rows as dictionaries."""
    cursor = db.execute(sql, values[0] if values and isinstance(values[0], Mapping) else values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def decoded(part: str) -> str:
    """A part of an address, in percent-encoding or in Datasette's own tilde-encoding."""
    return unquote(tilde_decode(part))


Forms = Mapping[str, Callable[[], str | bytes]]


async def answer(datasette: Datasette, request: Any, template: str, context: dict[str, Any], forms: Forms, *,
                 name: str, sql: tuple[str, Mapping[str, Any]] | None = None) -> Response:
    """The page, or one of its other ``forms`` if the address ends in one. ``name`` is what a saved file is called,
    ``sql`` the statement that gives the page's data, with its parameters."""
    form = request.url_vars.get("form")
    if form:
        if form not in forms:
            raise NotFound("没有这种格式")
        body = forms[form]()
        headers = {"X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*"}
        if form != "json":
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.{form}"
        return Response(body, content_type=TYPES[form], headers=headers)
    path, arguments = request.path, request.query_string
    base = datasette.setting("base_url").rstrip("/")
    path = base + path if base and not path.startswith(base + "/") else path
    links = {form: f"{path}.{form}" + (f"?{arguments}" if arguments else "") for form in forms}
    shown = {"forms": links, "sql": statement(datasette, *sql) if sql else None, **context}
    return Response.html(await datasette.render_template(template, shown, request=request), headers=HEADERS)


def statement(datasette: Datasette, sql: str, values: Mapping[str, Any]) -> str:
    """Address of Datasette's page for an SQL statement, with its parameters filled in."""
    return f"{datasette.urls.database(known(datasette))}?{urlencode({'sql': sql, **values})}"


def as_json(value: Any) -> str:
    """``value`` as JSON that people can read."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class Pager:
    """One page of a long list; pages count from 1."""

    page: int
    size: int
    total: int
    path: str
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, math.ceil(self.total / self.size))

    @property
    def offset(self) -> int:
        """How many entries come before this page."""
        return (self.page - 1) * self.size

    @property
    def shown(self) -> tuple[int, ...]:
        """Numbers of the pages to link to: the first, the last, those around this one; 0 for a gap."""
        near = {1, self.pages, *range(self.page - 2, self.page + 3)}
        numbers = sorted(number for number in near if 1 <= number <= self.pages)
        gaps = [[0, b] if b - a > 1 else [b] for a, b in zip(numbers, numbers[1:], strict=False)]
        return (numbers[0], *(number for group in gaps for number in group))

    def address(self, page: int) -> str:
        """Address of another page of the list."""
        arguments = [*self.arguments, *([("page", str(page))] if page > 1 else [])]
        return self.path + (f"?{urlencode(arguments)}" if arguments else "")


def pager(request: Any, datasette: Datasette, size: int, total: int, path: str) -> Pager:
    """The page that a request asks for with ``page=``; the last one if there are fewer."""
    arguments = tuple((key, value) for key in request.args for value in request.args.getlist(key) if key != "page")
    last = max(1, math.ceil(total / size))
    asked = request.args.get("page") or "1"
    page = min(max(1, int(asked)), last) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    return Pager(page, size, total, str(datasette.urls.path(path)), arguments)
