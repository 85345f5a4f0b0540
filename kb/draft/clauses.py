"""Clauses, sentences, and sentences of two documents that answer each other, as the rules of a check look at them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from kb.differences.units import Side, side
from kb.models import Document, Provision, Span, Statements
from kb.text import sentences
from kb.tokens import Change, Token, changes, tokens

Where = Literal["text", "heading"]


@dataclass(frozen=True)
class Clause:
    """One clause with its statements and, made when asked for, its tokens."""

    provision: Provision
    statements: Statements
    document: Document

    @property
    def path(self) -> str:
        """Its address."""
        return self.provision.path

    @property
    def text(self) -> str:
        """Its own text."""
        return self.provision.text

    @cached_property
    def side(self) -> Side:
        """Its tokens and phrases."""
        return side(self.provision, self.statements, self.document)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Its sentences, lists of responsible units left out."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[Line]:
        lists = self.side.responsible
        for span in sentences(self.text):
            inside = [item for item in lists if span.overlaps(item)]
            end = min((item.start for item in inside if item.start >= span.start), default=span.end)
            start = span.start if end > span.start else max((item.end for item in inside), default=span.start)
            end = end if end > span.start else span.end
            own = tuple(token for token in self.side.tokens if start <= token.start and token.end <= end)
            if any(token.key for token in own):
                yield Line(self, "text", Span(start, end), own)

    @cached_property
    def heading(self) -> Line:
        """Its heading as a sentence."""
        text = self.provision.heading
        return Line(self, "heading", Span(0, len(text)), tokens(text, None, self.document.region_code))


@dataclass(frozen=True)
class Line:
    """A sentence of a clause: where it stands in the clause's text or heading, and its tokens."""

    clause: Clause = field(repr=False)
    where: Where
    span: Span
    tokens: tuple[Token, ...] = field(repr=False)

    @cached_property
    def blind(self) -> str:
        """Its words in a row, amounts and citations blinded, what never counts left out."""
        return "".join(blind(token) for token in self.tokens)

    @cached_property
    def source(self) -> str:
        """The text that the spans count in."""
        return self.clause.text if self.where == "text" else self.clause.provision.heading

    @property
    def text(self) -> str:
        """The sentence as written."""
        return self.span.of(self.source)

    @property
    def start(self) -> int:
        """Where the sentence stands in its document's text."""
        own = self.clause.provision
        return (own.start if self.where == "text" else own.heading_start) + self.span.start


def blind(token: Token) -> str:
    """A token's words for a likeness of sentences: any amount is #, any document 《, marks are nothing."""
    if token.kind == "number":
        return "#"
    return {"document": "《", "title": "《"}.get(token.kind, "" if token.kind == "mark" else token.key)


@dataclass(frozen=True)
class Group:
    """Sentences of the base and the sentences of the draft that answer them; ``changes`` are opcodes over
    ``a`` (tokens of the base) and ``b`` (tokens of the draft), amounts blinded. ``score`` is their likeness, 0 to 1."""

    base: tuple[Line, ...]
    draft: tuple[Line, ...]
    score: float

    @cached_property
    def a(self) -> tuple[Token, ...]:
        """Tokens of the base that carry a key."""
        return tuple(token for line in self.base for token in line.tokens if token.key)

    @cached_property
    def b(self) -> tuple[Token, ...]:
        """Tokens of the draft that carry a key."""
        return tuple(token for line in self.draft for token in line.tokens if token.key)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What became of the base's tokens."""
        return changes([_blinded(token) for token in self.a], [_blinded(token) for token in self.b])

    @property
    def base_clause(self) -> Clause:
        """The clause of the base's sentences."""
        return self.base[0].clause

    @property
    def draft_clause(self) -> Clause:
        """The clause of the draft's sentences."""
        return self.draft[0].clause

    @property
    def base_text(self) -> str:
        """The text that the base's spans count in."""
        return self.base[0].source

    @property
    def draft_text(self) -> str:
        """The text that the draft's spans count in."""
        return self.draft[0].source

    @property
    def offset(self) -> int:
        """Where the draft's spans begin to count in its document's text."""
        return self.draft[0].start - self.draft[0].span.start

    @cached_property
    def base_span(self) -> Span:
        """From the first of the base's sentences to the last."""
        return Span(self.base[0].span.start, self.base[-1].span.end)

    @cached_property
    def draft_span(self) -> Span:
        """From the first of the draft's sentences to the last."""
        return Span(self.draft[0].span.start, self.draft[-1].span.end)

    def answer(self, span: Span) -> tuple[str, Span]:
        """What answers the base's words at ``span``: "equal", "replace" or "delete", and where (in the draft's text; an
        empty span where the words would stand)."""
        inside = [index for index, token in enumerate(self.a) if token.start < span.end and span.start < token.end]
        if not inside:
            return "delete", Span(self.draft_span.start, self.draft_span.start)
        tags: list[str] = []
        places: list[Span] = []
        at = self.draft_span.start
        for tag, i, j, k, m in self.changes:
            touched = [index for index in inside if i <= index < j]
            if not touched:
                if j <= inside[0] and m > 0:
                    at = self.b[m - 1].end
                continue
            tags.append(tag)
            if tag == "equal":
                places += [span_of(self.b[k + index - i]) for index in touched]
            elif m > k:
                places.append(Span(self.b[k].start, self.b[m - 1].end))
        if not places:
            return "delete", Span(at, at)
        kind = "equal" if set(tags) == {"equal"} else "replace"
        return kind, Span(min(item.start for item in places), max(item.end for item in places))


def _blinded(token: Token) -> Token:
    """An amount stands for any amount of its unit."""
    if token.kind == "number":
        return Token("number", token.start, token.end, "#" + re.sub(r"[\d.e+~#-]", "", token.key))
    return token


def clauses_of(document: Document, provisions: Sequence[Provision],
               statements: Mapping[str, Statements]) -> dict[str, Clause]:
    """The provisions of a document as clauses, by address."""
    return {p.path: Clause(p, statements.get(p.path, Statements()), document) for p in provisions}


def span_of(token: Token) -> Span:
    """Where the token stands."""
    return Span(token.start, token.end)
