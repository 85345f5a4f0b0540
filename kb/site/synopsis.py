"""The concordance: a row for each matter, a column for each document, the base's reading and the variants."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response
from markupsafe import Markup

from kb.database import Clause, DifferenceRow, Pair
from kb.database.comparing import concordance_rows, pairs_among, row_clauses, turn
from kb.models import Span
from kb.site import export, render, web
from kb.site.columns import Columns, columns
from kb.text import sentences

if TYPE_CHECKING:       # Datasette loads its plugins while datasette.app is still being imported
    from datasette.app import Datasette

_PAGE = 20
_WIDTH = 64         # characters of a reading
_SQL = """select row, row_label, place, label, heading, text, document_id, path from v_concordance
where document_id in (select value from json_each(:documents)) order by row, place, path"""
_KEY = Markup('<span class="key">'), Markup("</span>")
_INS = Markup('<ins><span class="vh">〔异〕</span>'), Markup("</ins>")
_DEL = Markup('<del><span class="vh">〔少〕</span>'), Markup("</del>")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a document says on a matter: ``state`` is ``base``, ``same``, ``other`` or ``none``; the reading as HTML,
    the clauses it stands in, the number of differences from the base, whether only parts correspond."""

    state: str
    html: Markup
    clauses: tuple[Clause, ...] = ()
    differences: int = 0
    partial: bool = False


async def page(request: Any, datasette: Datasette) -> Response:
    """/synopsis: ``doc=`` and ``base=`` choose the columns; ``rows=`` all, else only matters on which places differ."""
    every = request.args.get("rows") == "all"

    def read(db: sqlite3.Connection) -> dict[str, Any]:
        cols = columns(db, request)
        ids = [d.id for d in cols.chosen]
        rows = concordance_rows(db, ids, shared=1 if every else 2, differing=not every)
        wanted = request.args.get("matter") or ""
        rows = [r for r in rows if wanted in r["label"]] if wanted else rows
        pages = web.pager(request, datasette, _PAGE, len(rows), "/synopsis")
        form = request.url_vars.get("form")
        numbers = [r["number"] for r in (rows if form else rows[pages.offset:pages.offset + _PAGE])]
        held = row_clauses(db, numbers, ids)
        by_id = {c.id: c for clauses in held.values() for c in clauses}
        pairs = {} if form else {(p.a.id, p.b.id): p for p in pairs_among(db, by_id)}
        return {"columns": cols, "rows": rows, "numbers": numbers, "held": held, "pairs": pairs, "pages": pages}
    context = await web.read(datasette, read)
    cols, held, pairs = context["columns"], context["held"], context["pairs"]
    labels = {r["number"]: r["label"] for r in context["rows"]}
    forms: web.Forms = {"json": lambda: web.as_json(_as_json(cols, labels, held)),
             "csv": lambda: export.as_csv(*_sheet(cols, labels, held)),
             "xlsx": lambda: export.as_xlsx([("总表", *_sheet(cols, labels, held))])}
    if not request.url_vars.get("form"):
        context["table"] = [(number, labels[number], _row(cols, held.get(number, []), pairs))
                            for number in context["numbers"]]
    context |= {"every": every, "matter": request.args.get("matter") or ""}
    return await web.answer(datasette, request, "synopsis.html", context, forms, name="总表",
                            sql=(_SQL, {"documents": web.as_json([d.id for d in cols.chosen]).replace("\n", "")}))


def _row(cols: Columns, clauses: Sequence[Clause], pairs: Mapping[tuple[int, int], Pair]) -> list[Cell]:
    by_document = {d.id: [c for c in clauses if c.document_id == d.id] for d in cols.chosen}
    base = next((d.id for d in cols.chosen if by_document[d.id]), None)
    if base is None:
        return []
    mine = by_document[base]
    seen = {d.id: [pair for a in mine for b in by_document[d.id] if (pair := _oriented(pairs, a, b))]
            for d in cols.chosen if d.id != base}
    point = _point(mine, [pair for found in seen.values() for pair in found])
    cells = []
    for document in cols.chosen:
        own = tuple(by_document[document.id])
        if not own:
            cells.append(Cell("none", Markup()))
        elif document.id == base:
            cells.append(Cell("base", _reading(point[0].text, point[1], point[2]), own))
        else:
            cells.append(_variant(own, seen[document.id], *point[:2]))
    return cells


def _oriented(pairs: Mapping[tuple[int, int], Pair], a: Clause, b: Clause) -> Pair | None:
    if pair := pairs.get((a.id, b.id)):
        return pair
    other = pairs.get((b.id, a.id))
    return turn(other) if other else None


