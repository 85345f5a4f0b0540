"""Text of a document -> provision tree -> numbered clauses with spans.

markdown-it-py says where the blocks are; the numbering grammar (:mod:`kb.numbering`) over their lines says what they
are. The Markdown level of a heading never decides about nesting.

What ``parse`` guarantees: every provision's ``text`` is ``document.text[start:end]`` and its ``heading`` is
``document.text[heading_start:heading_end]``; spans of texts and headings do not overlap; every line of the document
that is neither title nor number stands in exactly one of them; paths are unique; the order is the document's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt

from kb.models import Document, NumberingWarning, Provision, ProvisionKind, Span
from kb.numbering import Number, read_number
from kb.text import han_number, normalise

# Nothing but headings and tables: 各县<市、区>, 4+ spaces or a line of dashes in a draft are text, not markup.
_MARKDOWN = MarkdownIt("zero").enable(["heading", "table"])

_HEADING_MARK = re.compile(r" {0,3}#{1,6}[ \t\u3000]*")
_ATTACHMENT = re.compile(r"附\s*(?:件|表|录)\s*([0-9〇一二三四五六七八九十]*)\s*[:：]?\s*(.*)")
_DATE_LINE = re.compile(r"(?:\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|[二〇○零一]{4}年.{1,3}月.{1,3}日)")
_LIST_OF_ATTACHMENTS = re.compile(r"附\s*件\s*[:：]")
_TRAILER = re.compile(r"\(此件|抄\s*送|主题词|联系人[:：]|\(联系人|.{2,40}(?:办公室|办公厅|局|委)\s*\d{4}年\d+月\d+日印发")
_ISSUER = re.compile(r"[^\s,。;:、]{2,30}(?:人民政府|办公室|办公厅|委员会|管委会|局|厅|委|部|院|府办)")
_CLOSING = re.compile(r"(?:本|此前|以往|原有?|自|以上|上述|各地).{0,60}?(?:施行|实施|执行|有效期|废止|解释|为准)")
_CLOSING_HEADINGS = re.compile(r"附\s*则|其[他它].{0,4}|施行.*|实施(?:时间|日期|期限)|生效.*|有效期.*|.{0,4}说明")
# What makes a short first sentence a rule rather than a heading: an amount, a duty, a citation.
_OPERATIVE = re.compile(r"\d+(?:\.\d+)?\s*(?:%|万|亿|元|家|个|亩|项|倍|[年月日]|以[上下])|给予|不得|应当|可以|按照|《|责任单位")
_SUBHEADING = 16        # characters of the longest unnumbered sub-heading that carries no Markdown mark
_RUN_IN = 40            # characters of the longest run-in heading; 鄞州's longest has 21


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document's provisions in document order, and what is odd about its numbering."""

    provisions: tuple[Provision, ...]
    warnings: tuple[NumberingWarning, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """One line (or one whole table) of the text: ``span`` without Markdown mark, ``level`` 0 for no heading."""

    span: Span
    level: int
    number: int
    table: bool
    text: str
    folded: str


@dataclass(slots=True)
class _Node:
    """A provision while it grows."""

    path: str
    parent: _Node | None
    kind: ProvisionKind
    rank: float
    style: str = ""
    value: int = 0
    heading: Span = Span(0, 0)
    own: Span | None = None
    children: Counter[str] = field(default_factory=Counter)

    def take(self, span: Span) -> None:
        if len(span):
            self.own = span if self.own is None else Span(self.own.start, span.end)


def parse(document: Document) -> Parsed:
    """Provisions of ``document`` with their addresses and spans, and warnings about its numbering."""
    return _Parser(document).run()


# --- lines -----------------------------------------------------------------------------------------------------

def _lines(text: str) -> list[_Line]:
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    starts.append(len(text) + 1)
    found: list[_Line] = []
    for token in _MARKDOWN.parse(text):
        if token.level or token.map is None:
            continue
        first, last = token.map
        if token.type == "table_open":
            found += _line(text, Span(starts[first], starts[last] - 1), 0, first, True)
        elif token.type in ("heading_open", "paragraph_open"):
            level = int(token.tag[1]) if token.type == "heading_open" else 0
            for row in range(first, last):
                found += _line(text, Span(starts[row], starts[row + 1] - 1), level, row, False)
    return found


# A law that runs on in one paragraph: 第十条 … 。第十一条 … (飞行基本规则)
_MID_ARTICLE = re.compile(r"(?<=[。；;\s])第\s*[一二三四五六七八九十百零]+\s*条(?=[\s\u3000])")


def _line(text: str, span: Span, level: int, row: int, table: bool) -> Iterator[_Line]:
    start, end = span.start, min(span.end, len(text))
    if level:
        mark = _HEADING_MARK.match(text, start, end)
        start = mark.end() if mark else start
    cuts = [start, *(m.start() for m in _MID_ARTICLE.finditer(text, start + 1, end))] if not table else [start]
    for begin, stop in zip(cuts, [*cuts[1:], end], strict=True):
        inner = _strip(text, Span(begin, stop))
        if len(inner):
            words = inner.of(text)
            yield _Line(inner, level, row + 1, table, words, normalise(words))


def _strip(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


# --- the tree --------------------------------------------------------------------------------------------------

class _Parser:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.lines = _lines(document.text)
        self.nodes: list[_Node] = []
        self.stack: list[_Node] = []
        self.last_value: dict[str, int] = {}   # per style within a part: numbers may run on across parents
        self.seen: Counter[str] = Counter()
        self.attachments = 0
        self.warnings: list[NumberingWarning] = []
        self.numbered = False                  # whether the current part has shown its first number
        self.signing = False                   # between the signature's first line and the next part

    def run(self) -> Parsed:
        attachments = [line for line in self.lines if self._opens_attachment(line)]
        self._alone = len(attachments) == 1 and not _attachment_number(attachments[0])
        self._open_part("正文", Span(0, 0))
        skip = -1
        for index, line in enumerate(self.lines):
            if index > skip:
                skip = index + self._place(index, line)
        provisions = tuple(self._provision(ordinal, node) for ordinal, node in enumerate(self._kept(), 1))
        return Parsed(provisions, tuple(self.warnings))

    # One line at a time. The return value says how many following lines were consumed with it.

    def _place(self, index: int, line: _Line) -> int:
        if index == 0 and line.level == 1 and not self._opens_attachment(line):
            self.nodes[0].heading = line.span
            return 0
        if self._opens_attachment(line):
            return self._attachment(index, line)
        if line.level == 1 and not read_number(line.folded):
            self._inner_title(line)
            return 0
        if line.table:
            self._top().take(line.span)
            return 0
        if self.signing and not self._restarts(line):
            self._top().take(line.span)
            return 0
        if self._signs(index, line):
            self._signature(line)
            return 0
        if number := read_number(line.folded):
            self._numbered(index, line, number)
        elif self._is_subheading(index, line):
            self._subheading(index, line)
        elif self._closes(index, line):
            self._add("末", self.nodes_of_part(), "closing", 5, line.span)
        elif self._article_tail(line):
            article = next(node for node in self.stack if node.kind == "article")
            self._add("末", article, "closing", 6, line.span)
        else:
            self._text(line)
        return 0

    def _top(self) -> _Node:
        return self.stack[-1]

    def nodes_of_part(self) -> _Node:
        return self.stack[0]

    def _text(self, line: _Line) -> None:
        if self._top().kind == "part":
            self._add("序", self._top(), "preamble", 99, line.span)
        else:
            self._top().take(line.span)

    # Parts and titles

    def _opens_attachment(self, line: _Line) -> bool:
        match = _ATTACHMENT.fullmatch(line.folded)
        if not match or line.table:
            return False
        return line.level == 1 or (not match[2] and not re.search("[:：]$", line.folded))

    def _attachment(self, index: int, line: _Line) -> int:
        match = _ATTACHMENT.fullmatch(line.folded)
        assert match is not None
        self.attachments += 1
        number = _attachment_number(line) or str(self.attachments)
        heading = Span(line.span.start + match.start(2), line.span.end) if match[2] else Span(0, 0)
        consumed = 0
        while not len(heading) or consumed:
            following = self.lines[index + consumed + 1] if index + consumed + 1 < len(self.lines) else None
            if following is None or not self._is_title(following, consumed):
                break
            heading = Span(heading.start if consumed else following.span.start, following.span.end)
            consumed += 1
        self._open_part("附件" if self._alone else f"附件{number}", heading)
        return consumed

    @staticmethod
    def _is_title(line: _Line, consumed: int) -> bool:
        if line.table or read_number(line.folded) or consumed > 2:
            return False
        return line.level == 1 if line.level else (len(line.text) <= 40 and line.folded[-1] not in "。:;,")

    def _open_part(self, path: str, heading: Span) -> None:
        node = _Node(self._unique(path), None, "part", 0, heading=heading)
        self.nodes.append(node)
        self.stack = [node]
        self.last_value.clear()
        self.numbered = self.signing = False

    def _inner_title(self, line: _Line) -> None:
        """An H1 inside the main act: the plan that a 印发通知 sends out (钱塘, 慈溪)."""
        if self.numbered and self.nodes_of_part().path == "正文":  # the notice was numbered itself
            self.attachments += 1
            self._open_part(f"附件{self.attachments}", line.span)
            return
        part = self.nodes_of_part()
        self.signing = False
        self.stack = [part]
        if not part.children["序"]:
            self._add("序", part, "preamble", 99, Span(line.span.start, line.span.start))
        preamble = next(node for node in reversed(self.nodes) if node.parent is part and node.kind == "preamble")
        self.stack = [part, preamble]
        self._add(f"·{self._count(preamble, '·')}", preamble, "heading", 10, None, heading=line.span)

    # Signature

    def _signs(self, index: int, line: _Line) -> bool:
        if line.level or len(line.text) > 60 and not _TRAILER.match(line.folded):
            return False
        if _LIST_OF_ATTACHMENTS.match(line.folded) or _TRAILER.match(line.folded):
            return True
        if _DATE_LINE.fullmatch(line.folded):
            return True
        ahead = self.lines[index + 1:index + 4]
        return bool(_ISSUER.fullmatch(line.folded)) and any(_DATE_LINE.fullmatch(next_.folded) for next_ in ahead)

    def _signature(self, line: _Line) -> None:
        part = self.nodes_of_part()
        preamble = next((node for node in self.stack if node.kind == "preamble"), None)
        self.signing = True
        self.stack = self.stack[:2] if preamble else [part]
        self._add("落款", preamble or part, "signature", 20, line.span)

    def _restarts(self, line: _Line) -> bool:
        """A numbered section ends a notice's signature even where the plan's title has no Markdown mark."""
        number = read_number(line.folded)
        return bool(number and number.value == 1 and number.style.kind in ("section", "chapter", "article")
                    and not self.numbered)

    # Numbers

    def _numbered(self, index: int, line: _Line, number: Number) -> None:
        self.numbered = True
        style = number.style
        parent = self._parent_for(style.name, style.rank, number.value)
        prefix = self.nodes_of_part() if style.kind in ("chapter", "division", "article") else parent
        if style.kind == "dash":
            label = f"—{self._count(parent, '—')}"
        else:
            label = number.label
            self._check(line, parent, prefix, number, label)
        heading, own = self._split(index, line, number.rest, style.kind)
        self._add(label, parent, style.kind, style.rank, own, prefix=prefix, heading=heading, style=style.name,
                  value=number.value)

    def _parent_for(self, style: str, rank: float, value: int) -> _Node:
        for depth, node in enumerate(self.stack):
            if node.style == style:
                del self.stack[depth:]
                return self._top()
        top = self._top()
        if top.kind == "heading" and value == 1 and top.own is None:
            return top                         # unnumbered headings above numbered items
        if style == "一、" and any(node.kind == "article" for node in self.stack):
            rank = 5.5                         # older laws number an article's items 一、二、
        while len(self.stack) > 1 and self._top().rank >= rank:
            self.stack.pop()
        return self._top()

    def _check(self, line: _Line, parent: _Node, prefix: _Node, number: Number, label: str) -> None:
        siblings = [node.value for node in self.nodes if node.parent is parent and node.style == number.style.name]
        before = siblings[-1] if siblings else 0
        running = self.last_value.get(number.style.name, 0)
        self.last_value[number.style.name] = number.value
        if number.style.kind in ("article", "chapter"):
            before = running
        if "之" in label or number.value == before + 1 or (not siblings and number.value in (1, running + 1)):
            return
        if number.value == before:
            problem = f"{label} stands twice"
        elif number.value > before:
            problem = f"{label} follows {before or 'nothing'}: a gap"
        else:
            problem = f"{label} follows {before}: a step back"
        self.warnings.append(NumberingWarning(self.document.id, f"{prefix.path}/{label}", line.number, problem))

    def _split(self, index: int, line: _Line, rest: int, kind: ProvisionKind) -> tuple[Span, Span | None]:
        """Heading and first stretch of own text of a numbered line."""
        span = _strip(self.text, Span(line.span.start + rest, line.span.end))
        empty = Span(span.start, span.start)
        if kind == "article":
            return empty, span
        if kind in ("chapter", "division"):
            return span, None
        folded = normalise(span.of(self.text))
        stop = folded.find("。")
        colon = re.match(r"\w{2,10}:(?=.)", folded)
        if 0 < stop <= _RUN_IN and stop + 1 < len(folded) and not _OPERATIVE.search(folded[:stop]):
            return Span(span.start, span.start + stop), _strip(self.text, Span(span.start + stop + 1, span.end))
        if colon and not _OPERATIVE.search(colon[0]):
            return Span(span.start, span.start + colon.end() - 1), Span(span.start + colon.end(), span.end)
        bare = folded.rstrip("。:：*")
        short = len(bare) <= _RUN_IN and "。" not in bare and ";" not in folded
        if line.level and short or short and not _OPERATIVE.search(bare) and (
                self._text_follows(index) or ("," not in bare and folded[-1:] not in "。;")):
            return Span(span.start, span.start + len(bare)), None
        return empty, span

    def _text_follows(self, index: int) -> bool:
        """Whether the next line is own text or a finer number, so that this one can be its heading."""
        if index + 1 >= len(self.lines):
            return False
        following = self.lines[index + 1]
        here = read_number(self.lines[index].folded)
        number = read_number(following.folded)
        if number and here:
            return number.style.rank > here.style.rank
        return not following.level == 1 and not self._signs(index + 1, following)

    # Unnumbered lines

    def _is_subheading(self, index: int, line: _Line) -> bool:
        if line.level > 1:
            return True
        bare = line.folded.rstrip("。")
        if not self.numbered or len(bare) > _SUBHEADING or re.search(r"[,;:。\d()]", bare) or index + 1 >= len(self.lines):
            return False
        following = self.lines[index + 1]
        return (not following.level and not following.table and len(following.text) >= 2 * _SUBHEADING
                and read_number(following.folded) is None and following.folded[-1] in "。;:")

    def _subheading(self, index: int, line: _Line) -> None:
        for depth, node in enumerate(self.stack):
            if node.kind == "heading" and node.parent and node.parent.kind != "preamble":
                del self.stack[depth:]
                break
        else:
            while len(self.stack) > 1 and (self._top().rank >= 10 or self._top().kind == "preamble"):
                self.stack.pop()
        stop = line.folded.find("。")
        end = line.span.end if stop < 0 else line.span.start + stop
        own = _strip(self.text, Span(end + 1, line.span.end)) if stop >= 0 else None
        parent = self._top()
        self._add(f"·{self._count(parent, '·')}", parent, "heading", 10, own, heading=Span(line.span.start, end))

    def _closes(self, index: int, line: _Line) -> bool:
        """Closing provisions without a number: 钱塘's 本方案自印发之日起施行 after the text of 五（四）."""
        top = self._top()
        if not self.numbered or top.own is None or top.kind in ("part", "closing", "signature", "article"):
            return False
        if not _CLOSING.match(line.folded) or any(_CLOSING_HEADINGS.fullmatch(node.heading.of(self.text))
                                                  for node in self.stack[1:]):
            return False
        for ahead, following in enumerate(self.lines[index + 1:], index + 1):
            if self._opens_attachment(following) or self._signs(ahead, following):
                return True
            if following.level or read_number(following.folded) or len(following.text) > 200:
                return False
        return True

    def _article_tail(self, line: _Line) -> bool:
        """A paragraph of an article after its items: it belongs to the article, not to the last item."""
        top = self._top()
        return (top.kind in ("subsection", "item") and any(node.kind == "article" for node in self.stack)
                and top.own is not None and self.text[top.own.end - 1] in "。.")

    # Growing the tree

    def _count(self, parent: _Node, sign: str) -> int:
        parent.children[sign] += 1
        return parent.children[sign]

    def _add(self, label: str, parent: _Node, kind: ProvisionKind, rank: float, own: Span | None, *,
             prefix: _Node | None = None, heading: Span | None = None, style: str = "", value: int = 0) -> None:
        anchor = own.start if own else (heading.start if heading else 0)
        node = _Node(self._unique(f"{(prefix or parent).path}/{label}"), parent, kind, rank, style, value,
                     heading or Span(anchor, anchor))
        if own is not None:
            node.take(own)
        parent.children[label] += 1
        self.nodes.append(node)
        self.stack.append(node)

    def _unique(self, path: str) -> str:
        self.seen[path] += 1
        return path if self.seen[path] == 1 else f"{path}#{self.seen[path]}"

    def _kept(self) -> list[_Node]:
        """All nodes, the main act's root too unless the document has nothing in it."""
        return [node for node in self.nodes if node.parent or node.own or node.heading.end or
                any(child.parent is node for child in self.nodes)]

    def _provision(self, ordinal: int, node: _Node) -> Provision:
        own = node.own or Span(node.heading.end, node.heading.end)
        return Provision(
            document_id=self.document.id, path=node.path, label=label_of(node.path),
            parent=node.parent.path if node.parent else None, ordinal=ordinal, depth=node.path.count("/"),
            kind=node.kind, heading=node.heading.of(self.text), text=own.of(self.text),
            start=own.start, end=own.end, heading_start=node.heading.start, heading_end=node.heading.end)


def _attachment_number(line: _Line) -> str:
    match = _ATTACHMENT.fullmatch(line.folded)
    if not match or not match[1]:
        return ""
    return str(han_number(match[1]))


def label_of(path: str) -> str:
    """An address as people write it: ``正文/二/（三）`` is 二（三）, ``附件/三/（一）/1`` is 附件三（一）1."""
    part, *inner = path.split("/")
    return part if not inner else ("" if part == "正文" else part) + "".join(inner)
