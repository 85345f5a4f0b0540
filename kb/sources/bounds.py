"""Cleaning steps that find where a document begins and ends on its page, by its own form: title, salutation,
numbering, signature. What a page has around it is not listed anywhere but in furniture.tsv."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from kb.sources import labels, marks
from kb.sources.characters import Edited
from kb.sources.furniture import ends_page, is_document_line, is_furniture
from kb.sources.page import Draft, Line

_TITLE_LINES = 4      # lines that a title is broken over at most
_SITE_TAIL = re.compile(r"\s*[-_|–—｜]+\s*[^-_|–—｜]{2,40}$")


def cut_contents(draft: Draft) -> Edited:
    """A table of contents (目录, then chapters that all come again below) goes: its lines would be read as empty
    chapters."""
    page = draft.lines
    for start, line in enumerate(page):
        if re.sub(r"\s", "", line.text) not in ("目录", "目次"):
            continue
        end = start + 1
        while end < len(page) and _is_entry(page[end].text):
            end += 1
        listed = [_entry_key(entry.text) for entry in page[start + 1:end]]
        # the list ends where its first entry comes again
        if listed and listed[0] in listed[1:]:
            end = start + 2 + listed[1:].index(listed[0])
            listed = listed[:end - start - 1]
        below = {_entry_key(later.text) for later in page[end:]}
        if len(listed) >= 2 and sum(key in below for key in listed) * 10 >= len(listed) * 8:
            edits = [(cut.number, cut.text, "") for cut in page[start:end]]
            return replace(draft, lines=(*page[:start], *page[end:])), edits
    return draft, []


def _is_entry(text: str) -> bool:
    bare = _LEADER.sub("", text)
    return len(bare) <= 60 and text[-1] not in "。；：" and (
        marks.number_of(bare) is not None or _DOTTED.search(text) is not None)


_LEADER = re.compile(r"[\s.…·]*\d*$")
_DOTTED = re.compile(r"(?:\.{3,}|…{2,}|·{3,})\s*\d+$")       # 1.1编制目的…………3


def _entry_key(text: str) -> str:
    return re.sub(r"\s", "", _LEADER.sub("", text))


def cut_head(draft: Draft) -> Edited:
    """Everything above the title goes, and what stands between the title and the first line of the text that is
    a site's. The title's lines become one line, the first of the draft.

    The title is the last title-like line (or lines) before the first salutation, first number or sentence. Where
    the page repeats it (tab, heading, file name), the last repetition counts.
    """
    page = draft.lines
    body = _first_of_body(page)
    found = _title(draft, body)
    if found is None:
        return _untitled(draft, body)
    start, end, title = found
    meta = _letterhead(draft, page[:body] if body > end else page[:end])
    edits = [(line.number, line.text, "") for line in page[:start]]
    edits += [(line.number, line.text, title if line is page[start] else "")
              for line in page[start:end] if end - start > 1 and line.text != title]
    title, number = _without_number(title)
    if number:
        meta = {"doc_number": number, **meta}
    edits += [(page[start].number, page[start].text, title)] if number and end - start == 1 else []
    kept = [replace(page[start], text=title, level=1)]
    # 2021年3月15日…会议通过 between two repetitions of the title is the document's
    kept += [line for line in (*page[:start], *page[start + 1:end])
             if marks.tells_history(line.text) and not is_furniture(line) and not _is_dateline(line.text)]
    edits = [edit for edit in edits if edit[0] not in {line.number for line in kept[1:]}]
    notes = []
    for index, line in enumerate(page[end:], end):
        if index < max(body, end) and (is_furniture(line) or line.link or _is_dateline(line.text)
                                       or _is_number_line(line.text) or _REGISTERED.fullmatch(line.text)):
            edits.append((line.number, line.text, ""))
            continue
        kept.append(line)
        if index < body and not _known_opening(line.text):
            notes.append(f"第{line.number}行在标题与正文之间，不能确定是否为正文，已保留：{line.text[:40]}")
    return replace(draft, lines=tuple(kept), title=title, meta=meta).saying(*notes), edits


_NUMBERED = re.compile(r"\s*[（(]\s*([\u4e00-\u9fff]{2,12}\s*[〔\[［(（]\s*\d{4}\s*[〕\]］)）]\s*第?\s*\d+\s*号?)"
                       r"\s*[)）]$")


def _without_number(title: str) -> tuple[str, str]:
    """A title without the document's own number in brackets at its end, and that number: …的通知(韶府〔2019〕31号)."""
    match = _NUMBERED.search(title)
    return (title[:match.start()], match[1]) if match else (title, "")


