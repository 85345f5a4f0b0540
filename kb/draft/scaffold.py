"""A new county document from its parent: the parent's text in the county's words, with notes for the drafter.

Nothing is replaced silently: every replacement, every floor and cap, what sister documents made of a clause and every
open decision stands in a note at its clause. Read again, the scaffold has the parent's clauses one for one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kb.draft.clauses import Clause, clauses_of
from kb.draft.localise import Place, Replacement, forms_of, localise, place
from kb.draft.report import document_name
from kb.draft.rules.amounts import binding
from kb.draft.shelf import Base, Change, Library, Sister, find_document
from kb.extract import responsibilities
from kb.models import Alignment, Document, KbError, Provision, Quantity
from kb.parse import label_of
from kb.tokens import core
from kb.vocabulary.regions import bare, regions, short, slug

_NO_CLAUSE: Final = ("part", "signature", "preamble")
OPEN: Final = "【待定】"
_SHOWN: Final = 6               # changes of one sister that are told of a clause
_WEIGHT: Final = 0.4            # least salience of a change that is told
_SHARED: Final = 0.4            # least share of the parent's clauses that another county's document takes up
_LONG: Final = 60               # characters of the longest reading that is quoted in full


@dataclass(frozen=True, slots=True)
class Note:
    """A note for the drafter at a clause; ``quote`` are the scaffold's words that it is about."""

    address: str
    text: str
    quote: str = ""


@dataclass(frozen=True)
class Scaffold:
    """The new document, the notes in its order, and what was replaced (address, replacement)."""

    document: Document
    notes: tuple[Note, ...]
    replaced: tuple[tuple[str, Replacement], ...]


@dataclass(frozen=True, slots=True)
class _Edit:
    """A change of the parent's text at ``start``; ``address`` is that of its provision."""

    address: str
    replacement: Replacement

    @property
    def start(self) -> int:
        """Where it stands in the parent's text."""
        return self.replacement.start


def scaffold(library: Library, region_code: str, parents: Sequence[str], siblings: str | Sequence[str] = "auto",
             today: dt.date | None = None) -> Scaffold:
    """A scaffold for the place ``region_code`` after the first of ``parents`` (id, number or place); the others give
    their floors and caps. ``siblings`` is "auto", "none", or names of documents.

    Raises KbError for a place or a document that does not exist, and for a parent that is no place's above.
    """
    target = place(region_code)
    found = [find_document(library, name) for name in parents]
    if not found:
        raise KbError("there is no parent", mend="name one with --parent")
    for document in found:
        if document.region_code not in regions() or place(document.region_code).rank > target.rank:
            raise KbError(f"{document.id} is no document of a place above {target.name}",
                          mend="name a document of the prefecture or the province")
    bases = [library.base(document.id) for document in found]
    chosen = _sisters(library, bases[0], target, siblings)
    return _Builder(target, bases, chosen, today or dt.date.today()).build()


def _sisters(library: Library, base: Base, target: Place, siblings: str | Sequence[str]) -> tuple[Sister, ...]:
    if siblings == "none":
        return ()
    known = {sister.document.id: sister for sister in library.sisters(base.document.id)}
    if siblings != "auto":
        wanted = [find_document(library, name) for name in ([siblings] if isinstance(siblings, str) else siblings)]
        return tuple(known[document.id] for document in wanted if document.id in known)
    peers = [sister for sister in known.values() if sister.document.region_code in regions()
             and sister.document.region_code != target.code
             and place(sister.document.region_code).rank == target.rank]
    number = base.document.doc_number
    near = [sister for sister in peers if place(sister.document.region_code).above == target.above
            or number and number in sister.document.based_on]
    clauses = sum(bool(p.text) for p in base.provisions)
    return tuple(near or [sister for sister in peers if len(sister.taken) >= _SHARED * clauses])


