"""Two clauses side by side: which stretches they share, and both as HTML with what differs marked.

Stretches are made of whole tokens (:mod:`kb.tokens`), so that no number and no agency is cut in two. Marks read
without colour: a hidden 〔删〕 or 〔增〕 opens each, 〔删止〕 or 〔增止〕 closes it.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from kb.models import Span, Statements
from kb.render.shapes import Quoted
from kb.text import normalise
from kb.tokens import Token, tokens

#: From this share of changed characters on a clause is shown as rewritten: strikes on everything say nothing.
REWRITTEN = 0.6
_TAGS = {"a": ("del", "删"), "b": ("ins", "增")}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of both texts: equal, or present on one side only, or put in another way. ``minor``: the change never
    counts (spelling, punctuation, an agency's other name, the place's own name, particles). Empty spans stand where
    the words would stand."""

    kind: Literal["equal", "delete", "insert", "replace"]
    a: Span
    b: Span
    minor: bool = False


def segments(a_text: str, b_text: str, a_statements: Statements | None = None, b_statements: Statements | None = None,
             a_region: str | None = None, b_region: str | None = None) -> tuple[Segment, ...]:
    """Stretches of the two texts in order; put together, each side's spans give back its text exactly.

    ``statements`` and ``region`` codes say what one token is and what a text calls its own place.
    """
    left, right = tokens(a_text, a_statements, a_region), tokens(b_text, b_statements, b_region)
    matcher = difflib.SequenceMatcher(None, [_key(token, a_text) for token in left],
                                      [_key(token, b_text) for token in right], autojunk=False)
    found: list[Segment] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            for one, other in zip(left[i:j], right[k:m], strict=True):
                same = a_text[one.start:one.end] == b_text[other.start:other.end]
                _add(found, Segment("equal" if same else "replace", Span(one.start, one.end),
                                    Span(other.start, other.end), minor=not same))
        else:
            span, opposite = _span(left, i, j, len(a_text)), _span(right, k, m, len(b_text))
            _add(found, Segment(tag, span, opposite, minor=_minor(left[i:j], right[k:m])))
    return tuple(found)


def _key(token: Token, text: str) -> str:
    return token.key or normalise(text[token.start:token.end]).strip()


def _span(items: Sequence[Token], first: int, last: int, length: int) -> Span:
    if first < last:
        return Span(items[first].start, items[last - 1].end)
    at = items[first].start if first < len(items) else length
    return Span(at, at)


def _minor(left: Sequence[Token], right: Sequence[Token]) -> bool:
    return all(token.kind in ("mark", "slack", "place") for token in (*left, *right)) or (
        "".join(token.key for token in left) == "".join(token.key for token in right))


def _add(found: list[Segment], segment: Segment) -> None:
    last = found[-1] if found else None
    if last and last.kind == segment.kind and last.minor == segment.minor:
        found[-1] = Segment(last.kind, Span(last.a.start, segment.a.end), Span(last.b.start, segment.b.end), last.minor)
    elif len(segment.a) or len(segment.b):
        found.append(segment)


def rewritten(found: Sequence[Segment]) -> bool:
    """Whether more than about 60 % of the characters of the two texts changed in earnest."""
    total = sum(len(segment.a) + len(segment.b) for segment in found)
    changed = sum(len(segment.a) + len(segment.b) for segment in found
                  if segment.kind != "equal" and not segment.minor)
    return total > 0 and changed / total > REWRITTEN


def html_sides(a_text: str, b_text: str, found: Sequence[Segment], differences: Sequence[Quoted] = (),
               prefix: str = "d") -> tuple[str, str]:
    """Both texts as HTML, all escaped. What only the first has stands in <del>, what only the second has in <ins>;
    changes that never count have class ``minor``. The n-th of ``differences`` has a link to ``#prefix-n`` behind its
    quote. A rewritten clause has no strikes: there the quotes of its differences are underlined (class ``key``)."""
    whole = rewritten(found)
    return (_side(a_text, [(segment.a, segment) for segment in found], [row.a_span for row in differences], "a", prefix,
                  whole),
            _side(b_text, [(segment.b, segment) for segment in found], [row.b_span for row in differences], "b", prefix,
                  whole))


def _side(text: str, parts: Sequence[tuple[Span, Segment]], quotes: Sequence[Span], side: str, prefix: str,
          whole: bool) -> str:
    out: list[str] = []
    if whole:
        key = {at for span in quotes for at in range(span.start, span.end)}
        runs = _runs(text, [at in key for at in range(len(text))])
        pieces = [(span, ('<span class="key">', "</span>") if marked else ("", "")) for span, marked in runs]
    else:
        pieces = [(span, _marks(segment, side)) for span, segment in parts if len(span)]
    for span, (opening, closing) in pieces:
        ends = sorted({quote.end for quote in quotes if len(quote) and span.start < quote.end <= span.end})
        start = span.start
        for end in [*ends, span.end]:
            if start < end:
                out.append(opening + escape(text[start:end]) + closing)
            if end in ends and start <= end:
                out += [_note(prefix, n) for n, quote in enumerate(quotes, 1) if len(quote) and quote.end == end]
                ends = [other for other in ends if other != end]
            start = end
    return "".join(out)


def _runs(text: str, flags: Sequence[bool]) -> list[tuple[Span, bool]]:
    found: list[tuple[Span, bool]] = []
    for at in range(len(text)):
        if found and found[-1][1] == flags[at]:
            found[-1] = (Span(found[-1][0].start, at + 1), flags[at])
        else:
            found.append((Span(at, at + 1), flags[at]))
    return found


def _marks(segment: Segment, side: str) -> tuple[str, str]:
    if segment.kind == "equal":
        return "", ""
    tag, word = _TAGS[side]
    named = ' class="minor"' if segment.minor else ""
    return (f'<{tag}{named}><span class="vh">〔{word}〕</span>', f'<span class="vh">〔{word}止〕</span></{tag}>')


def _note(prefix: str, number: int) -> str:
    return f'<sup><a href="#{escape(prefix)}-{number}"><span class="vh">差异</span>{number}</a></sup>'
