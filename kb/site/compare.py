"""Two documents side by side: the page, its picture of how the clauses map, its exports."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from datasette.utils.asgi import Response

from kb import render as views
from kb.database import Clause, Comparison, Pair, comparison, documents
from kb.site import export, marks, render, web

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

_PAGE = 60
_SQL = """select type, summary, a_place, a_label, a_quote, b_place, b_label, b_quote, direction, salience,
  a_document_id, a_path, b_document_id, b_path
from v_differences
where (a_document_id = :a and b_document_id = :b) or (a_document_id = :b and b_document_id = :a)
order by salience desc"""


@dataclass(frozen=True)
class Options:
    """What the reader asked to see: ``show`` all, ``differences``, ``moved`` or ``alone``; a type; a least number of
    dots."""

    show: str = ""
    type: str = ""
    dots: int = 0

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.show or self.type or self.dots)


async def page(request: Any, datasette: Datasette) -> Response:
    """/compare: the pairs there are. /compare/A/B: two documents side by side, A as the base."""
    given = request.url_vars
    if not given.get("a"):
        return await _overview(request, datasette)
    options = Options(_one_of(request.args.get("show"), ("differences", "moved", "alone")),
                      request.args.get("type") or "", int(_one_of(request.args.get("dots"), ("2", "3")) or 0))

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        found = comparison(db, web.decoded(given["a"]), web.decoded(given["b"]))
        firsts = {r["clause_id"]: r["first"] for r in web.dictionaries(
            db, "select p.clause_id, min(p.start) as first from responsibilities p "
                "join clauses c on c.id = p.clause_id where c.document_id in (?, ?) group by 1",
            found.a.id, found.b.id)}
        heads = {r["path"]: r["heading"] for r in web.dictionaries(
            db, "select path, heading from clauses where document_id = ? and depth <= 1", found.a.id)}
        return {"found": found, "firsts": firsts, "documents": documents(db), "heads": heads}
    context = await web.read(datasette, read)
    found: Comparison = context["found"]
    kept = [(pair, wanted) for pair in found.pairs if (wanted := _wanted(pair, options)) is not None]
    pages = web.pager(request, datasette, _PAGE, len(kept), f"/compare/{quote(found.a.id)}/{quote(found.b.id)}")
    shown = [marks.show(pair, context["firsts"].get(pair.a.id), context["firsts"].get(pair.b.id), wanted)
             for pair, wanted in kept[pages.offset:pages.offset + _PAGE]]
    context |= {
        "shown": shown, "pages": pages, "options": options, "totals": totals(found),
        "map": Map.of(found, context["heads"]), 
        "alone": not (options.type or options.dots) and options.show in ("", "alone") and pages.page == pages.pages,
        "types": Counter(d.type for pair in found.pairs for d in pair.differences).most_common()}
    forms: web.Forms = {"json": lambda: views.comparison(found, "json"), "md": lambda: views.comparison(found, "md"),
             "csv": lambda: "\ufeff" + views.comparison(found, "csv").removeprefix("\ufeff"),
             "xlsx": lambda: _workbook(found), "docx": lambda: export.as_docx(found)}
    return await web.answer(datasette, request, "compare.html", context, forms,
                            name=f"{found.a.bare}—{found.b.bare}逐条对照",
                            sql=(_SQL, {"a": found.a.id, "b": found.b.id}))


async def _overview(request: Any, datasette: Datasette) -> Response:
    a, b = request.args.get("a"), request.args.get("b")
    if a and b:
        rest = urlencode([(k, request.args[k]) for k in ("show", "type", "dots") if request.args.get(k)])
        return Response.redirect(datasette.urls.path(f"/compare/{quote(a)}/{quote(b)}") + (f"?{rest}" if rest else ""))
    with_ = request.args.get("with") or ""

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        everything = documents(db)
        where = "where a_document_id = :with or b_document_id = :with" if with_ else ""
        pairs = web.dictionaries(
            db, f"select * from document_pairs {where} order by equivalent desc, alignments desc, id", {"with": with_})
        return {"documents": everything, "by_id": {d.id: d for d in everything}, "every": pairs, "with": with_}
    context = await web.read(datasette, read)
    pages = web.pager(request, datasette, 50, len(context["every"]), "/compare")
    context |= {"pages": pages, "pairs": context["every"][pages.offset:pages.offset + 50]}
    forms = {"json": lambda: web.as_json(context["every"])}
    return await web.answer(datasette, request, "compare_list.html", context, forms, name="对照",
                            sql=("select * from document_pairs order by equivalent desc, alignments desc", {}))


def _one_of(given: str | None, known: Sequence[str]) -> str:
    return given if given and given in known else ""


def _wanted(pair: Pair, options: Options) -> list[Any] | None:
    """The differences of ``pair`` to show; None if the pair is left out."""
    found = [d for d in pair.differences
             if (not options.type or d.type == options.type) and render.dots(d.salience) >= options.dots]
    if options.show == "alone" or (options.show == "moved" and not pair.moved):
        return None
    if (options.type or options.dots or options.show == "differences") and not found:
        return None
    return found


def totals(found: Comparison) -> dict[str, int]:
    """The figures over the page."""
    pairs = found.pairs
    equivalent = [pair for pair in pairs if pair.relation == "equivalent"]
    return {"pairs": len(equivalent), "differences": sum(len(p.differences) for p in pairs),
            "same": sum(p.same for p in pairs), "rewritten": sum(p.rewritten for p in equivalent),
            "moved": sum(bool(p.moved) for p in equivalent), "partial": len(pairs) - len(equivalent),
            "only_a": len(found.only_a), "only_b": len(found.only_b)}


@dataclass(frozen=True)
class Map:
    """The picture: a dot for each clause in two rows, a line for each pair. Positions are in percent of the width."""

    lines: tuple[tuple[str, str, str, str], ...]
    a_dots: tuple[tuple[str, bool], ...]
    b_dots: tuple[tuple[str, bool], ...]
    heads: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, found: Comparison, heads: Mapping[str, str]) -> Map:
        """The picture of a comparison. ``heads``: headings of the base's parts and sections by path. Both rows have one
        scale, so that what did not move stands upright."""
        left = _in_order([p.a for p in found.pairs], found.only_a)
        right = _in_order([p.b for p in found.pairs], found.only_b)
        step = 94 / max(1, len(left) - 1, len(right) - 1)
        a_at, b_at = _places(left, found.only_a, step), _places(right, found.only_b, step)
        lines = [(_line_class(pair), a_at[pair.a.id][0], b_at[pair.b.id][0],
                  f"{pair.a.label}—{pair.b.label}，差异 {len(pair.differences)} 处")
                 for pair in found.pairs]
        order = ("m-pt", "m-eq", "m-df", "m-mv", "m-rw")
        return cls(tuple((line[0], f"{line[1]:.2f}%", f"{line[2]:.2f}%", line[3])
                         for line in sorted(lines, key=lambda line: order.index(line[0]))),
                   tuple((f"{x:.2f}%", alone) for x, alone, _ in a_at.values()),
                   tuple((f"{x:.2f}%", alone) for x, alone, _ in b_at.values()), _heads(a_at, heads))


def _in_order(paired: Sequence[Clause], alone: Sequence[Clause]) -> list[Clause]:
    return sorted({c.id: c for c in (*paired, *alone)}.values(), key=lambda c: c.ordinal)


def _places(clauses: Sequence[Clause], alone: Sequence[Clause],
            step: float) -> dict[int, tuple[float, bool, Clause]]:
    lonely = {c.id for c in alone}
    return {c.id: (4 + step * at, c.id in lonely, c) for at, c in enumerate(clauses)}


def _heads(places: Mapping[int, tuple[float, bool, Clause]], names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Where a part or a section begins, as far as the labels have room."""
    found: list[tuple[str, str]] = []
    free, last = 0.0, ""
    for x, _, clause in places.values():
        section = "/".join(clause.path.split("/")[:2])
        number = section.rpartition("/")[2]
        begins = clause.part != last.partition("/")[0]
        label = clause.part if begins else f"{number} {names.get(section, '').rstrip('。')[:8]}".strip()
        if begins and found and x < free and section != last:  # a part counts for more than a section
            found.pop()
            free = 0.0
        if section != last and x >= free and not number.startswith(("—", "·")):
            found.append((f"{x:.2f}%", label))
            free = x + len(label) * 1.05 + 1
        last = section
    return tuple(found)


def _line_class(pair: Pair) -> str:
    if pair.relation == "partial":
        return "m-pt"
    if pair.moved:
        return "m-mv"
    return "m-eq" if pair.same else "m-rw" if pair.rewritten else "m-df"


def _workbook(found: Comparison) -> bytes:
    rows = list(csv.reader(views.comparison(found, "csv").removeprefix("\ufeff").splitlines(keepends=True)))
    numbers = {rows[0].index(name) for name in ("底本数值", "对照本数值", "重要性")}
    typed = [[float(cell) if at in numbers and cell else cell or None for at, cell in enumerate(row)]
             for row in rows[1:]]
    about = [["底本", found.a.title, found.a.doc_number], ["对照本", found.b.title, found.b.doc_number]]
    return export.as_xlsx([(f"{found.a.bare}—{found.b.bare}", rows[0], typed),
                           ("文件", ["", "标题", "文号"], about)])
