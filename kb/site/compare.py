"""Two documents side by side: the page, its picture of how the clauses map, its exports."""

from __future__ import annotations

import csv
import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from datasette.app import Datasette
from datasette.utils.asgi import Response

from kb import render as views
from kb.database import Clause, Comparison, Pair, comparison, documents
from kb.site import export, marks, render, web

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
            db, "select p.clause_id, min(p.start) as first from responsibilities p join clauses c on c.id = p.clause_id "
                "where c.document_id in (?, ?) group by 1", found.a.id, found.b.id)}
        return {"found": found, "firsts": firsts, "documents": documents(db)}
    context = await web.read(datasette, read)
    found: Comparison = context["found"]
    moves = Moves(found.pairs)
    kept = [(pair, wanted) for pair in found.pairs if (wanted := _wanted(pair, options, moves)) is not None]
    pages = web.pager(request, datasette, _PAGE, len(kept), f"/compare/{quote(found.a.id)}/{quote(found.b.id)}")
    shown = [marks.show(pair, context["firsts"].get(pair.a.id), context["firsts"].get(pair.b.id), wanted)
             for pair, wanted in kept[pages.offset:pages.offset + _PAGE]]
    context |= {
        "shown": shown, "pages": pages, "options": options, "moves": moves, "totals": totals(found, moves),
        "map": Map.of(found, moves), "alone": not options.type and not options.dots and options.show in ("", "alone")
        and pages.page == pages.pages,
        "types": Counter(d.type for pair in found.pairs for d in pair.differences).most_common()}
    forms = {"json": lambda: views.comparison(found, "json"), "md": lambda: views.comparison(found, "md"),
             "csv": lambda: "\ufeff" + views.comparison(found, "csv").removeprefix("\ufeff"),
             "xlsx": lambda: _workbook(found), "docx": lambda: export.as_docx(found)}
    return await web.answer(datasette, request, "compare.html", context, forms,
                            name=f"{found.a.bare}—{found.b.bare}逐条对照", sql=(_SQL, {"a": found.a.id, "b": found.b.id}))


async def _overview(request: Any, datasette: Datasette) -> Response:
    a, b = request.args.get("a"), request.args.get("b")
    if a and b:
        rest = urlencode([(k, request.args[k]) for k in ("show", "type", "dots") if request.args.get(k)])
        return Response.redirect(datasette.urls.path(f"/compare/{quote(a)}/{quote(b)}") + (f"?{rest}" if rest else ""))
    with_ = request.args.get("with") or ""

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        everything = documents(db)
        where = "where a_document_id = :with or b_document_id = :with" if with_ else ""
        pairs = web.dictionaries(db, f"select * from document_pairs {where} order by equivalent desc, alignments desc, id",
                                 {"with": with_})
        return {"documents": everything, "by_id": {d.id: d for d in everything}, "every": pairs, "with": with_}
    context = await web.read(datasette, read)
    pages = web.pager(request, datasette, 50, len(context["every"]), "/compare")
    context |= {"pages": pages, "pairs": context["every"][pages.offset:pages.offset + 50]}
    forms = {"json": lambda: web.as_json(context["every"])}
    return await web.answer(datasette, request, "compare_list.html", context, forms, name="对照",
                            sql=("select * from document_pairs order by equivalent desc, alignments desc", {}))


def _one_of(given: str | None, known: Sequence[str]) -> str:
    return given if given in known else ""


def _wanted(pair: Pair, options: Options, moves: Moves) -> list[Any] | None:
    """The differences of ``pair`` to show; None if the pair is left out."""
    found = [d for d in pair.differences
             if (not options.type or d.type == options.type) and render.dots(d.salience) >= options.dots]
    if options.show == "alone" or (options.show == "moved" and not moves.about(pair)):
        return None
    if (options.type or options.dots or options.show == "differences") and not found:
        return None
    return found