def _is_number_line(text: str) -> bool:
    """安政发〔2021〕33号 alone or beside issuer and date of printing: it goes into the front matter."""
    numbers = marks.doc_numbers(text)
    if len(numbers) != 1 or "《" in text or len(text) > 60:
        return False
    rest = re.sub(r"\S*?[〔\[［(（]\s*\d{4}\s*[〕\]］)）]\s*第?\s*\d+\s*号?", "", text, count=1).strip(" ()（）")
    return not rest or marks.opens_trailer(rest) or marks.is_issuer(rest)


# HHCR-2023-01005, ZJSP00-2021-0008: the number under which a normative document is registered, alone on its line
_REGISTERED = re.compile(r"[A-Z]{2,8}\d{0,4}[-—－]\d{4}[-—－]\d{3,6}")


def _letterhead(draft: Draft, head: tuple[Line, ...]) -> Mapping[str, str]:
    """The particulars, with the number and the issuer (…人民政府令, …办公室文件) that stand as lines of their own."""
    meta = dict(draft.meta)
    for line in head:
        if "doc_number" not in meta and _is_number_line(line.text.lstrip("> ")):
            meta["doc_number"] = line.text
        if _REGISTERED.fullmatch(line.text):
            meta.setdefault("unified_number", line.text)
        if marks.is_date_line(line.text) and line.text[0] in "(（":
            meta.setdefault("written_on", line.text)       # （2022年2月8日）, as party and state offices date an act
        elif _is_dateline(line.text):
            meta.setdefault("published_on", line.text)
        who = re.fullmatch(r"(.{4,40}?)(?:文件|令)", line.text)
        if who and marks.is_issuer(who[1]):
            meta.setdefault("letterhead", who[1])
    return meta


def _known_opening(text: str) -> bool:
    return (marks.is_salutation(text) or text.startswith(("(", "（")) or marks.is_sentence(text)
            or marks.tells_history(text)
            or re.match(r"\d{1,2}(?:\.\d{1,2})*\s*[\u4e00-\u9fff]", text) is not None
            or (len(text) >= 25 and re.search("[，,：:]", text) is not None))


def _is_dateline(text: str) -> bool:
    """2022-06-14 14:31 来源…, the line of a site under its heading."""
    return re.match(r"^[\s\[(（【]*(?:20|19)\d{2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?[\s\d:：]*"
                    r"(?:$|[\])）】]|\S{0,4}(?:来源|浏览|字号|作者))", text) is not None


def _first_of_body(page: tuple[Line, ...]) -> int:
    """Index of the first salutation, first number or sentence that is no site's; of the salutation where it and the
    title come only below a reporter's words (日前，…印发…的通知。文件指出…。文件详情如下：)."""
    first = _first_sign(page)
    if first >= len(page) or marks.is_salutation(page[first].text) or marks.number_of(page[first].text):
        return first
    above = [line for line in page[:first] if _can_be_title(line)]
    title: Line | None = None
    for index in range(first, len(page)):
        line = page[index]
        if marks.number_of(line.text) is not None:
            break
        if _can_be_title(line) and (not above or any(marks.same_title(line.text, other.text) for other in above)):
            title = line
        elif title is not None and marks.is_salutation(line.text):
            return index
        elif title is not None and marks.is_sentence(line.text):
            title = None
    return first


def _first_sign(page: tuple[Line, ...]) -> int:
    for index, line in enumerate(page):
        text = line.text
        if line.table or is_furniture(line) or labels.pairs(text):
            continue
        number = marks.number_of(text)
        if number is not None and number.value == 1 and number.style.kind not in ("item", "subitem", "dash"):
            return index
        if marks.is_salutation(text) or (marks.is_sentence(text) and not line.link and not marks.is_title(text)):
            return index
    return len(page)


