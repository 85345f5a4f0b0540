"""Cleaning steps that join what a page broke: hard-wrapped lines, titles over two lines, one sentence a line."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from kb.sources import marks
from kb.sources.characters import Edited
from kb.sources.page import Draft, Line
from kb.text import normalise

_ENDS = "。；;：:！？!?…"
_SUBHEADING = 16           # characters of the longest unnumbered sub-heading; 鄞州's have 4 to 10


_CRAMMED = 200           # characters of a line from which on spaces may stand for its paragraphs' ends
# also before (一) with ASCII brackets, and behind the date in the head: 浙政发[2009]69号 2009-11-03 为贯彻…
_PIECES = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f]|\d|\([〇一二三四五六七八九十\d]{1,3}\))"
                     r"|(?<=\d{4}-\d\d-\d\d) (?=[^\x00-\x7f])")


def split_crammed(draft: Draft) -> Edited:
    """A line that a mirror crammed a whole document into, a space where a paragraph ended, is taken apart: a long
    line with several numbers after a space. A space inside a name (中共临海市委 临海市人民政府) is no such end."""
    out: list[Line] = []
    edits: list[tuple[int, str, str]] = []
    for line in draft.lines:
        pieces = _PIECES.split(line.text) if len(line.text) > _CRAMMED and not line.table else []
        if sum(marks.number_of(piece) is not None for piece in pieces) < 3:
            out.append(line)
            continue
        out += [replace(line, text=piece, gap=True) for piece in pieces]
        edits.append((line.number, line.text, "\n".join(pieces)))
    return replace(draft, lines=tuple(out)), edits


def join_wrapped(draft: Draft) -> Edited:
    """Lines of one width that a converter broke anywhere become paragraphs again; on every page a line that
    cannot end there (、 at its end, 《 left open) takes the next one."""
    width = _wrap_width(draft.lines)
    out: list[Line] = []
    edits: list[tuple[int, str, str]] = []
    size = 0                                    # length of the last line taken into the current paragraph
    for line in draft.lines:
        if out and _continues(out[-1], line, size, width):
            joined = _glue(out[-1].text, line.text)
            edits.append((line.number, f"{out[-1].text[-20:]}⏎{line.text[:20]}", joined[-len(line.text) - 20:][:40]))
            out[-1] = out[-1].reading(joined)
        else:
            out.append(line)
        size = len(line.text)
    return replace(draft, lines=tuple(out)), edits


def _glue(a: str, b: str) -> str:
    """Two halves of a broken line. Two Latin words keep a space between them; a word cut in two (A / I) does not."""
    if re.fullmatch(r"第.{1,12}[编章节条](?:之.{1,3})?", a):
        return a + "\u3000" + b
    space = " " if re.search("[A-Za-z]{3}$", a) and re.match("[A-Za-z]{3}", b) else ""
    return a + space + b


def _wrap_width(page: tuple[Line, ...]) -> int | None:
    """Length of a full line where the page is hard-wrapped (a third of its lines end without a mark at nearly the
    same length), else None."""
    texts = [line.text for line in page if not line.table]
    if len(texts) < 8:
        return None
    open_ended = [len(text) for text in texts if text[-1] not in _ENDS and len(text) >= 18]
    if len(open_ended) * 3 < len(texts):
        return None
    counts = Counter(open_ended)
    width = max(counts, key=lambda size: sum(counts[near] for near in range(size - 2, size + 3)))
    near = sum(counts[size] for size in range(width - 3, width + 4))
    return width if near * 10 >= len(open_ended) * 7 else None


def _continues(before: Line, line: Line, size: int, width: int | None) -> bool:
    a, b = before.text, line.text
    if before.table or line.table or before.level or line.level:
        return False
    full = width is not None and width - 4 <= size <= width + 6 and not line.indent
    if _opens(b):            # 〔2 / 021〕31号 and 20 / 22. are numbers cut in two
        return full and (a[-1].isdigit() and b[0].isdigit() or marks.unfinished(a) and a[-1] not in "—（(“")
    number = marks.number_of(a)
    if number is not None and number.rest >= len(a) and number.style.kind != "dash" and not a[0].isascii():
        return True          # 一、 or 第一条 alone on a line: its text is the next one (lists turned into text)
    if marks.is_date_line(b) or marks.opens_trailer(b) or (line.gap and not re.search("[，,。；]", a) and full):
        return False
    if width is not None and full:
        if a[-1] in _ENDS:
            return not line.gap and size >= width - 1 and not marks.is_issuer(b)
        return True
    if marks.is_salutation(b):
        return False
    broken_off = len(a) >= 30 and a[-1] not in _ENDS + "”）)》" and re.search("[，,。]", a) and not line.gap
    if broken_off and marks.is_sentence(b):
        return True
    return marks.unfinished(a) and a[-1] not in "—" and len(a) >= 6 and not _is_cell(a, b)


def _is_cell(a: str, b: str) -> bool:
    return len(a) < 12 and len(b) < 12


def _opens(text: str) -> bool:
    """Whether the line can only begin a paragraph: a number, a dash item, an attachment's mark."""
    number = marks.number_of(text)
    if number is not None:
        return True
    mark = marks.attachment_mark(text)
    return mark is not None