class _Builder:
    """One scaffold in the making."""

    def __init__(self, target: Place, bases: Sequence[Base], sisters: Sequence[Sister], today: dt.date) -> None:
        self.target, self.bases, self.sisters, self.today = target, bases, sisters, today
        self.parent = bases[0].document
        self.upper = place(self.parent.region_code)
        self.clauses = clauses_of(self.parent, bases[0].provisions, bases[0].statements)
        self.forms = self._forms()
        self._rows: dict[str, Sequence[Alignment]] = {}

    def build(self) -> Scaffold:
        """Replace, open what has to be decided, note, and put the front matter in front."""
        edits = [*self._localised(), *self._opened(), *self._based()]
        kept: list[_Edit] = []
        for edit in edits:
            if all(not edit.replacement.span.overlaps(other.replacement.span) for other in kept):
                kept.append(edit)
        kept.sort(key=lambda edit: edit.start)
        text = _applied(self.parent.text, [edit.replacement for edit in kept])
        notes = [note for provision in self.bases[0].provisions for note in self._notes(provision, kept)]
        document = self._document(text)
        return Scaffold(document, (*self._head_notes(), *notes),
                        tuple((edit.address, edit.replacement) for edit in kept if edit.replacement.sure))

    # What is replaced

    def _forms(self) -> dict[str, str]:
        """What the sisters call their agencies, the first that has one."""
        forms: dict[str, str] = {}
        for sister in self.sisters:
            units = [(unit.agency, unit.unit) for unit in responsibilities.find(sister.document.text)]
            for agency, form in forms_of(units, place(sister.document.region_code), self.target).items():
                forms.setdefault(agency, form)
        return forms

    def _localised(self) -> Iterator[_Edit]:
        for provision in self.bases[0].provisions:
            clause = self.clauses[provision.path]
            known = clause.side.tokens if provision.text else ()
            for text, start, tokens in ((provision.heading, provision.heading_start, None),
                                        (provision.text, provision.start, known)):
                for item in localise(text, self.upper, self.target, found=tokens, forms=self.forms) if text else ():
                    yield _Edit(provision.path, replace(item, start=start + item.start))

    def _opened(self) -> Iterator[_Edit]:
        """Placeholders for what nobody can copy: counts that are handed down, a term that has run out, the date."""
        for provision in self.bases[0].provisions:
            clause = self.clauses[provision.path]
            if provision.kind == "signature":
                for match in re.finditer(r"(?<!\d)\d{4}年\d{1,2}月\d{1,2}日(?=\s*$)", provision.text, re.MULTILINE):
                    yield _Edit(provision.path, Replacement(
                        provision.start + match.start(), match[0], f"{self.today.year}年　月　日", "成文日期待定"))
                continue
            for quantity in clause.statements.quantities:
                if edit := self._decision(clause, quantity):
                    yield _Edit(provision.path, edit)

    def _decision(self, clause: Clause, quantity: Quantity) -> Replacement | None:
        start, _ = core(clause.text, quantity)
        number = re.match(r"[\d.,]+", clause.text[start:])
        if number is None:
            return None
        at = clause.provision.start + start
        if self._is_term(clause, quantity):
            if self.parent.expires_on and self.parent.expires_on < self.today.isoformat():
                why = f"上级的期限“{quantity.quote}”已过，须另定"
                return Replacement(at, clause.text[start:quantity.end], OPEN, why)
            return None
        counted = quantity.kind == "target" and quantity.bound in ("min", "exact")
        rate = quantity.base_unit in ("%", "", "倍") or "/" in quantity.unit or re.search(
            "亩均|劳动生产率|人均", quantity.indicator)
        if counted and not rate and binding(quantity, clause.text, shared=True) is None and self.upper.rank < self.target.rank:
            return Replacement(at, number[0], OPEN, f"{self.upper.name}目标为“{quantity.quote}”，本级数待下达或测算")
        return None

    def _is_term(self, clause: Clause, quantity: Quantity) -> bool:
        return quantity.kind == "date" and any(
            item.own and item.aspect == "expires" and item.start < quantity.end and quantity.start < item.end
            for item in clause.statements.validity)

    def _based(self) -> Iterator[_Edit]:
        """The parent itself among the documents that the act rests on."""
        if not self.parent.doc_number:
            return
        for provision in self.bases[0].provisions:
            own = [item for item in self.clauses[provision.path].statements.citations if item.relation == "basis"]
            if own and provision.kind == "preamble":
                at = provision.start + own[-1].end
                cited = f"、《{self.parent.title}》（{self.parent.doc_number}）"
                yield _Edit(provision.path, Replacement(at, "", cited, "补列直接上级文件为依据"))
                return

    # The notes

    def _head_notes(self) -> Iterator[Note]:
        yield Note("正文", f"本稿以{document_name(self.parent)}为底本拟写，替换见各条批注；{OPEN}处由起草人决定。")
        head = short(self.target.code)
        yield Note("正文", f"文号待编：{head}政发〔{self.today.year}〕　号（以本级发文字号为准）。")
        if self.parent.expires_on and self.parent.expires_on < self.today.isoformat():
            yield Note("正文", f"上级文件有效期至{self.parent.expires_on}，已届满，请先核实有无延续或新文件。")
        for base in self.bases[1:]:
            yield from self._unplaced(base)

    def _unplaced(self, base: Base) -> Iterator[Note]:
        taken = {row.a_path if row.a_document == base.document.id else row.b_path for row in self._aligned(base)}
        lost = [p for p in base.provisions if p.text and p.path not in taken and p.kind not in _NO_CLAUSE]
        if lost:
            names = "、".join(label_of(p.path) + (f"“{p.heading}”" if p.heading else "") for p in lost[:20])
            yield Note("正文", f"{document_name(base.document)}的下列条款在底本中没有对应，请决定是否写入：{names}"
                             + ("等" if len(lost) > 20 else ""))

    def _aligned(self, base: Base) -> Sequence[Alignment]:
        """Alignments of another parent with the first, either way round."""
        if base.document.id not in self._rows:
            from kb.align import align, upper_first

            first, _ = upper_first(base.document, self.parent)
            own, other = (base, self.bases[0]) if first is base.document else (self.bases[0], base)
            self._rows[base.document.id] = align(own.provisions, other.provisions)
        return self._rows[base.document.id]

    def _notes(self, provision: Provision, edits: Sequence[_Edit]) -> Iterator[Note]:
        own = [edit.replacement for edit in edits if edit.address == provision.path]
        made = [f"“{item.old}”→“{item.new}”（{item.why}）" if item.old else f"补“{item.new}”（{item.why}）"
                for item in _once(own) if item.sure and OPEN not in item.new]
        if made:
            yield Note(provision.path, "替换：" + "；".join(made))
        for item in _once(own):
            if OPEN in item.new:
                yield Note(provision.path, f"待定：{item.why}", OPEN)
            elif not item.sure:
                proposed = f"，可改为“{item.new}”" if item.new else ""
                yield Note(provision.path, f"待定：“{item.old}”{item.why}{proposed}", item.old)
        yield from self._limits(provision)
        yield from self._sister_notes(provision)

    def _limits(self, provision: Provision) -> Iterator[Note]:
        """Floors and caps of the clause in all parents."""
        told = list(_bound(self.clauses[provision.path], self.upper.bare))
        for base in self.bases[1:]:
            clauses = clauses_of(base.document, base.provisions, base.statements)
            for row in self._aligned(base):
                own, other = ((row.a_path, row.b_path) if row.a_document == base.document.id
                              else (row.b_path, row.a_path))
                if other == provision.path and row.relation == "equivalent":
                    told += _bound(clauses[own], bare(base.document.region_code))
        if told:
            yield Note(provision.path, "上级限额：" + "；".join(dict.fromkeys(told)))

    def _sister_notes(self, provision: Provision) -> Iterator[Note]:
        for sister in self.sisters:
            name = bare(sister.document.region_code)
            own = [change for change in sister.changes if change.path == provision.path and change.salience >= _WEIGHT
                   and (change.whole or change.quote and change.base_quote)]
            for change in own[:_SHOWN]:
                yield Note(provision.path, f"{name}：{_reading(change)}", change.base_quote)
            if provision.text and provision.kind not in _NO_CLAUSE and not own and provision.path not in sister.taken:
                yield Note(provision.path, f"{name}：没有完整对应的条款")

    # The document

    def _document(self, text: str) -> Document:
        title = text.split("\n", 1)[0].lstrip("# ").strip()
        issuer = next((name for name in (self.parent.issuer,) if name), "")
        for item in localise(issuer, self.upper, self.target):
            issuer = _applied(issuer, [item]) if item.sure else issuer
        based = tuple(dict.fromkeys([*(self.parent.based_on), *(base.document.doc_number or base.document.id
                                                                for base in self.bases)]))
        return Document(id=f"{slug(self.target.code)}-{self.today.year}-draft", title=title,
                        region_code=self.target.code, text=text, kind=self.parent.kind,
                        issuer=issuer or f"{self.target.name}人民政府", based_on=based, validity="未知")


