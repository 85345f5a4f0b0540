"""Cleaning steps that take a site's own lines from around a document, and the particulars out of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from kb.sources import labels, marks
from kb.sources.characters import Edited
from kb.sources.page import Draft, Line
from kb.vocabulary import table

_TOKENS = re.compile(r"[\s|｜·•●»>＞:：【】\[\]（）()<＜/、,，+―—-]+")
_BULLET = re.compile(r"^[\s•·●■◆▪※]+")


@cache
def _patterns(where: str) -> re.Pattern[str]:
    rows = [row["pattern"] for row in table("furniture.tsv") if row["where"] == where]
    return re.compile("|".join(f"(?:{row})" for row in rows))


def is_furniture(line: Line | str) -> bool:
    """Whether a site wrote the line around the document: words of its menus and buttons alone, a breadcrumb, a
    copyright line. Only asked above a document's title and below its end."""
    text = line if isinstance(line, str) else line.text
    if "\n" in text:      # a table that only lays out a page's foot
        cells = [cell.strip() for cell in re.split(r"[|\n]", text) if cell.strip(" -")]
        return bool(cells) and all(is_furniture(cell) for cell in cells)
    close = re.sub(r"\s+", "", _BULLET.sub("", text))
    if not close:
        return True
    if _patterns("site").search(close) or (_patterns("line").search(close) and not marks.is_sentence(text)):
        return True
    if is_breadcrumb(text):
        return True
    words = [word for word in _TOKENS.split(_BULLET.sub("", text)) if word]
    return all(_is_word(word) for word in words)


def ends_page(text: str) -> bool:
    """Whether a site's line opens what stands below a document: buttons, neighbours, who runs the site."""
    return _patterns("end").search(re.sub(r"\s+", "", text)) is not None


def _is_word(word: str) -> bool:
    return _patterns("word").fullmatch(word) is not None or word.isdigit() or word in ("年", "月", "日")


def is_breadcrumb(text: str) -> bool:
    """首页 > 政务公开 > 政策文件."""
    return not marks.is_sentence(text) and len(text) < 160 and (
        len(re.findall(r"\s[>＞»›]|[>＞»›]\s|>>", text)) >= 2
        or re.match(r"(?:首\s*页|主页)\s*[>＞»›/→-]", text) is not None
        or re.match(r"^[>＞»›]\s*\S", text) is not None)


def cut_page_marks(draft: Draft) -> Edited:
    """Page numbers (—16—, 第2页/共25页) and a reader's buttons, wherever they stand; the sentence that a page
    number cut in two is joined by a later step."""
    kept, edits = [], []
    for line in draft.lines:
        close = re.sub(r"\s+", "", line.text)
        if not line.table and _patterns("page").fullmatch(close):
            edits.append((line.number, line.text, ""))
        else:
            kept.append(line)
    return replace(draft, lines=tuple(kept)), edits


def take_particulars(draft: Draft) -> Edited:
    """Rows of labels and values (索引号: … 文号: …) above the body and below its end become ``meta``.

    A label whose value stands on the next line (钱塘) takes it. A line that is not a row of labels stays. In the
    body a colon is a colon: rows are only taken before the first number or salutation, and after the last sentence.
    """
    first, last = _body_bounds(draft.lines)
    meta: dict[str, str] = dict(_from_tags(draft.meta))
    kept: list[Line] = []
    edits: list[tuple[int, str, str]] = []
    waiting: str | None = None
    for index, line in enumerate(draft.lines):
        if first <= index < last or line.table:
            waiting = None
            kept.append(line)
            continue
        pairs = labels.pairs(line.text)
        if not pairs and labels.is_label(line.text) and labels.field_of(line.text) != "-" and (waiting or any(
                labels.is_label(other.text) for other in draft.lines[index + 1:index + 4])):
            pairs = ((line.text, ""),)      # 索引号 / value / 文号 / value, a cell a line
        if waiting and not pairs and _is_value(line.text):
            _note(meta, waiting, line.text)
            edits.append((line.number, line.text, ""))
            waiting = None
            continue
        if pairs and not _is_list_of_attachments(pairs):
            for label, value in pairs:
                _note(meta, label, value)
            waiting = pairs[-1][0] if not pairs[-1][1] else None
            edits.append((line.number, line.text, ""))
            continue
        waiting = None
        kept.append(line)
    return replace(draft, lines=tuple(kept), meta=meta), edits


def _is_list_of_attachments(pairs: tuple[tuple[str, str], ...]) -> bool:
    return pairs[0][0].startswith("附件")


def _is_value(text: str) -> bool:
    spread = text.count(" ") >= 3           # 关 键 词： / 某市 关于 推进 工业 园区 更新 实施 意见
    return len(text) <= 60 and (spread or not marks.is_title(text)) and not marks.is_sentence(text) and \
        not marks.is_salutation(text)


def _note(meta: dict[str, str], label: str, value: str) -> None:
    field = labels.field_of(label)
    value = value.strip()
    if field and field != "-" and value and value not in ("无", "/", "-", "暂无", "——", "--"):
        meta.setdefault(field, value)


def _from_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in tags.items():
        _note(found, name, value)
    return found


def _body_bounds(page: tuple[Line, ...]) -> tuple[int, int]:
    """Indices of the first line that only a document has (a salutation, a first number, a sentence of some
    length) and after the last such line."""
    def first_sign(line: Line) -> bool:
        number = marks.number_of(line.text)
        return not is_furniture(line) and not labels.pairs(line.text) and (
            (number is not None and number.value == 1 and number.style.kind in ("section", "chapter", "article"))
            or marks.is_salutation(line.text) or (marks.is_sentence(line.text) and len(line.text) >= 30))

    def last_sign(line: Line) -> bool:
        return is_document_line(line)

    signs = [index for index, line in enumerate(page) if first_sign(line)]
    ends = [index for index, line in enumerate(page) if last_sign(line)]
    first = signs[0] if signs else len(page)
    last = ends[-1] + 1 if ends else first
    return first, max(first, last)


def is_document_line(line: Line) -> bool:
    """Whether a line can only be the document's: a sentence, a number with text, a table, its foot."""
    text = line.text
    if line.table:
        return not is_furniture(line)
    if is_furniture(line) or line.link or labels.pairs(text):
        return False
    number = marks.number_of(text)
    return (marks.is_sentence(text) or marks.is_date_line(text) or marks.opens_trailer(text)
            or (number is not None and len(text) > number.rest + 2)
            or (marks.attachment_mark(text) is not None and not marks.file_name(text)))