class Moves:
    """Which pairs are out of order, which only bear another number, which share a clause with another pair."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        equivalent = [pair for pair in pairs if pair.relation == "equivalent"]
        in_order = _longest_rise([pair.b.ordinal for pair in equivalent])
        self._moved = {pair.alignment_id for at, pair in enumerate(equivalent) if at not in in_order}
        # where the two count alike, another number says something; where they do not, every number is another
        alike = sum(pair.a.label == pair.b.label for pair in equivalent) * 2 > len(equivalent)
        self._renumbered = {p.alignment_id for p in equivalent if alike and p.a.label != p.b.label}
        left, right = Counter(p.a.id for p in equivalent), Counter(p.b.id for p in equivalent)
        self._split = {p.alignment_id for p in equivalent if left[p.a.id] > 1}
        self._merged = {p.alignment_id for p in equivalent if right[p.b.id] > 1}

    def about(self, pair: Pair) -> str:
        """``移位``, ``分见``, ``并入``, ``改号`` or nothing."""
        for name, found in (("移位", self._moved), ("分见", self._split), ("并入", self._merged),
                            ("改号", self._renumbered)):
            if pair.alignment_id in found:
                return name
        return ""

    def __len__(self) -> int:
        return len(self._moved | self._renumbered | self._split | self._merged)


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Positions of a longest sequence that never falls: what stayed in order."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int | None] = []
    for at, number in enumerate(numbers):
        place = bisect_left(tails, number + 1)
        before.append(ends[place - 1] if place else None)
        if place == len(tails):
            tails.append(number)
            ends.append(at)
        else:
            tails[place], ends[place] = number, at
    kept: set[int] = set()
    at_end: int | None = ends[-1] if ends else None
    while at_end is not None:
        kept.add(at_end)
        at_end = before[at_end]
    return kept


def totals(found: Comparison, moves: Moves) -> dict[str, int]:
    """The figures over the page."""
    pairs = found.pairs
    equivalent = [pair for pair in pairs if pair.relation == "equivalent"]
    return {"pairs": len(equivalent), "differences": sum(len(p.differences) for p in pairs),
            "same": sum(p.same for p in pairs), "rewritten": sum(p.rewritten for p in equivalent), "moved": len(moves),
            "partial": len(pairs) - len(equivalent), "only_a": len(found.only_a), "only_b": len(found.only_b)}


@dataclass(frozen=True)
class Map:
    """The picture: a dot for each clause in two rows, a line for each pair. Positions are in percent of the width."""

    lines: tuple[tuple[str, str, str, str], ...]
    a_dots: tuple[tuple[str, bool], ...]
    b_dots: tuple[tuple[str, bool], ...]
    heads: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, found: Comparison, moves: Moves) -> Map:
        """The picture of a comparison."""
        a_at = _places([p.a for p in found.pairs], found.only_a)
        b_at = _places([p.b for p in found.pairs], found.only_b)
        lines = [(_line_class(pair, moves), a_at[pair.a.id][0], b_at[pair.b.id][0],
                  f"{pair.a.label}—{pair.b.label}，" + (f"差异 {len(pair.differences)} 处" if pair.differences else "相同"))
                 for pair in found.pairs]
        order = ("m-pt", "m-eq", "m-df", "m-mv", "m-rw")
        return cls(tuple((line[0], f"{line[1]:.2f}%", f"{line[2]:.2f}%", line[3])
                         for line in sorted(lines, key=lambda line: order.index(line[0]))),
                   tuple((f"{x:.2f}%", alone) for x, alone, _ in a_at.values()),
                   tuple((f"{x:.2f}%", alone) for x, alone, _ in b_at.values()), _heads(a_at))


def _places(paired: Sequence[Clause], alone: Sequence[Clause]) -> dict[int, tuple[float, bool, Clause]]:
    lonely = {c.id for c in alone}
    clauses = sorted({c.id: c for c in (*paired, *alone)}.values(), key=lambda c: c.ordinal)
    step = 94 / max(1, len(clauses) - 1)
    return {c.id: (4 + step * at, c.id in lonely, c) for at, c in enumerate(clauses)}


def _heads(places: Mapping[int, tuple[float, bool, Clause]]) -> tuple[tuple[str, str], ...]:
    """Where a part or a section begins, as far as the labels have room."""
    found: list[tuple[str, str]] = []
    free, last = 0.0, ""
    for x, _, clause in places.values():
        section = "/".join(clause.path.split("/")[:2])
        label = clause.part if section.count("/") == 0 or clause.part != last.partition("/")[0] else (
            section.rpartition("/")[2])
        if section != last and x >= free and not label.startswith(("—", "·")):
            found.append((f"{x:.2f}%", label))
            free = x + len(label) * 1.1 + 1.5
        last = section
    return tuple(found)


def _line_class(pair: Pair, moves: Moves) -> str:
    if pair.relation == "partial":
        return "m-pt"
    if moves.about(pair):
        return "m-mv"
    return "m-eq" if pair.same else "m-rw" if pair.rewritten else "m-df"


def _workbook(found: Comparison) -> bytes:
    rows = list(csv.reader(views.comparison(found, "csv").removeprefix("\ufeff").splitlines(keepends=True)))
    numbers = {rows[0].index(name) for name in ("底本数值", "对照本数值", "重要性")}
    typed = [[float(cell) if at in numbers and cell else cell or None for at, cell in enumerate(row)] for row in rows[1:]]
    about = [["底本", found.a.title, found.a.doc_number], ["对照本", found.b.title, found.b.doc_number]]
    return export.as_xlsx([(f"{found.a.bare}—{found.b.bare}", rows[0], typed),
                           ("文件", ["", "标题", "文号"], about)])