def join_sentences(draft: Draft) -> Edited:
    """On a page that puts every sentence on a line of its own (document-sharing sites do), sentences under one
    heading become one paragraph. Short lines that head a paragraph (调优规划红线。) stay and become headings."""
    page = draft.lines
    if not _one_sentence_a_line(page):
        return draft, []
    out: list[Line] = []
    edits: list[tuple[int, str, str]] = []
    for index, line in enumerate(page):
        following = page[index + 1] if index + 1 < len(page) else None
        if is_subheading(line, following, page[index - 1] if index else None):
            out.append(replace(line, level=7))
        elif out and _takes_sentence(out[-1], line):
            edits.append((line.number, f"{out[-1].text[-20:]}⏎{line.text[:20]}", out[-1].text[-20:] + line.text[:20]))
            out[-1] = out[-1].reading(out[-1].text + line.text)
        else:
            out.append(line)
    note = "本页每句一行，同一标题下的各句已并为一段（原件如何分段，页面上看不出）"
    return replace(draft, lines=tuple(out)).saying(note), edits


def _one_sentence_a_line(page: tuple[Line, ...]) -> bool:
    """Whether nearly no line, numbered ones included, has two sentences. An act of articles is none: the
    paragraphs of an article are one sentence each by custom, and must stay apart."""
    kinds = [number.style.kind for line in page if (number := marks.number_of(line.text)) is not None]
    if kinds.count("article") >= 3:
        return False
    plain = [line.text for line in page
             if not line.table and len(line.text) >= 20 and not marks.is_title(line.text) and line.text[-1] in "。！？"]
    if sum(text.count("“") > text.count("”") for text in plain) * 10 > len(plain):
        return False              # an amending act quotes paragraphs: each opens a quote that only the last closes
    single = sum(len(re.findall("[。！？]", text)) == 1 for text in plain)
    # what a paragraph would begin with stands alone too: 1.着眼…行动。 ——空间整治高标准…。 调优规划红线。
    leads = sum(len(line.text) <= 30 and line.text[-1] == "。" for line in page if not line.table)
    return len(plain) >= 15 and single * 20 >= len(plain) * 19 and leads >= 5 and leads * 10 >= len(plain)


_SHORT = re.compile(rf"[^，,；;：:。\d]{{1,{_SUBHEADING}}}。")      # a sentence that could be a sub-heading
# 本意见自公布之日起30日后施行。 below a short sentence does not make it a heading
_COMES_INTO_FORCE = re.compile(r"本.{1,12}自.{2,30}(?:施行|实施|执行)")


def is_subheading(line: Line, following: Line | None, before: Line | None) -> bool:
    """调优规划红线。 before a longer paragraph: an unnumbered heading.

    Of several short sentences in a row (坚持创新驱动。坚持融合发展。) none is.
    """
    text = line.text
    if before is not None and not before.table and marks.number_of(before.text) is None and _SHORT.fullmatch(
            before.text):
        return False
    if following is not None and _COMES_INTO_FORCE.match(following.text):
        return False
    if following is None or line.table or following.table or len(text) > _SUBHEADING or line.level:
        return False
    if text[-1] != "。" or re.search(r"[，,；;：:\d]", text) or marks.number_of(text) is not None:
        return False
    return not re.match(r"特此|现予|以上|此[件致复]", text) and len(following.text) >= 2 * len(text) \
        and following.text[-1] in "。；;" and not _opens(following.text)


def _takes_sentence(before: Line, line: Line) -> bool:
    if before.level or line.level or before.table or line.table or _opens(line.text):
        return False
    folded = normalise(before.text)
    if folded.count("(") > folded.count(")"):
        return True                                  # （责任单位：……。各平台为责任主体）
    if marks.opens_trailer(line.text) or marks.opens_trailer(before.text) or before.text[-1] not in "。！？；":
        return False
    bracketed = line.text[0] in "(（" and line.text[-1] in ")）" and len(line.text) > 8      # （责任单位：……）
    if line.text[-1] not in "。！？；" and not bracketed:
        return False
    number = marks.number_of(before.text)
    if number is None:
        return len(before.text) >= 16
    # 一、… and （一）… and 1.… are headings of their own here; a dash item's first sentence opens its paragraph
    return number.style.kind == "dash" or len(before.text) > 60
