"""Value types that travel through the stages. All frozen; nothing here imports the rest of kb.

Offsets are half-open character positions. Those of a :class:`Provision` count in its document's text; those of
a statement, an alignment or a difference count in its clause's own text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Level = Literal["province", "prefecture", "county"]
Validity = Literal["有效", "失效", "未知"]
ProvisionKind = Literal[
    "part",        # 正文, 附件: the root of what follows
    "preamble",    # 序
    "section",     # 一、
    "subsection",  # （一）
    "item",        # 1.
    "subitem",     # （1） ①
    "dash",        # ——
    "chapter",     # 第三章
    "division",    # 第二节
    "article",     # 第十二条
    "heading",     # ·1, an unnumbered sub-heading
    "closing",     # 末
    "signature",   # 落款: list of attachments, issuer, date, copies sent
]
Bound = Literal["min", "max", "exact", "approx", "range", "change"]
QuantityKind = Literal["target", "subsidy", "threshold", "limit", "duration", "date", "other"]
Role = Literal["lead", "member"]
CitationRelation = Literal["basis", "reference", "repeal"]
Force = Literal["must", "must_not", "may", "encourage", "in_principle"]
Relation = Literal["equivalent", "partial"]
Moved = Literal["", "section", "order", "number"]
DifferenceType = Literal[
    "number", "target", "procedure", "condition", "authority", "modality",
    "scope", "date", "citation", "addition", "omission",
]
Direction = Literal["stricter", "looser", "higher", "lower", "n/a"]


class KbError(Exception):
    """Something a user can mend: what is wrong, where, and how to mend it, in one line.

    ``file`` is a path as the user knows it, ``place`` a line, field or clause inside it, ``mend`` what to do.
    """

    def __init__(self, problem: str, *, file: Path | str | None = None, place: str | int | None = None,
                 mend: str = "") -> None:
        self.problem, self.file, self.place, self.mend = problem, file, place, mend
        where = "" if file is None else str(file) + ("" if place is None else f":{place}") + ": "
        line = f"{where}{problem}" + (f"; {mend}" if mend else "")
        super().__init__(" ".join(line.split()))


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of character offsets."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters of ``text`` that the span covers."""
        return text[self.start:self.end]

    def __len__(self) -> int:
        return self.end - self.start

    def overlaps(self, other: Span) -> bool:
        """Whether the two share at least one character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Region:
    """A place of GB/T 2260: six-digit ``code``, full ``name`` (临海市), code of the place above it."""

    code: str
    name: str
    level: Level
    parent_code: str | None


@dataclass(frozen=True)
class Document:
    """One policy document: front matter and text of ``corpus/<id>.md``.

    ``text`` is the Markdown body as stored (simplified characters, otherwise as published); all offsets of
    provisions count in it. Dates are ISO strings: ``signed_on`` stands under the issuer's name at the end of the
    act (落款), ``written_on`` in the page's head (成文日期), ``published_on`` is the page's date.
    """

    id: str
    title: str
    region_code: str
    text: str = field(repr=False)
    kind: str | None = None
    issuer: str | None = None
    doc_number: str | None = None
    unified_number: str | None = None
    index_number: str | None = None
    signed_on: str | None = None
    written_on: str | None = None
    published_on: str | None = None
    effective_on: str | None = None
    expires_on: str | None = None
    validity: Validity = "未知"
    based_on: tuple[str, ...] = ()
    source_file: str | None = None
    source_sha256: str | None = None
    inferred: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = field(default=None, compare=False)
    #: Hash of the rest of the file as an import wrote it; differs from the file's own once a person edited it.
    imported_sha256: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Provision:
    """A numbered unit of a document; a *clause* where ``text`` is not empty.

    ``path`` is the address (``正文/二/（三）``), ``parent`` the address of the provision it hangs under in the
    outline, ``ordinal`` its place in the document from 1. ``text`` is its own text without its heading, its number
    and its children: always ``document.text[start:end]``. ``heading`` likewise is
    ``document.text[heading_start:heading_end]``.
    """

    document_id: str
    path: str
    label: str
    parent: str | None
    ordinal: int
    depth: int
    kind: ProvisionKind
    heading: str
    text: str
    start: int
    end: int
    heading_start: int
    heading_end: int


@dataclass(frozen=True, slots=True)
class NumberingWarning:
    """A gap, a duplicate or a jump in the numbering, at ``line`` (from 1) of the document's text."""

    document_id: str
    path: str
    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount in a clause. ``quote`` is ``clause.text[start:end]``; ``value`` is as written beside ``unit``,
    ``base_value`` and ``base_unit`` are the same brought to one scale (1.3万亩 is 13000 亩, 三分之一 is 0.3333 '').
    """

    quote: str
    start: int
    end: int
    indicator: str
    bound: Bound
    value: float
    unit: str
    kind: QuantityKind
    base_value: float
    base_unit: str
    value_to: float | None = None
    value_from: float | None = None


@dataclass(frozen=True, slots=True)
class Responsibility:
    """A unit in charge: as written, and its canonical agency (自然资源和规划)."""

    unit: str
    agency: str
    role: Role
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A document named in a clause; ``number`` is normalised (浙政发〔2021〕31号)."""

    quote: str
    start: int
    end: int
    title: str | None
    number: str | None
    relation: CitationRelation