def _title(draft: Draft, body: int) -> tuple[int, int, str] | None:
    page = draft.lines
    named = [_SITE_TAIL.sub("", draft.meta[key]) for key in ("title", "page_title") if draft.meta.get(key)]
    ends = [index for index in range(min(body, len(page))) if _can_be_title(page[index])]
    if not ends:
        return _title_by_name(page, body, named) if named else _title_of_file(page, body) or _title_by_name(
            page, body, named)
    last = next((index for index in reversed(ends) if not page[index].link), ends[-1])
    # Where the page says what it is called, a title-like line that is not that one is a site's or an inner title.
    for name in named:
        same = [index for index in ends if marks.holds_title(_joined(page, index)[1], name)
                or (len(page[index].text) > 12 and marks.holds_title(name, page[index].text))]
        if same:
            last = same[-1]
            break
    start, title = _known_title(page, last, [*named, *(page[index].text for index in ends)]) or _joined(page, last)
    if last + 1 < len(page) and marks.is_variant(page[last + 1].text):
        return start, last + 2, title + page[last + 1].text
    return start, _after_repeat(page, last + 1, title), title


def _known_title(page: tuple[Line, ...], last: int, names: list[str]) -> tuple[int, str] | None:
    """Start and text of the title that ends on line ``last`` where the lines up to it spell one that the page gives
    elsewhere in one piece."""
    for start in range(last - 1, max(-1, last - _TITLE_LINES), -1):
        text = "".join(line.text for line in page[start:last + 1])
        if name := next((name for name in names if marks.same_title(text, name)), None):
            return start, name
    return None


def _after_repeat(page: tuple[Line, ...], end: int, title: str) -> int:
    """Index after the lines that repeat the title, broken over several, right below it; else ``end``."""
    for stop in range(end + 2, min(end + _TITLE_LINES + 3, len(page)) + 1):
        for start in range(end, min(end + 3, stop - 1)):
            if marks.same_title("".join(line.text for line in page[start:stop]), title):
                return stop
    return end


def _can_be_title(line: Line) -> bool:
    return not line.table and marks.is_title(line.text) and not is_furniture(line) and not labels.pairs(line.text) \
        and not marks.file_name(line.text)


def _title_of_file(page: tuple[Line, ...], body: int) -> tuple[int, int, str] | None:
    """The title that only a file's name tells: …实施方案.docx above the text on a document-sharing site."""
    for index in range(min(body, len(page))):
        text = page[index].text
        if marks.file_name(text) and marks.is_title(text) and not labels.pairs(text):
            return index, index + 1, re.sub(r"\.\w{2,5}$", "", text)
    return None


def _title_by_name(page: tuple[Line, ...], body: int, named: list[str]) -> tuple[int, int, str] | None:
    """A title that ends with no known kind: the heading before the body, or the line that the page names."""
    for index in reversed(range(min(body, len(page)))):
        line = page[index]
        if any(marks.same_title(line.text, name) for name in named):
            return index, index + 1, line.text
    for index in reversed(range(min(body, len(page)))):
        line = page[index]
        if line.level in (1, 2) and not is_furniture(line) and len(line.text) >= 6:
            return index, index + 1, line.text
    # the line right above the body, if it is nothing else
    if 0 < body <= len(page):
        index = body - 1
        text = page[index].text
        if (6 <= len(text) <= 80 and not is_furniture(page[index]) and not labels.pairs(text)
                and not _is_dateline(text) and text[-1:] not in "。；：:，"):
            start, title = _joined(page, index)
            return start, index + 1, title
    return None


def _joined(page: tuple[Line, ...], last: int) -> tuple[int, str]:
    """Start and text of the title whose last line is ``last``: lines above it that it needs are taken in.

    台州市人民政府关于实施新一轮制造业 / “腾笼换鸟、凤凰涅槃”攻坚行动的若干意见; 慈溪市人民政府办公室 / 关于…的通知.
    """
    start, title = last, page[last].text
    while start > 0 and last - start < _TITLE_LINES - 1:
        above = page[start - 1]
        text = above.text
        if (above.table or above.link or is_furniture(above) or labels.pairs(text) or len(text) > 60
                or marks.doc_numbers(text) or text[-1:] in "。；：:" or text.endswith("文件")
                or marks.is_date_line(text)):
            break
        issuer = marks.is_issuer(text)
        begins = re.match(r"(?:关于|印发|转发|批转|“|”|、|》|的)", title) is not None
        whole = "关于" in title or "印发" in title
        if marks.is_title(text) and not marks.unfinished(text):
            break
        if issuer and begins:
            start, title = start - 1, text + title
            break
        if marks.unfinished(text) or (not whole and re.search("关于|印发|转发", text)) or (begins and not issuer
                                                                                    and len(text) >= 6):
            start, title = start - 1, text + title
            continue
        # …办公厅关于印发广东省 / 进一步加大力度支持民间投资发展 / 实施方案的通知
        if not whole and start > 1 and not issuer and marks.kind_in(text) is None and _opens_title(page[start - 2]):
            start, title = start - 1, text + title
            continue
        break
    return start, title


