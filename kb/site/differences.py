"""The list of differences across the corpus, filtered and paged."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response

from kb.database import documents
from kb.database.comparing import Wanted, counted, listed
from kb.site import export, render, web

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

_PAGE = 50
_MOST = 100_000         # rows of an export: Excel takes a million, a browser waits for fewer
_SQL = """select type, summary, a_place, a_label, a_quote, b_place, b_label, b_quote, direction, a_value, b_value, unit,
  salience, a_document_id, a_path, b_document_id, b_path
from v_differences
where (:type = '' or type = :type) and (:direction = '' or direction = :direction) and salience >= :salience
  and (:a = '' or a_document_id = :a or b_document_id = :a) and (:b = '' or a_document_id = :b or b_document_id = :b)
order by salience desc"""
COLUMNS = ("类型", "甲文件", "甲条", "甲标题", "甲原文", "甲数值", "乙文件", "乙条", "乙标题", "乙原文", "乙数值",
           "单位", "方向", "重要性", "摘要")


async def page(request: Any, datasette: Datasette) -> Response:
    """/differences: ``type=``, ``direction=``, ``dots=`` (2 or 3), ``a=`` and ``b=`` documents, ``q=`` words quoted."""
    given = {key: request.args.get(key) or "" for key in ("type", "direction", "a", "b", "q", "dots")}
    least = {"2": render.DOTS[0], "3": render.DOTS[1]}.get(given["dots"], 0.0)
    wanted = Wanted(given["type"], given["direction"], least, given["a"], given["b"], given["q"].strip())
    form = request.url_vars.get("form")

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        types = counted(db, wanted, "type")
        total = sum(types.values()) if not wanted.type else types.get(wanted.type, 0)
        pages = web.pager(request, datasette, _PAGE, total, "/differences")
        rows = listed(db, wanted, _MOST) if form else listed(db, wanted, _PAGE, pages.offset)
        everything = documents(db)
        return {"rows": rows, "pages": pages, "types": types, "directions": counted(db, wanted, "direction"),
                "documents": everything, "by_id": {d.id: d for d in everything}}
    context = await web.read(datasette, read)
    names = {identity: d.name for identity, d in context["by_id"].items()}
    table = [[
        render.word("type", r["type"]), names[r["a_document_id"]], r["a_label"], r["a_heading"], r["a_quote"],
        r["a_value"], names[r["b_document_id"]], r["b_label"], r["b_heading"], r["b_quote"], r["b_value"], r["unit"],
        render.word("direction", r["direction"]), r["salience"], r["summary"]] for r in context["rows"]] if form else []
    forms: web.Forms = {"json": lambda: web.as_json({"total": context["pages"].total, "differences": context["rows"]}),
             "csv": lambda: export.as_csv(COLUMNS, table), "xlsx": lambda: export.as_xlsx([("差异", COLUMNS, table)])}
    context |= {"given": given, "wanted": wanted}
    return await web.answer(datasette, request, "differences.html", context, forms, name="差异",
                            sql=(_SQL, {"type": wanted.type, "direction": wanted.direction, "salience": least,
                                        "a": wanted.a, "b": wanted.b}))
