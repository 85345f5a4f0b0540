"""Cleaned lines -> the Markdown body: title, headings by the numbering's style, paragraphs, tables, attachments.

The characters stay as published; only the order of marks around them is made here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from kb.numbering import Number, decimal_outline
from kb.sources import marks
from kb.sources.joining import is_subheading
from kb.sources.page import Line
from kb.text import normalise

_LEVEL = {"chapter": 2, "division": 3, "section": 2, "subsection": 3, "item": 4, "subitem": 5}
_RUN_IN = 30           # characters of the longest run-in heading that gets a line of its own; 临海's longest has 22
# A short first sentence that rules rather than names: it stays with its text.
_OPERATIVE = re.compile(r"\d+(?:\.\d+)?\s*(?:%|％|万|亿|元|家|个|亩|项|倍|人|年|月|日|天)|给予|不得|应当|可以|按照|《|"
                        r"责任单位")

_IN_CHARGE = re.compile(r"\s*\([^()]*(?:责任|牵头|负责|配合|分工)(?:[^()]|\([^()]*\))*\)。?\s*")


def body(lines: Sequence[Line]) -> str:
    """The Markdown body of cleaned ``lines``, whose first is the title. Ends with a line end."""
    return _Body(lines).render()


@dataclass(slots=True)
class _Body:
    lines: Sequence[Line]
    blocks: list[str] = field(default_factory=list)
    level: int = 1             # of the last numbered heading
    signed: bool = False       # the part's date has been seen
    articles: bool = False     # the part is numbered by 第一条: what stands below is items
    sections: int = 0          # the last 一、 of a part whose articles stand in sections
    quoted: str = ""           # titles that the notice says it sends out
    outline: dict[int, Number] = field(default_factory=dict)       # 1 总则 / 1.1 编制目的, by line

    def render(self) -> str:
        self.outline = decimal_outline(["" if line.table else normalise(line.text) for line in self.lines])
        self.quoted = " ".join(re.findall("《[^》]{4,}》", "\n".join(line.text for line in self.lines[:12])))
        index = 0
        while index < len(self.lines):
            index = self._place(index)
        return "\n\n".join(self.blocks) + "\n"

    def _place(self, index: int) -> int:
        """Write the block that begins at ``index``; the index after it."""
        line = self.lines[index]
        text = line.text
        if index == 0 and line.level == 1:
            return self._write("# " + text, index)
        if line.table:
            return self._write(text, index)
        mark = marks.attachment_mark(text)
        if mark is not None:
            return self._list(index) if self._is_list(index, mark[1]) else self._attachment(index, *mark)
        number = self.outline.get(index) or marks.number_of(text)
        if number is not None:
            return self._numbered(index, number)
        if marks.is_date_line(text) and self._short_before(index):
            self.signed = True
            return self._write(text, index)
        if self._is_inner_title(index):
            return self._inner_title(index)
        following = self.lines[index + 1] if index + 1 < len(self.lines) else None
        if line.level == 7 or self._is_plain_subheading(line, following, self.lines[index - 1] if index else None):
            return self._write("#" * min(self.level + 1, 6) + " " + text, index)
        return self._write(text, index)

    def _write(self, block: str, index: int) -> int:
        row = block[0] == "|" == block[-1]
        if row and self.blocks and self.blocks[-1][0] == "|" and not self.lines[index].table:
            self.blocks[-1] += "\n" + block      # a pipe table of a text file, row by row
            return index + 1
        self.blocks.append(block)
        return index + 1

    # Attachments

    def _is_list(self, index: int, rest: str) -> bool:
        """Whether 附件：… opens the list above the signature rather than an attachment: what follows up to the
        next signature, trailer or mark has neither a sentence nor a section."""
        if not rest and self.lines[index].text[-1] not in ":：":
            return False
        for line in self.lines[index + 1:]:
            if (marks.is_issuer(line.text) or marks.is_date_line(line.text) or marks.opens_trailer(line.text)
                    or marks.attachment_mark(line.text) is not None):
                return True
            number = marks.number_of(line.text)
            if line.table or marks.is_sentence(line.text) or (
                    number is not None and number.style.kind in ("section", "subsection", "chapter", "article")):
                return False
        return True

    def _list(self, index: int) -> int:
        """The list of attachments, one a block; a name broken over two lines becomes one."""
        items = [self.lines[index].text]
        at = index + 1
        while at < len(self.lines):
            text = self.lines[at].text
            mark = marks.attachment_mark(text)
            if (self.lines[at].table or marks.is_issuer(text) or marks.is_date_line(text) or marks.opens_trailer(text)
                    or marks.is_sentence(text) or (mark is not None and not mark[1])):
                break
            if mark is not None or marks.number_of(text) is not None:
                items.append(text)
            elif not re.search(r"[:：]$", items[-1]) and marks.kind_in(items[-1]) is None:
                items[-1] += text          # 台州: …“腾笼换鸟、凤凰涅槃”攻 / 坚行动方案（2021—2023年）
            elif re.search(r"[:：]$", items[-1]) or marks.unfinished(items[-1]):
                items.append(text)
            else:
                break
            at += 1
        self.blocks += items
        return at

    def _open_part(self) -> None:
        self.level, self.signed, self.articles, self.sections = 1, False, False, 0

    def _attachment(self, index: int, mark: str, rest: str) -> int:
        self.blocks.append("# " + mark)
        self._open_part()
        if rest:
            self.blocks.append("# " + rest)
            return index + 1
        title, at = self._title_from(index + 1)
        if title:
            self.blocks.append("# " + title)
        return at

    def _title_from(self, index: int) -> tuple[str, int]:
        """The title that stands at ``index``, over up to four lines, and the index after it."""
        title, at = "", index
        while at < len(self.lines) and at < index + 4:
            line = self.lines[at]
            text = line.text
            if (line.table or marks.is_sentence(text) or marks.is_salutation(text) or text[-1] in "。；：:"
                    or len(text) > 60 or marks.number_of(text) is not None or marks.opens_trailer(text)
                    or marks.attachment_mark(text) is not None or (not title and text[0] in "（(")):
                break
            if title and not marks.unfinished(title) and re.fullmatch(r"[（(].{1,40}[）)]", text):
                return title + text, at + 1            # 工业项目履约监管协议书 / （示范文本）
            whole = bool(title) and marks.kind_in(title) is not None and not marks.unfinished(title)
            if whole:
                break
            if title and not whole and not marks.unfinished(title) and marks.kind_in(text) is None:
                break
            title += text
            at += 1
        return title, at

    # Titles inside the main act

    def _short_before(self, index: int) -> bool:
        return index > 0 and len(self.lines[index - 1].text) <= 100

    def _is_inner_title(self, index: int) -> bool:
        """The plan's title below a notice's signature, or where the notice names it (《…》印发给你们)."""
        line = self.lines[index]
        if line.table or marks.is_sentence(line.text) or marks.is_issuer(line.text) or line.text[-1] in "。：:；，":
            return False
        title, _ = self._title_from(index)
        if not title or len(title) < 5 or marks.kind_in(title) is None:
            return False
        names = self.quoted + " " + (self.lines[0].text if index else "")
        return self.signed or (len(title) > 8 and marks.holds_title(names, title))

    def _inner_title(self, index: int) -> int:
        title, at = self._title_from(index)
        self.blocks.append("# " + title)
        self._open_part()
        return at

    # Numbers

    def _numbered(self, index: int, number: Number) -> int:
        text = self.lines[index].text
        kind = number.style.kind
        if kind == "article":
            self.articles = True
        grouping = kind == "section" and self._groups_articles(number)
        level = _LEVEL.get(kind)
        if level is None or (self.articles and kind in ("section", "subsection", "item", "subitem") and not grouping):
            return self._write(text, index)
        if kind in ("chapter", "division"):
            self.level = level
            return self._write("#" * level + " " + text, index)
        stop = self._heading_end(index, number)
        if stop is None or self._is_item(index, number):
            return self._write(text, index)
        self.level = level
        self.blocks.append("#" * level + " " + text[:stop].strip())
        if rest := text[stop:].strip():
            self.blocks.append(rest)
        return index + 1

    def _groups_articles(self, number: Number) -> bool:
        """Whether 一、 heads a group of articles (一、支持创新 / 第一条 … / 二、支持技改 / 第三条 …) rather than lists
        within one: such numbers begin above the first article and run on."""
        if self.articles and (not self.sections or number.value != self.sections + 1):
            return False
        self.sections = number.value
        return True

    def _heading_end(self, index: int, number: Number) -> int | None:
        """Where the heading of a numbered line ends, or None where the line has none."""
        text = self.lines[index].text
        folded = normalise(text)
        stop = folded.find("。", number.rest)
        size = (stop if stop >= 0 else len(folded)) - number.rest
        if size <= 0 or _OPERATIVE.search(folded[number.rest:number.rest + size]) and stop >= 0:
            return None
        if stop >= 0 and _IN_CHARGE.fullmatch(folded, stop + 1):
            return None             # 2.落实印花税核定征收管理办法。（责任单位：市税务局）: the sentence is the rule
        if 0 <= stop < len(folded.rstrip()) - 1:
            return stop + 1 if size <= _RUN_IN else None
        if size > 2 * _RUN_IN or folded[-1] in ";,、":
            return None
        coarse = number.style.kind in ("section", "subsection")
        if coarse and folded[-1] not in "。:":
            return len(text)
        return len(text) if self._text_follows(index, number) and size <= _RUN_IN + 10 else None

    def _text_follows(self, index: int, number: Number) -> bool:
        if index + 1 >= len(self.lines):
            return False
        following = self.lines[index + 1]
        other = self.outline.get(index + 1) or marks.number_of(following.text)
        if other is not None:
            return other.style.rank > number.style.rank
        return (not marks.is_issuer(following.text) and not marks.is_date_line(following.text)
                and not marks.opens_trailer(following.text) and marks.attachment_mark(following.text) is None)

    def _is_item(self, index: int, number: Number) -> bool:
        """Whether the line is one of a list of items (（一）…；（二）…。) rather than a heading: one of its
        neighbours in the list ends with a semicolon."""
        run = [self.lines[index].text]
        for step in (-1, 1):
            at = index + step
            while 0 <= at < len(self.lines):
                other = marks.number_of(self.lines[at].text)
                if other is not None and other.style.name == number.style.name:
                    run.append(self.lines[at].text)
                elif other is None or other.style.rank < number.style.rank:
                    break
                at += step
        return any(text[-1] in "；;" for text in run)

    # Unnumbered sub-headings

    def _is_plain_subheading(self, line: Line, following: Line | None, before: Line | None) -> bool:
        """A short line without a mark at its end above a paragraph, or a page's own heading element."""
        text = line.text
        if self.level == 1 or following is None or following.table or len(text) > _RUN_IN:
            return False
        if is_subheading(line, following, before):
            return True
        return (line.level > 1 or text[-1] not in "。；：:，,、！？") and len(text) <= 20 and len(text) >= 4 and \
            marks.is_sentence(following.text) and len(following.text) >= 2 * len(text) and \
            not marks.is_issuer(text) and not re.search(r"[，；：\d|]", text) and not text.startswith(("（", "("))