def _opens_title(line: Line) -> bool:
    """Whether a title begins on this line and goes on below: …办公厅关于印发广东省."""
    return (re.search("关于|印发|转发", line.text) is not None and marks.kind_in(line.text) is None
            and not line.link and not is_furniture(line) and not marks.is_sentence(line.text))


def _sent_out(page: tuple[Line, ...], body: int) -> str:
    """The name of the plan that a notice without a title sends out: 《…实施方案》已经…同意，现印发给你们."""
    for line in page[body:body + 4]:
        named = re.findall("《([^《》]{6,80})》", line.text) if re.search("(?:印发|转发)给你们", line.text) else []
        if title := next((name for name in named if marks.kind_in(name)), ""):
            return title
    return ""


def _untitled(draft: Draft, body: int) -> Edited:
    """No line is a title: what the site wrote above the body goes, the rest stays."""
    edits, kept = [], []
    for index, line in enumerate(draft.lines):
        if index < body and (is_furniture(line) or line.link or _is_dateline(line.text)):
            edits.append((line.number, line.text, ""))
        else:
            kept.append(line)
    title = next((_SITE_TAIL.sub("", draft.meta[key]) for key in ("title", "page_title") if draft.meta.get(key)), "")
    notes = [] if title else ["没有找到标题，不能建库，请在文件头补上 title"]
    if not title and (title := _sent_out(draft.lines, body)):
        notes = ["页面没有标题，暂取所印发文件的名称，请核对文件头的 title"]
    if title and kept:
        kept.insert(0, Line(kept[0].number, title, level=1))
    return replace(draft, lines=tuple(kept), title=title).saying(*notes), edits


def cut_tail(draft: Draft) -> Edited:
    """What follows the document's last line goes: from a line of the site on, if nothing below it can only be
    the document's. A line that is neither stays, and the report says so."""
    page = draft.lines
    last = max((index for index, line in enumerate(page) if is_document_line(line)), default=0)
    first = next((index for index in range(last + 1, len(page)) if _ends_page(page[index])), len(page))
    # files below 相关资源 or 猜你喜欢 are other documents
    related = next((index for index in range(last + 1, len(page)) if _RELATED.search(page[index].text)), len(page))
    edits = []
    kept = list(page[:last + 1])
    notes = []
    # what follows an attachment's mark without a site's line in between is the attachment (a list of names)
    attached = any(marks.attachment_mark(line.text) == (line.text, "") for line in kept)
    for index in range(last + 1, len(page)):
        line = page[index]
        file = marks.file_name(line.text)
        if (_own_file(line.text, page, last) or index > related) if file else (
                index >= first or is_furniture(line) or line.link or marks.same_title(line.text, page[0].text)):
            edits.append((line.number, line.text, ""))
            continue
        kept.append(line)
        if not (attached or _belongs(line.text)):
            notes.append(f"第{line.number}行在最后一句之后，不能确定是否为正文，已保留：{line.text[:40]}")
    return replace(draft, lines=tuple(kept)).saying(*notes), edits


_RELATED = re.compile(r"^(?:相关(?:资源|文档|文章|推荐|资料)|相似|猜你|热门|最新|推荐)|匹配相似|精品文档")


def _ends_page(line: Line) -> bool:
    return is_furniture(line) and ends_page(line.text)


def _own_file(text: str, page: tuple[Line, ...], last: int) -> bool:
    """附件：….pdf below the end: a link to a copy of what stands above."""
    name = re.sub(r"^(?:相关)?(?:附件|下载|文件|附)*\d*\s*[:：]?\s*(?:[\d一二三四五六七八九十]+[.．、])?\s*", "", text)
    name = re.sub(r"(\.[a-z]{2,4})\s*[(（\[【]?[\d.]*\s*[KMkm]?[Bb]?.*$", r"\1", name)
    above = "\n".join(line.text for line in page[:last + 1])
    return marks.holds_title(above, name) or marks.holds_title(name, page[0].text)


def _belongs(text: str) -> bool:
    number = marks.number_of(text)
    return (text[-1:] in "。；" or marks.is_issuer(text) or marks.is_date_line(text) or marks.opens_trailer(text)
            or marks.attachment_mark(text) is not None or number is not None)
