"""Lines -> provisions: one pass, a stack of the provisions that are open.

The Markdown level of a heading never decides about nesting; the style of its number does. What ``parse`` guarantees:
every provision's ``text`` is ``document.text[start:end]`` and its ``heading`` is
``document.text[heading_start:heading_end]``; spans of texts and headings do not overlap; every line of the document
stands in one of them or opens a provision; paths are unique; the order is the document's.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from kb.models import Document, NumberingWarning, Provision, ProvisionKind, Span
from kb.numbering import Number
from kb.parse.headings import is_subheading, split_heading, titled_articles
from kb.parse.lines import Line, read_lines, strip

# 本方案自印发之日起施行, 原有关规定与本意见不一致的，以本意见为准
# 特此公告。 and 感谢你们对…的支持。 close a public notice and a reply to delegates
_CLOSING = re.compile(r"(?:本|此前|以往|原有?|自|以上|上述|各地).{0,60}?(?:施行|实施|执行|有效期|废止|解释|为准)"
                      r"|特此\w{2,4}。?$|(?:再次)?感谢.{2,60}[。!]$")
_CLOSING_HEADINGS = re.compile(
    r"附\s*则|其[他它].{0,4}|施行.*|实施(?:时间|日期|期限)|生效.*|有效期.*|.{0,4}说明")
_CLOSING_LINE = 200     # characters of the longest closing paragraph
_TITLE = 40             # characters of the longest title line of an attachment without a Markdown mark

# Ranks of what carries no number; those of numbers stand in numbering.STYLES.
_PART, _CLOSING_RANK, _ARTICLE_ITEM, _HEADING, _SIGNATURE, _PREAMBLE = 0, 5.3, 5.5, 10, 20, 99
_UNDER_SECTION = 5.2    # an article below 一、, in policies that group their articles so


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document's provisions in document order, and what is odd about its numbering."""

    provisions: tuple[Provision, ...]
    warnings: tuple[NumberingWarning, ...]


@dataclass(slots=True, eq=False)
class _Node:
    """A provision while it grows. ``last`` holds the last number of each style among its children."""

    path: str
    parent: _Node | None
    kind: ProvisionKind
    rank: float
    style: str = ""
    heading: Span = Span(0, 0)
    own: Span | None = None
    unnumbered: Counter[str] = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)

    def take(self, span: Span) -> None:
        """Add a stretch that follows what the provision holds already."""
        if len(span):
            self.own = span if self.own is None else Span(self.own.start, span.end)


def parse(document: Document) -> Parsed:
    """Provisions of ``document`` with their addresses and spans, and warnings about its numbering."""
    return _Tree(document).grow()


def label_of(path: str) -> str:
    """An address as people write it: ``正文/二/（三）`` is 二（三）, ``附件/三/（一）/1`` is 附件三（一）1.

    ``正文/3/3.1/（2）`` is 3.1（2）.
    """
    part, *inner = path.split("/")
    deepest = max((at for at, label in enumerate(inner) if "." in label), default=0)
    if deepest:                 # a decimal number holds those above it
        inner = inner[deepest:]
    return part if not inner else ("" if part == "正文" else part) + "".join(inner)


