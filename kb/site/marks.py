"""Two aligned clauses as HTML: what is not equal marked in both texts, each difference numbered in both and in the list
below, the units in charge set apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from kb.database import DifferenceRow, Pair
from kb.models import Span
from kb.render import Segment
from kb.site import render
from kb.site.render import Mark
from kb.text import normalise

_SIDES = {"a": ("del", "删", "delete"), "b": ("ins", "增", "insert")}


@dataclass(frozen=True, slots=True)
class Note:
    """A difference with its number in the texts and the list."""

    number: int
    difference: DifferenceRow


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair ready for the page: notes in the order of the base's text, both texts, both lines of units."""

    pair: Pair
    prefix: str
    notes: tuple[Note, ...]
    a: Markup
    b: Markup
    a_units: Markup
    b_units: Markup

    @property
    def rewritten(self) -> bool:
        """Whether strikes would say nothing, so that only the readings meant are underlined."""
        return self.pair.rewritten


def show(pair: Pair, a_first: int | None, b_first: int | None, wanted: Sequence[DifferenceRow] | None = None) -> Shown:
    """``pair`` for the page. ``a_first``, ``b_first``: where the first unit in charge stands in either text;
    ``wanted``: the differences to number, all by default."""
    found = sorted(pair.differences if wanted is None else wanted, key=lambda d: (d.a_span.start, d.b_span.start))
    notes = tuple(Note(number, d) for number, d in enumerate(found, 1))
    prefix = f"d{pair.alignment_id}"
    sides = []
    for side, text, first in (("a", pair.a.text, a_first), ("b", pair.b.text, b_first)):
        marks = _marks(pair, notes, side, prefix, len(text))
        end = len(text) if first is None else render.units_at(text, first)
        sides.append((render.paragraphs(text, marks, end), render.units_line(text, end, marks)))
    return Shown(pair, prefix, notes, sides[0][0], sides[1][0], sides[0][1], sides[1][1])


def _marks(pair: Pair, notes: Sequence[Note], side: str, prefix: str, length: int) -> list[Mark]:
    quoted = [(note.number, note.difference.a_span if side == "a" else note.difference.b_span) for note in notes]
    # in a rewritten clause what the other adds has no place of its own here: such numbers would only pile up
    marks = [Mark(Span(span.end, span.end), _number(prefix, number)) for number, span in quoted
             if len(span) or not pair.rewritten]
    if pair.rewritten:
        marks += [Mark(span, Markup('<span class="key">'), Markup("</span>"))
                  for span in _joined([span for _, span in quoted])]
    else:
        marks += _strikes(pair, side)
    inside = pair.a_span if side == "a" else pair.b_span
    if pair.relation == "partial" and len(inside):
        off = Markup('<span class="off">'), Markup("</span>")
        marks += [Mark(span, *off) for span in (Span(0, inside.start), Span(inside.end, length)) if len(span)]
    return marks


def _strikes(pair: Pair, side: str) -> list[Mark]:
    tag, word, own = _SIDES[side]
    marks = []
    for segment in pair.segments:
        if segment.kind in (own, "replace") and not _unseen(segment, pair):
            kind = ' class="minor"' if segment.minor else ""
            said = "" if segment.minor else f'<span class="vh">〔{word}〕</span>'
            marks.append(Mark(segment.a if side == "a" else segment.b, Markup(f"<{tag}{kind}>{said}"),
                              Markup(("" if segment.minor else f'<span class="vh">〔{word}止〕</span>') + f"</{tag}>")))
    return marks


def _unseen(segment: Segment, pair: Pair) -> bool:
    """Whether the two readings look alike on the page: width and style of punctuation, white space."""
    one, other = segment.a.of(pair.a.text), segment.b.of(pair.b.text)
    return segment.minor and normalise(one).strip() == normalise(other).strip()


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(span for span in spans if len(span)):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _number(prefix: str, number: int) -> Markup:
    return Markup(f'\u2060<sup><a href="#{prefix}-{number}"><span class="vh">差异</span>{number}</a></sup>')


_FOLDED = 12        # notes shown under a pair; the others fold
_LETTERS = {"number": "n", "target": "n", "date": "n", "procedure": "p", "condition": "p", "modality": "p",
            "authority": "a"}


def apparatus(shown: Shown, a_name: str, b_name: str) -> Markup:
    """The list of differences under a pair, as the pages of a critical edition have it. Made here and not in a
    template, since a page has hundreds."""
    items = [_item(note, shown.prefix, a_name, b_name) for note in shown.notes]
    if not items:
        return Markup()
    out = f'<ol class="app" aria-label="校记">{"".join(items[:_FOLDED])}</ol>'
    if rest := items[_FOLDED:]:
        out += (f'<details class="more"><summary>另 {len(rest)} 处差异</summary>'
                '<ol class="app" aria-label="校记（续）" '
                f'start="{_FOLDED + 1}">{"".join(rest)}</ol></details>')
    return Markup(out)


def _item(note: Note, prefix: str, a_name: str, b_name: str) -> str:
    d = note.difference
    dots = render.dots(d.salience)
    direction = "" if d.direction in ("", "n/a") else render.word("direction", d.direction)
    return (
        f'<li id="{prefix}-{note.number}"><span class="no">{note.number}</span><span><span class="kind '
        f'k-{_LETTERS.get(d.type, "t")}">{escape(render.word("type", d.type))}</span></span><span><span class="lem">'
        f'{_reading(d.a_quote, a_name)}</span><span class="var">{_reading(d.b_quote, b_name)}</span></span>'
        f'<span class="dir">{escape(direction)}</span><span class="sal"><span class="vh">重要性{dots}级</span>'
        f'<span aria-hidden="true">{"●" * dots}{"○" * (3 - dots)}</span></span></li>')


def _reading(quote: str, name: str) -> str:
    return escape(render.clip(quote)) if quote else f'<span class="none">{escape(name)}无</span>'

