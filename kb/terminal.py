"""What the database holds, as lines of Chinese text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kb.database import Clause, ClauseView, DocumentRow, Hit
from kb.models import Span
from kb.text import plain

_AROUND = 40        # characters shown on either side of a hit


def hit_lines(hit: Hit, marked: Callable[[str], str]) -> Iterable[str]:
    """A search hit: where it stands, then the words around the first hit with all hits ``marked``."""
    clause = hit.clause
    yield f"{hit.document.name} {clause.label}　{_with_marks(clause.heading, hit.heading_marks, marked)}".rstrip()
    if clause.text:
        first = hit.text_marks[0] if hit.text_marks else Span(0, 0)
        yield "    " + _excerpt(clause.text, first, hit.text_marks, marked)


def _excerpt(text: str, first: Span, spans: Sequence[Span], marked: Callable[[str], str]) -> str:
    start, end = max(0, first.start - _AROUND), min(len(text), first.end + 2 * _AROUND)
    inside = [Span(span.start - start, min(span.end, end) - start) for span in spans if start <= span.start < end]
    shown = plain(_with_marks(text[start:end], inside, marked))
    return ("…" if start else "") + shown + ("…" if end < len(text) else "")


def _with_marks(text: str, spans: Sequence[Span], marked: Callable[[str], str]) -> str:
    out, last = [], 0
    for span in spans:
        out += [text[last:span.start], marked(span.of(text))]
        last = span.end
    return "".join([*out, text[last:]])


def outline_lines(document: DocumentRow, clauses: Sequence[Clause]) -> Iterable[str]:
    """A document's head, then its provisions indented by depth, each with its heading or its first words."""
    yield document.title
    yield "　".join(filter(None, [document.name, document.signed_on, document.validity]))
    for clause in clauses:
        shown = clause.heading or plain(clause.text)[:30]
        yield f"{'  ' * clause.depth}{clause.label}　{plain(shown)}".rstrip()


def clause_lines(view: ClauseView) -> Iterable[str]:
    """One clause: address, heading, text, what was found in it, and its counterparts elsewhere."""
    clause = view.clause
    state = f"（{view.document.validity}）" if view.document.validity == "失效" else ""
    yield f"{view.document.name}{state} {clause.label}　{clause.heading}".rstrip()
    if clause.text:
        yield clause.text
    if view.quantities:
        yield "数量：" + "；".join(f"{row['indicator']} {row['quote']}" for row in view.quantities)
    if view.responsibilities:
        yield "责任单位：" + "、".join(str(row["unit"]) for row in view.responsibilities)
    if view.citations:
        yield "引用：" + "；".join(str(row["quote"]) for row in view.citations)
    if not view.counterparts:
        yield "各地对应：无"
    for other in view.counterparts:
        relation = "对应" if other.relation == "equivalent" else "部分对应"
        yield (f"{relation} {other.score:.2f}　{other.document.name} {other.clause.label}　{other.clause.heading}"
               f"　差异 {other.differences} 处")