class _Tree:
    """The growing tree: ``nodes`` in document order, ``stack`` from the current part to the open provision."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.lines = read_lines(document.text)
        self.titled = titled_articles(self.lines)
        self.nodes: list[_Node] = []
        self.stack: list[_Node] = []
        self.attachments = 0
        openers = [line for line in self.lines if line.attachment]
        self.single_attachment = len(openers) == 1 and openers[0].attachment_number is None
        self.running: dict[str, int] = {}      # last number of each style in the part: numbers may run on (1…16)
        self.seen: Counter[str] = Counter()
        self.warnings: list[NumberingWarning] = []
        self.numbered = False                  # whether the current part has shown its first number
        self.signing = False                   # inside a signature block

    def grow(self) -> Parsed:
        self.open_part("正文", Span(0, 0))
        index = 0
        while index < len(self.lines):
            index += 1 + self.place(index, self.lines[index])
        self.rename_only_attachment()
        kept = [node for node in self.nodes if node.parent or node.heading.end or len(self.nodes) > 1]
        return Parsed(tuple(self.provision(ordinal, node) for ordinal, node in enumerate(kept, 1)),
                      tuple(self.warnings))

    @property
    def part(self) -> _Node:
        return self.stack[0]

    @property
    def top(self) -> _Node:
        return self.stack[-1]

    def following(self, index: int) -> Line | None:
        return self.lines[index + 1] if index + 1 < len(self.lines) else None

    def place(self, index: int, line: Line) -> int:
        """Hang one line into the tree; says how many of the lines after it were used up with it."""
        if line.attachment:
            return self.attachment(index, line)
        if line.level == 1 and not line.number:
            self.title(index, line)
        elif line.table or (self.signing and not self.restarts(line)):
            self.paragraph(line)
        elif self.signs(index, line):
            self.signature(line)
        elif line.number:
            self.numbered_line(index, line, line.number)
        elif (self.numbered or line.level) and is_subheading(
                line, self.following(index), self.lines[index - 1] if index else None):
            self.subheading(line)
        elif self.closes(index, line):
            self.add("末", self.part, "closing", _CLOSING_RANK, line.span)
        elif article := self.article_to_resume():
            self.add("末", article, "closing", _ARTICLE_ITEM, line.span)
        else:
            self.paragraph(line)
        return 0

    def paragraph(self, line: Line) -> None:
        if self.top.kind == "part":
            self.add("序", self.part, "preamble", _PREAMBLE, line.span)
        else:
            self.top.take(line.span)

    # Parts and titles

    def open_part(self, path: str, heading: Span) -> None:
        node = _Node(self.unique(path), None, "part", _PART, heading=heading)
        self.nodes.append(node)
        self.stack = [node]
        self.running = {}
        self.numbered = self.signing = False

    def attachment(self, index: int, line: Line) -> int:
        match = line.attachment
        assert match is not None
        self.attachments += 1
        number = line.attachment_number or self.attachments
        heading = Span(line.span.start + match.start("title"), line.span.end) if match["title"] else None
        used = 0
        while match["title"] == "" and used < 3 and (title := self.following(index + used)) and _is_title(title):
            if used and title.level != self.lines[index + used].level:
                break
            heading = Span(heading.start if heading else title.span.start, title.span.end)
            used += 1
        path = "附件" if self.single_attachment else f"附件{number}"
        self.open_part(path, heading or Span(line.span.end, line.span.end))
        return used

    def title(self, index: int, line: Line) -> None:
        """An H1: the document's title, or inside the main act that of the plan which a 印发通知 sends out (钱塘)."""
        if index == 0:
            self.part.heading = line.span
            return
        if self.numbered:       # the notice was numbered itself, so a second numbering starts here
            self.attachments += 1
            self.open_part(f"附件{self.attachments}", line.span)
            return
        self.signing = False
        preamble = next((node for node in reversed(self.nodes)
                         if node.parent is self.part and node.kind == "preamble"), None)
        self.stack = [self.part] + ([preamble] if preamble else [])
        if preamble is None:
            self.add("序", self.part, "preamble", _PREAMBLE, Span(line.span.start, line.span.start))
        self.add_unnumbered("·", self.top, line.span, None)

    # Signature

    def signs(self, index: int, line: Line) -> bool:
        if line.is_contact and self.top.own is None and self.top.style:
            return False                            # 四、联系方式 / 联系人：…: what the clause says
        if line.opens_signature:
            return True
        ahead = index
        while ahead < len(self.lines) and self.lines[ahead].is_issuer:      # 成都: four offices sign one notice
            ahead += 1
        return line.is_issuer and any(later.is_date for later in self.lines[index + 1:max(index + 4, ahead + 1)])

    def signature(self, line: Line) -> None:
        under = next((node for node in self.stack if node.kind == "preamble"), self.part)
        self.signing = True
        self.stack = self.stack[:self.stack.index(under) + 1]
        self.add("落款", under, "signature", _SIGNATURE, line.span)

    def restarts(self, line: Line) -> bool:
        """A numbered section ends a notice's signature even where the plan's title has no Markdown mark."""
        number = line.number
        return bool(number and number.value == 1 and not self.numbered
                    and number.style.kind in ("section", "chapter", "article"))

    # Numbers

    def numbered_line(self, index: int, line: Line, number: Number) -> None:
        self.numbered, self.signing = True, False
        style = number.style
        parent = self.parent_for(number)
        if style.kind == "dash":
            parent.unnumbered["—"] += 1
            label = f"—{parent.unnumbered['—']}"
        else:
            label = number.label
        # Articles are numbered through: a chapter is not part of an article's path.
        root = self.part if style.kind in ("chapter", "division", "article") else parent
        self.check(line, parent, f"{root.path}/{label}", number)
        in_article = any(node.kind == "article" for node in self.stack)
        heading, own = split_heading(self.text, line, "article" if in_article else style.kind,
                                     followed=self.is_followed(index, number), titled=self.titled)
        self.add(label, parent, style.kind, style.rank, own, root=root, heading=heading, style=style.name)

    def parent_for(self, number: Number) -> _Node:
        """Close what the number ends; the open provision it hangs under."""
        for depth, node in enumerate(self.stack):
            if node.style == number.style.name and not self.lists_in_article(depth, number):
                del self.stack[depth:]
                return self.top
        titled = self.top.parent is not None and self.top.parent.kind == "preamble"     # a plan's title, no sub-heading
        if self.top.kind == "heading" and number.value == 1 and self.top.own is None and not titled:
            return self.top                         # unnumbered headings above numbered items
        rank: float = number.style.rank
        if number.style.kind == "section" and any(node.kind == "article" for node in self.stack):
            rank = _ARTICLE_ITEM                    # older laws number the items of an article 一、二、
        elif number.style.kind == "article":
            rank = _UNDER_SECTION                   # 一、支持创新 / 第一条 … / 二、支持技改 / 第三条 …
        while len(self.stack) > 1 and self.top.rank >= rank:
            self.stack.pop()
        return self.top

    def lists_in_article(self, depth: int, number: Number) -> bool:
        """Whether 一、 belongs to a list inside an article rather than to the groups of articles at ``depth``."""
        inside = self.stack[depth + 1:]
        if number.style.kind != "section" or not any(node.kind == "article" for node in inside):
            return False
        item = next((node for node in inside if node.style == number.style.name), None)
        if item is None or item.parent is None:
            return number.value == 1
        ends = self.text[item.own.end - 1] if item.own else ""
        outer = self.stack[depth].parent
        return number.value == item.parent.last.get(number.style.name, 0) + 1 and (
            ends in "；;" or outer is None or number.value != outer.last.get(number.style.name, 0) + 1)

    def check(self, line: Line, parent: _Node, path: str, number: Number) -> None:
        """Warn of a number that is neither the next among its siblings nor the next of its style in the part."""
        style = number.style
        running, self.running[style.name] = self.running.get(style.name, 0), number.value
        before = running if style.kind in ("article", "chapter") else parent.last.get(style.name, 0)
        parent.last[style.name] = number.value
        if style.kind == "dash" or "之" in number.label or number.value == before + 1:
            return
        if not before and number.value in (1, running + 1):
            return
        if number.value == before:
            problem = f"编号 {number.label} 重复"
        elif number.value > before:
            problem = f"编号 {number.label} 之前缺号，上一号为 {before or '无'}"
        else:
            problem = f"编号 {number.label} 倒退，上一号为 {before}"
        self.warnings.append(NumberingWarning(self.document.id, path, line.row, problem))

    def is_followed(self, index: int, number: Number) -> bool:
        following = self.following(index)
        if following is None or following.level == 1 or self.signs(index + 1, following):
            return False
        return following.number is None or following.number.style.rank > number.style.rank

    # Unnumbered lines

    def subheading(self, line: Line) -> None:
        for depth, node in enumerate(self.stack):
            if node.kind == "heading" and node.parent and node.parent.kind != "preamble":
                del self.stack[depth:]
                break
        while len(self.stack) > 1 and self.top.rank >= _HEADING:
            self.stack.pop()
        stop = line.folded.find("。")
        end = line.span.end if stop < 0 else line.span.start + stop
        own = strip(self.text, Span(end + 1, line.span.end)) if stop >= 0 else None
        self.add_unnumbered("·", self.top, Span(line.span.start, end), own)

    def closes(self, index: int, line: Line) -> bool:
        """Closing provisions without a number: 钱塘's 本方案自印发之日起施行 after the text of 五（四）."""
        if not self.numbered or self.top.own is None or self.top.kind in ("closing", "signature", "article"):
            return False
        if not _CLOSING.match(line.folded) or any(
                _CLOSING_HEADINGS.fullmatch(node.heading.of(self.text)) for node in self.stack[1:]):
            return False
        for ahead, following in enumerate(self.lines[index + 1:], index + 1):
            if following.attachment or self.signs(ahead, following):
                return True
            if following.level or following.number or len(following.folded) > _CLOSING_LINE:
                return False
        return True

    def article_to_resume(self) -> _Node | None:
        """The article whose own paragraph follows its items: the last item ended with a full stop."""
        if self.top.kind not in ("section", "subsection", "item") or self.top.own is None:
            return None
        if self.text[self.top.own.end - 1] not in "。.":
            return None
        return next((node for node in self.stack if node.kind == "article"), None)

    # Growing

    def add_unnumbered(self, sign: str, parent: _Node, heading: Span, own: Span | None) -> None:
        parent.unnumbered[sign] += 1
        self.add(f"{sign}{parent.unnumbered[sign]}", parent, "heading", _HEADING, own, heading=heading)

    def add(self, label: str, parent: _Node, kind: ProvisionKind, rank: float, own: Span | None, *,
            root: _Node | None = None, heading: Span | None = None, style: str = "") -> None:
        if heading is None:
            heading = Span(own.start, own.start) if own else Span(0, 0)
        node = _Node(self.unique(f"{(root or parent).path}/{label}"), parent, kind, rank, style, heading)
        if own is not None:
            node.take(own)
        self.nodes.append(node)
        self.stack.append(node)

    def unique(self, path: str) -> str:
        """A number that stands twice under one parent gets ``#2``; a warning says so."""
        self.seen[path] += 1
        return path if self.seen[path] == 1 else f"{path}#{self.seen[path]}"

    def rename_only_attachment(self) -> None:
        """附件, not 附件1, where the one plan that a numbered notice sends out shows no number (磐安)."""
        parts = {node.path for node in self.nodes if node.parent is None}
        if parts == {"正文", "附件1"} and not any(line.attachment for line in self.lines):
            for node in self.nodes:
                node.path = re.sub("^附件1", "附件", node.path)
            self.warnings = [replace(warning, path=re.sub("^附件1", "附件", warning.path)) for warning in self.warnings]

    def provision(self, ordinal: int, node: _Node) -> Provision:
        own = node.own or Span(node.heading.end, node.heading.end)
        return Provision(
            document_id=self.document.id, path=node.path, label=label_of(node.path),
            parent=node.parent.path if node.parent else None, ordinal=ordinal, depth=node.path.count("/"),
            kind=node.kind, heading=node.heading.of(self.text), text=own.of(self.text),
            start=own.start, end=own.end, heading_start=node.heading.start, heading_end=node.heading.end)


def _is_title(line: Line) -> bool:
    """Whether a line under 附件 belongs to the attachment's title: an H1, or a short line that no mark closes."""
    if line.table or line.number or line.attachment:
        return False
    return line.level == 1 if line.level else len(line.folded) <= _TITLE and not re.search("[。:;]|,$", line.folded)
