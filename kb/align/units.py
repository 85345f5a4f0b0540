"""Clauses as they are compared: a unit is a clause together with the finer pieces that only spell it out.

An unnumbered sub-heading (鄞州 二/1 “调优规划红线。”), a dash item (慈溪 一（三） “——工业布局显著优化。”) and an
enumeration without headings of its own (第十条（一）…；（二）…) belong to the clause they stand under: the unit is
compared whole. A dash item is compared as a unit of its own as well, because documents set targets and principles
in such items one for one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.models import Provision, Span
from kb.text import normalise, sentences
from kb.vocabulary import table

_NO_CLAUSE = frozenset({"part", "signature"})
_PIECES = frozenset({"heading", "dash", "subitem"})
#: (责任单位:市经信局、…) and its like: who does it says nothing about what is done. Brackets may nest one deep.
_IN_CHARGE = re.compile(r"\((?:责任|牵头|主办|配合)(?:单位|部门|处室)?[::](?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of ``unit.members[member]``: its span in that clause's own text, and its comparable words."""

    member: int
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A clause with its pieces. ``members`` are the clauses whose own text it joins, its head first."""

    members: tuple[Provision, ...]
    heading: str
    above: str
    role: str
    place: float
    sentences: tuple[Sentence, ...]

    @property
    def head(self) -> Provision:
        """The clause by whose address the unit is known."""
        return self.members[0]

    @property
    def text(self) -> str:
        """Everything the unit says, headings of its pieces included."""
        return "\n".join(sentence.text for sentence in self.sentences)


def units(provisions: Sequence[Provision]) -> tuple[Unit, ...]:
    """The units of one document's ``provisions``, in their order."""
    by_path = {provision.path: provision for provision in provisions}
    clauses = [provision for provision in provisions if _is_clause(provision)]
    heads: dict[str, list[Provision]] = {}
    for clause in clauses:
        head = _head(clause, by_path)
        if head is not clause:
            heads.setdefault(head.path, [head]).append(clause)
        if head is clause or clause.kind == "dash":
            heads.setdefault(clause.path, [clause])
    ordered = [heads[clause.path] for clause in clauses if clause.path in heads]
    parts = Counter(members[0].path.split("/")[0] for members in ordered)
    return tuple(_unit(members, by_path, number / max(1, len(ordered) - 1), parts)
                 for number, members in enumerate(ordered))


def _is_clause(provision: Provision) -> bool:
    return provision.kind not in _NO_CLAUSE and bool(provision.text.strip())


def _head(clause: Provision, by_path: Mapping[str, Provision]) -> Provision:
    """The clause that ``clause`` only spells out, or ``clause`` itself."""
    head, current = clause, clause
    while current.parent is not None and (parent := by_path.get(current.parent)) is not None:
        if not _is_clause(parent) or not (current.kind in _PIECES or not current.heading):
            break
        head = current = parent
    return head


def _unit(members: Sequence[Provision], by_path: Mapping[str, Provision], place: float, parts: Counter[str]) -> Unit:
    head = members[0]
    above = _above(head, by_path)
    found = tuple(sentence for number, member in enumerate(members) for sentence in _sentences(number, member))
    found = found or (Sentence(0, Span(0, len(head.text)), comparable(head.text)),)
    # an attachment that is one table (鄞州 附件1) has nothing that its text could be the preamble of
    role = "action" if head.kind == "preamble" and parts[head.path.split("/")[0]] == 1 else _role(head, above)
    return Unit(tuple(members), normalise(head.heading), " ".join(above), role, place, found)


def _sentences(number: int, member: Provision) -> list[Sentence]:
    text = comparable(member.text)
    found = [Sentence(number, span, span.of(text)) for raw in sentences(member.text) if len(span := _trim(text, raw))]
    if number and member.heading and found:  # a piece's heading speaks with its first sentence
        first = found[0]
        found[0] = Sentence(number, first.span, f"{normalise(member.heading)}:{first.text}")
    return [sentence for sentence in found if any(char.isalnum() for char in sentence.text)]


def _trim(text: str, span: Span) -> Span:
    """``span`` without the blanks at its ends."""
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip())
    return Span(start, start + len(words.strip()))


def comparable(text: str) -> str:
    """``text`` normalised and with units in charge blanked out; the same length."""
    return _IN_CHARGE.sub(lambda match: " " * len(match[0]), normalise(text))


def _above(clause: Provision, by_path: Mapping[str, Provision]) -> list[str]:
    """Headings over ``clause``, nearest first, without that of the part."""
    found = []
    parent = by_path.get(clause.parent or "")
    while parent is not None and parent.kind != "part":
        if parent.heading:
            found.append(normalise(parent.heading))
        parent = by_path.get(parent.parent or "")
    return found


def _role(clause: Provision, above: Sequence[str]) -> str:
    if clause.kind in ("preamble", "closing"):
        return str(clause.kind)
    for heading in (normalise(clause.heading), *above):
        for row in table("roles.tsv"):
            if any(word in heading for word in row["words"].split()):
                return row["role"]
    return "action"