def _applied(text: str, replacements: Sequence[Replacement]) -> str:
    made, at = "", 0
    for item in sorted(replacements, key=lambda item: item.start):
        if item.sure:
            made += text[at:item.start] + item.new
            at = item.end
    return made + text[at:]


def _once(items: Sequence[Replacement]) -> Iterator[Replacement]:
    """Each replacement of the same words by the same words once."""
    seen: set[tuple[str, str, str]] = set()
    for item in items:
        key = item.old, item.new, item.why
        if key not in seen:
            seen.add(key)
            yield item


def _bound(clause: Clause, who: str) -> Iterator[str]:
    for quantity in clause.statements.quantities:
        side = binding(quantity, clause.text, shared=True)
        if side is not None:
            yield f"{who}{'下限' if side == 'floor' else '上限'}：{quantity.indicator}{quantity.quote}"


def _reading(change: Change) -> str:
    from kb.differences.report import short as shortened

    return shortened(change.quote, _LONG) if change.quote else f"未载“{shortened(change.base_quote, _LONG)}”"


# --- forms -----------------------------------------------------------------------------------------------------------

def as_markdown(made: Scaffold) -> str:
    """The scaffold as a file of the corpus with the notes as HTML comments behind their clauses, which no reader of the
    corpus takes for text."""
    from kb.corpus import render
    from kb.parse import parse

    rendered = render(made.document)
    head = len(rendered) - len(made.document.text)
    by_address: dict[str, list[Note]] = {}
    for note in made.notes:
        by_address.setdefault(note.address, []).append(note)
    text = made.document.text
    for provision in sorted(parse(made.document).provisions, key=lambda p: -max(p.end, p.heading_end)):
        notes = by_address.get(provision.path)
        if notes:
            at = text.find("\n", max(provision.end, provision.heading_end))
            at = len(text) if at < 0 else at
            lines = "".join(f"\n<!-- {_comment(note)} -->" for note in notes)
            text = f"{text[:at]}\n{lines}{text[at:]}"
    return rendered[:head] + text


def _comment(note: Note) -> str:
    quote = f"〔{note.quote}〕" if note.quote and note.quote != OPEN else ""
    return re.sub(r"-{2,}", "—", f"{quote}{' '.join(note.text.split())}").replace(">", "＞")


def as_docx(made: Scaffold, dated: dt.datetime) -> bytes:
    """The scaffold as an official document with the notes as comments in the margin."""
    from kb.draft.comments import Comment
    from kb.draft.official import write

    return write(made.document, dated=dated,
                 comments=[Comment(note.address, note.text, note.quote, "对勘") for note in made.notes])


def summary(made: Scaffold) -> Iterator[str]:
    """What a drafter is told on the terminal: how much was replaced and what is left to decide."""
    counts: dict[tuple[str, str], int] = {}
    for _, item in made.replaced:
        if OPEN not in item.new:
            counts[item.old, item.new] = counts.get((item.old, item.new), 0) + 1
    left = sum(note.text.startswith("待定") for note in made.notes)
    yield f"替换 {sum(counts.values())} 处，待定 {left} 处，批注 {len(made.notes)} 条"
    for (old, new), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"  “{old}”→“{new}” {count} 处" if old else f"  补“{new}”"