def _point(mine: Sequence[Clause], pairs: Sequence[Pair]) -> tuple[Clause, Span, list[Span]]:
    """The sentence of the base on which the others differ most (by the sum of each pair's most salient difference
    there), and the quote of the most salient one."""
    weight: dict[tuple[int, Span], float] = {}
    for pair in pairs:
        best: dict[Span, float] = {}
        for d in pair.differences:
            if d.a_quote:
                where = _sentence(pair.a.text, d.a_span.start)
                best[where] = max(best.get(where, 0.0), d.salience * pair.score)
        for where, value in best.items():
            weight[pair.a.id, where] = weight.get((pair.a.id, where), 0.0) + value
    by_id = {c.id: c for c in mine}
    if weight:
        identity, where = max(weight, key=lambda key: (weight[key], -key[1].start))
        quotes = [(d.salience, d.a_span) for pair in pairs if pair.a.id == identity for d in pair.differences
                  if d.a_quote and where.start <= d.a_span.start < where.end]
        return by_id[identity], where, [max(quotes, key=lambda item: (item[0], -item[1].start))[1]]
    return mine[0], next(sentences(mine[0].text), Span(0, len(mine[0].text))), []


def _sentence(text: str, at: int) -> Span:
    return next((s for s in sentences(text) if s.start <= at < s.end), Span(0, len(text)))


def _variant(own: tuple[Clause, ...], pairs: Sequence[Pair], clause: Clause, where: Span) -> Cell:
    count = sum(len(pair.differences) for pair in pairs)
    partial = bool(pairs) and all(pair.relation == "partial" for pair in pairs)
    here = [(d, pair) for pair in pairs if pair.a.id == clause.id for d in pair.differences
            if where.start <= d.a_span.start < where.end]
    if here:
        best, pair = max(here, key=lambda item: item[0].salience)
        if best.b_quote:
            inside = _sentence(pair.b.text, best.b_span.start)
            spans = [d.b_span for d, p in here
                     if p is pair and d.b_quote and inside.start <= d.b_span.start < inside.end]
            return Cell("other", _reading(pair.b.text, inside, spans, _style(pair)), own, count, partial)
        if not pair.rewritten:
            return Cell("other", _gone(best), own, count, partial)
    if (pairs and all(pair.same for pair in pairs)) or any(_unchanged(pair, clause, where) for pair in pairs):
        return Cell("same", Markup(), own, count, partial)
    best_pair = max(pairs, key=lambda pair: pair.score, default=None)
    if best_pair is None:
        return Cell("other", _reading(own[0].text, next(sentences(own[0].text), Span(0, 0)), ()), own, 0, False)
    found = [d for d in best_pair.differences if d.b_quote]
    at = max(found, key=lambda d: d.salience).b_span if found else best_pair.b_span
    return Cell("other", _reading(best_pair.b.text, _sentence(best_pair.b.text, at.start), [at] if found else (),
                                  _style(best_pair)), own, count, partial)


def _style(pair: Pair) -> tuple[Markup, Markup]:
    return _KEY if pair.rewritten else _INS


def _unchanged(pair: Pair, clause: Clause, where: Span) -> bool:
    """Whether the sentence stands in the other text as it is."""
    return (pair.a.id == clause.id and not pair.rewritten and pair.a_span.start <= where.start
            and where.end <= pair.a_span.end and not any(s.a.overlaps(where) for s in pair.segments if not s.minor))


def _gone(difference: DifferenceRow) -> Markup:
    return _DEL[0] + render.clip(difference.a_quote) + _DEL[1]


def _reading(text: str, sentence: Span, marks: Sequence[Span],
             style: tuple[Markup, Markup] = (Markup(), Markup())) -> Markup:
    """A sentence around its marks, cut to what a cell holds."""
    first = min((span.start for span in marks), default=sentence.start)
    begin = sentence.start
    if first - begin > _WIDTH // 2:  # from the last comma before the quote, if there is one near
        stop = max(text.rfind(mark, first - 24, first) for mark in "，,、；;：:")
        begin = stop + 1 if stop > 0 else first - 14
    end = min(sentence.end, max(begin + _WIDTH, min((span.end for span in marks), default=0) + 8))
    end = sentence.end if sentence.end - end < 10 else end
    html = render.inline(text.replace("\n", " "), [render.Mark(span, *style) for span in marks], begin, end)
    return Markup("{}{}{}").format("……" if begin > sentence.start else "", html, "……" if end < sentence.end else "")


def _sheet(cols: Columns, labels: Mapping[int, str],
           held: Mapping[int, Sequence[Clause]]) -> tuple[list[str], list[list[str | int]]]:
    rows: list[list[str | int]] = []
    for number, label in labels.items():
        cells = []
        for document in cols.chosen:
            own = [c for c in held.get(number, ()) if c.document_id == document.id]
            cells.append("\n\n".join(f"{c.label}　{c.heading}\n{c.text}".strip() for c in own))
        rows.append([number, label, *cells])
    return ["行", "事项", *(d.name for d in cols.chosen)], rows


def _as_json(cols: Columns, labels: Mapping[int, str], held: Mapping[int, Sequence[Clause]]) -> dict[str, Any]:
    return {"documents": [d.id for d in cols.chosen], "base": cols.base.id if cols.base else None, "rows": [
        {"row": number, "label": label, "clauses": [
            {"document_id": c.document_id, "path": c.path, "label": c.label, "heading": c.heading, "text": c.text}
            for c in held.get(number, ())]} for number, label in labels.items()]}