@dataclass(frozen=True, slots=True)
class ValidityStatement:
    """When a document starts or ends: ``aspect`` says which, ``on`` is an ISO date or None (自发布之日起).

    ``own`` is False where the clause prolongs another document's policy (政策延期至2023年6月底).
    """

    quote: str
    start: int
    end: int
    aspect: Literal["effective", "expires", "trial", "repeals"]
    on: str | None
    own: bool = True


@dataclass(frozen=True, slots=True)
class ModalStatement:
    """How strongly a sentence binds. ``word`` is the modal word as written at ``start:end``;
    ``sentence`` is the span of its sentence."""

    word: str
    start: int
    end: int
    force: Force
    subject: str
    sentence: Span


@dataclass(frozen=True, slots=True)
class Statements:
    """Everything extracted from one clause."""

    quantities: tuple[Quantity, ...] = ()
    responsibilities: tuple[Responsibility, ...] = ()
    citations: tuple[Citation, ...] = ()
    validity: tuple[ValidityStatement, ...] = ()
    modality: tuple[ModalStatement, ...] = ()


@dataclass(frozen=True, slots=True)
class SentenceMatch:
    """A sentence of ``a`` and the sentence of ``b`` that says the same, with their likeness from 0 to 1."""

    a: Span
    b: Span
    score: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two clauses of two documents that regulate the same matter. ``a`` belongs to the upper document.

    ``a_span`` and ``b_span`` are what matches in either clause's own text; ``sentences`` the matches inside. ``moved``:
    whether an equivalent stands in another section, in another order or under another number (kb.align.moves).
    """

    a_document: str
    a_path: str
    b_document: str
    b_path: str
    relation: Relation
    score: float
    a_span: Span
    b_span: Span
    sentences: tuple[SentenceMatch, ...] = ()
    moved: Moved = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that really differs between two aligned clauses. A side that says nothing has an empty quote at
    the place where the words would stand. ``salience`` runs from 0 to 1; ``summary`` is one line of Chinese."""

    type: DifferenceType
    a_quote: str
    b_quote: str
    a_span: Span
    b_span: Span
    salience: float
    summary: str
    a_value: float | None = None
    b_value: float | None = None
    unit: str = ""
    direction: Direction = "n/a"


@dataclass(frozen=True, slots=True)
class ConcordanceRow:
    """One matter across the corpus: a label, and the clauses (document id, path) that regulate it."""

    row: int
    label: str
    clauses: tuple[tuple[str, str], ...]
