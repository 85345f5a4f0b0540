"""The matrix of targets and amounts: a row for each indicator, a column for each document, a picture for each row."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response

from kb.database import DocumentRow
from kb.site import export, render, web
from kb.site.columns import Columns, columns

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

_PAGE = 50
KINDS = ("target", "subsidy", "limit", "threshold", "duration")
_FIELDS = """q.id, q.indicator_id, q.quote, q.indicator, q.bound, q.value, q.value_to, q.value_from, q.unit,
    q.base_value, q.base_unit, q.deadline, c.document_id, c.path, c.label, c.heading"""
_SQL = """select i.name as indicator, i.unit as base_unit, r.name as place, q.quote, q.bound, q.value, q.value_to,
  q.unit, q.base_value, q.deadline, c.label, c.document_id, c.path
from indicators i join quantities q on q.indicator_id = i.id join clauses c on c.id = q.clause_id
join documents d on d.id = c.document_id left join regions r on r.code = d.region_code
where i.kind = :kind order by i.id, d.rowid, c.ordinal"""


async def page(request: Any, datasette: Datasette) -> Response:
    """/indicators: ``kind=`` what sort of amount, ``rows=all`` those of one place as well, ``q=`` words of the name."""
    kind = request.args.get("kind") if request.args.get("kind") in KINDS else "target"
    every, words = request.args.get("rows") == "all", (request.args.get("q") or "").strip()

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        cols = columns(db, request)
        ids = [d.id for d in cols.chosen]
        marks = ",".join("?" * len(ids)) or "null"
        found = web.dictionaries(db, f"""select i.id, i.name, i.unit, count(distinct c.document_id) as documents
            from indicators i join quantities q on q.indicator_id = i.id join clauses c on c.id = q.clause_id
            where i.kind = ? and instr(i.name, ?) and c.document_id in ({marks}) group by i.id
            having documents >= ? order by documents desc, i.id""", kind, words, *ids, 1 if every else 2)
        pages = web.pager(request, datasette, _PAGE, len(found), "/indicators")
        shown = found if request.url_vars.get("form") else found[pages.offset:pages.offset + _PAGE]
        numbers = ",".join(str(int(row["id"])) for row in shown) or "null"
        amounts: dict[int, list[dict[str, Any]]] = {}
        for row in web.dictionaries(db, f"""select {_FIELDS} from quantities q join clauses c on c.id = q.clause_id
                where q.indicator_id in ({numbers}) and c.document_id in ({marks}) order by q.id""", *ids):
            amounts.setdefault(row["indicator_id"], []).append(row)
        counts = {r["kind"]: r["n"] for r in web.dictionaries(
            db, "select kind, count(*) as n from indicators group by 1")}
        return {"columns": cols, "found": found, "shown": shown, "amounts": amounts, "pages": pages, "counts": counts}
    context = await web.read(datasette, read)
    cols, shown, amounts = context["columns"], context["shown"], context["amounts"]
    forms: web.Forms = {"json": lambda: web.as_json([{**row, "amounts": amounts.get(row["id"], [])} for row in shown]),
             "csv": lambda: export.as_csv(*_sheet(cols, shown, amounts)),
             "xlsx": lambda: export.as_xlsx([("指标", *_sheet(cols, shown, amounts)),
                                             ("逐项", *_long(shown, amounts, cols))])}
    context |= {"kind": kind, "every": every, "q": words, "kinds": [k for k in KINDS if context["counts"].get(k)],
                "table": [(row, Picture.of(amounts.get(row["id"], []), cols.chosen),
                           [[a for a in amounts.get(row["id"], []) if a["document_id"] == d.id] for d in cols.chosen])
                          for row in shown] if not request.url_vars.get("form") else []}
    return await web.answer(datasette, request, "indicators.html", context, forms, name="指标",
                            sql=(_SQL, {"kind": kind}))


@dataclass(frozen=True, slots=True)
class Dot:
    """An amount in the picture: place in percent, the height of its label, how it is bound, the place's sign."""

    x: float
    level: int
    bound: str
    sign: str
    to: float | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """The amounts of one indicator on a scale from nought."""

    dots: tuple[Dot, ...]
    top: str
    unit: str
    said: str

    @property
    def levels(self) -> int:
        """How high the labels are stacked, at most four; the style sheet has a height for each."""
        return min(4, max((d.level for d in self.dots), default=0))

    @property
    def line(self) -> int:
        """Pixels from the top to the scale."""
        return 34 + 14 * self.levels

    @classmethod
    def of(cls, amounts: Sequence[Mapping[str, Any]], documents: Sequence[DocumentRow]) -> Picture | None:
        """None where there is nothing to compare: fewer than two numbers in one unit."""
        signs = {d.id: d for d in documents}
        numbered = [a for a in amounts if a["base_value"] is not None and a["base_value"] >= 0 and a["value"]]
        if len(numbered) < 2 or len({a["base_unit"] for a in numbered}) > 1:
            return None
        factor = numbered[0]["base_value"] / numbered[0]["value"] or 1.0
        ends = [(a["base_value"], (a["value_to"] or 0) * a["base_value"] / a["value"]) for a in numbered]
        top = nice(1.08 * max(max(pair) for pair in ends) / factor) * factor
        if not top:
            return None
        dots: list[Dot] = []
        for a, (value, to) in sorted(zip(numbered, ends, strict=True), key=lambda item: item[1]):
            x = 4 + 92 * value / top
            level = next(n for n in range(len(dots) + 1) if all(abs(d.x - x) >= 8.5 or d.level != n for d in dots))
            dots.append(Dot(round(x, 2), level, a["bound"], signs[a["document_id"]].sign,
                            round(4 + 92 * to / top, 2) if to else None))
        said = "，".join(f"{signs[a['document_id']].place}{a['quote']}" for a in amounts)
        return cls(tuple(dots), render.amount(top / factor), numbered[0]["unit"], said)


def nice(value: float) -> float:
    """The least of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten that is not under ``value``."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = (step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10))
    return next(step for step in steps if step >= value * 0.9999)


def _sheet(cols: Columns, shown: Sequence[Mapping[str, Any]],
           amounts: Mapping[int, Sequence[Mapping[str, Any]]]) -> tuple[list[str], list[list[str]]]:
    return ["指标", "单位", *(d.name for d in cols.chosen)], [
        [row["name"], row["unit"] or "", *(
            "；".join(_written(a) for a in amounts.get(row["id"], ()) if a["document_id"] == d.id)
            for d in cols.chosen)]
        for row in shown]


def _written(a: Mapping[str, Any]) -> str:
    return f"{a['quote']}（{a['label']}{'，' + a['deadline'] if a['deadline'] else ''}）"


def _long(shown: Sequence[Mapping[str, Any]], amounts: Mapping[int, Sequence[Mapping[str, Any]]],
          cols: Columns) -> tuple[list[str], list[list[str | float | None]]]:
    names = {d.id: d.name for d in cols.chosen}
    return ["指标", "文件", "条", "原文", "限定", "数值", "至", "由", "单位", "期限"], [
        [row["name"], names[a["document_id"]], a["label"], a["quote"], render.word("bound", a["bound"]), a["value"],
         a["value_to"], a["value_from"], a["unit"], a["deadline"]]
        for row in shown for a in amounts.get(row["id"], ())]
