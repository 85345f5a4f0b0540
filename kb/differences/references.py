"""Documents cited, dates of validity and responsible units of two clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Indel

from kb.differences.units import Match, Side
from kb.models import Citation, Difference, Responsibility, Span
from kb.text import normalise
from kb.tokens import DOCUMENT, STANDARD
from kb.vocabulary.agencies import functions

_LIKE_TITLE = 0.55      # likeness of two titles on one matter by two issuers


# --- citations -------------------------------------------------------------------------------------------------------

def citation_rows(a: Side, b: Side, matched: Sequence[Match]) -> Iterator[Difference]:
    """Another document, another edition, a number that looks mistyped, a citation that one side has not."""
    left, right = _other_documents(a), _other_documents(b)
    paired = _citation_pairs(a, b, left, right, matched)
    for i, j in paired:
        one, other = left[i], right[j]
        if one.number and other.number and _bare(one.number) != _bare(other.number):
            spans = _number_span(a, one), _number_span(b, other)
        elif not (one.number and other.number) and _plain(one.title or "") != _plain(other.title or ""):
            spans = Span(one.start, one.end), Span(other.start, other.end)
        else:
            continue
        yield _row(a, b, *spans, 0.45 if mistyped(one.number, other.number) else 0.55)
    for index, citation in enumerate(left):
        if all(index != i for i, _ in paired):
            yield _row(a, b, _number_span(a, citation), _named(citation, b) or Span(0, 0), 0.42)
    for index, citation in enumerate(right):
        if all(index != j for _, j in paired):
            yield _row(a, b, _named(citation, a) or Span(0, 0), _number_span(b, citation), 0.42)


def _row(a: Side, b: Side, span: Span, other: Span, salience: float) -> Difference:
    return Difference("citation", span.of(a.text), other.of(b.text), span, other, salience, "")


def _other_documents(side: Side) -> list[Citation]:
    """Citations, each document once."""
    seen: dict[str, Citation] = {}
    for citation in side.statements.citations:
        seen.setdefault(citation.number or _plain(citation.title or citation.quote), citation)
    return list(seen.values())


def _plain(title: str) -> str:
    return re.sub(r"[^\w]", "", normalise(title))


def _bare(number: str) -> str:
    return re.sub(r"[\s()〔〕号]", "", normalise(number))


def _letters(number: str) -> str:
    return re.sub(r"[\W_]", "", normalise(number))


def mistyped(one: str | None, other: str | None) -> bool:
    """Whether two numbers are one apart from marks (DB331021-2013 for DB33/1021-2013)."""
    return bool(one and other and _bare(one) != _bare(other) and _letters(one) == _letters(other))


def _citation_pairs(a: Side, b: Side, left: Sequence[Citation], right: Sequence[Citation],
                    matched: Sequence[Match]) -> list[tuple[int, int]]:
    """Citations that stand for each other: one document, one title by two issuers, or the documents that two
    matched phrases rest on."""
    def place(one: Citation, other: Citation) -> float:
        return 0.3 if any(a.units[pair.a].start <= one.start < a.units[pair.a].end
                          and b.units[pair.b].start <= other.start < b.units[pair.b].end for pair in matched) else 0.0

    def ends(i: int, j: int) -> int:       # the nearest parent is cited last
        return abs((len(left) - i) - (len(right) - j))

    scored = [(-_citation_like(one, other) - place(one, other), i, j) for i, one in enumerate(left)
              for j, other in enumerate(right)]
    scored.sort(key=lambda item: (round(item[0], 1), ends(item[1], item[2]), item[1]))
    rows: set[int] = set()
    columns: set[int] = set()
    found: list[tuple[int, int]] = []
    for score, i, j in scored:
        if -score >= _LIKE_TITLE and i not in rows and j not in columns:
            rows.add(i)
            columns.add(j)
            found.append((i, j))
    return found


def _citation_like(one: Citation, other: Citation) -> float:
    if one.number and other.number and _letters(one.number) == _letters(other.number):
        return 2.0
    based = 0.4 if one.relation == other.relation == "basis" else 0.0
    if not (one.title and other.title):
        return 0.3 + based
    return Indel.normalized_similarity(_plain(one.title), _plain(other.title)) + based


def _named(citation: Citation, other: Side) -> Span | None:
    """The phrase of the other clause that names the document without marks and edition (根据省…分区域分行业指南)."""
    title = re.sub(r"^.*?(?:关于印发|印发|关于)|的通知$|\d{4}年?版?$", "", _plain(citation.title or ""))[3:]
    cited = [Span(item.start, item.end) for item in other.statements.citations]
    for unit in other.units:
        free = len(title) > 6 and not any(unit.span.overlaps(span) for span in cited)
        if free and title in re.sub(r"[^\w]", "", unit.span.of(other.folded)):
            return unit.span
    return None


def _number_span(side: Side, citation: Citation) -> Span:
    """Where the number stands inside the citation; the whole citation where there is none."""
    if citation.number:
        for pattern in (DOCUMENT, STANDARD):
            if match := pattern.search(side.folded, citation.start, citation.end):
                return Span(match.start(), match.end())
    return Span(citation.start, citation.end)


# --- validity --------------------------------------------------------------------------------------------------------

def validity_rows(a: Side, b: Side) -> Iterator[Difference]:
    """Other dates of entry into force and of expiry, and statements of them that one side has not."""
    for aspect in ("effective", "expires", "trial"):
        one = next((item for item in a.statements.validity if item.aspect == aspect), None)
        other = next((item for item in b.statements.validity if item.aspect == aspect), None)
        if one and other and one.on == other.on and (one.on or _same_start(one.quote, other.quote)):
            continue
        if one or other:
            span = Span(one.start, one.end) if one else Span(0, 0)
            opposite = Span(other.start, other.end) if other else Span(0, 0)
            yield Difference("date", span.of(a.text), opposite.of(b.text), span, opposite,
                             0.72 if one and other else 0.6, "")


def _same_start(one: str, other: str) -> bool:
    """自发布之日起施行 and 自印发之日起施行 start alike."""
    return bool(re.search(r"(?:发布|印发|公布)之日", one)) == bool(re.search(r"(?:发布|印发|公布)之日", other))


# --- responsible units -----------------------------------------------------------------------------------------------

def responsibility_rows(a: Side, b: Side) -> Iterator[Difference]:
    """Another lead, units missing or added in the lists of responsible units. Where one text never names them
    there is nothing to compare."""
    left, right = _listed(a), _listed(b)
    if not left or not right:
        return
    names_a, names_b = _matched(left, right)
    if names_a == names_b and (_lead(left) == _lead(right) or set(functions(_lead(left))) & set(functions(
            _lead(right)))):
        return
    span, other = _list_span(a, left, names_b), _list_span(b, right, names_a)
    apart = len(names_a ^ names_b) / max(1, len(names_a | names_b))
    level = 0.3 + 0.15 * apart + (0.08 if _lead(left) != _lead(right) else 0.0)
    yield Difference("authority", span.of(a.text), other.of(b.text), span, other, round(level, 3), "")


def _matched(left: Sequence[Responsibility], right: Sequence[Responsibility]) -> tuple[set[str], set[str]]:
    """Agencies of two lists under comparable names: where one place has merged two agencies (经信科技) and the other
    names one of them, the merged one goes by that name."""
    names = {unit.agency for unit in left}, {unit.agency for unit in right}
    return _named_as(names[0], names[1]), _named_as(names[1], names[0])


def _named_as(own: set[str], other: set[str]) -> set[str]:
    there = {name for agency in other for name in functions(agency)}
    found: set[str] = set()
    for agency in own:
        parts = set(functions(agency))
        found |= parts & there if len(parts) > 1 and parts & there else {agency}
    return found


def _listed(side: Side) -> list[Responsibility]:
    return [unit for unit in side.statements.responsibilities
            if any(unit.start >= span.start and unit.end <= span.end for span in side.responsible)]


def _lead(units: Sequence[Responsibility]) -> str:
    return next((unit.agency for unit in units if unit.role == "lead"), units[0].agency)


def _list_span(side: Side, units: Sequence[Responsibility], others: set[str]) -> Span:
    """The list itself; of several lists in a clause the one that differs most."""
    best = max(side.responsible, key=lambda span: (sum(
        span.start <= unit.start and unit.end <= span.end and unit.agency not in others for unit in units),
        len(span)))
    inside = [unit for unit in units if best.start <= unit.start and unit.end <= best.end] or list(units)
    return Span(min(unit.start for unit in inside), max(unit.end for unit in inside))
