"""Documents named in a clause: 《…》 with or without a number, numbers alone, and standards.

A citation's relation says what the clause does with it: it rests on it (``basis``), refers to it (``reference``) or
ends it (``repeal``). Everything is matched on the normalised text (brackets of any style are round there) and cut
from the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from kb.models import Citation, CitationRelation, Document
from kb.text import normalise
from kb.vocabulary import lines

#: 浙政发〔2021〕31号, 临市委〔2019〕68号, （浙政发〔2021〕31） without 号, 公告〔2021〕第5号; brackets are folded.
_NUMBER = re.compile(
    r"(?P<organ>[一-鿿]{2,16})\s?[(<](?P<year>(?:19|20)\d\d)[)>]\s?第?(?P<serial>\d{1,4})"
    r"(?!\d)\s?(?P<hao>号?)(?!地块|地铁|楼|线|路|机组|厂房|门)")
#: 国务院令第698号, 浙江省人民政府令第390号: decrees are numbered through, without a year.
_DECREE = re.compile(r"(?P<organ>[一-鿿]{2,20}令)\s?第?\s?(?P<serial>\d{1,4})\s?号")
#: 税务总局公告2021年第5号: announcements of ministries.
_NOTICE = re.compile(r"(?P<organ>[一-鿿]{2,16}[公通]告)\s?(?P<year>(?:19|20)\d\d)年\s?第?(?P<serial>\d{1,4})\s?号")
#: What can stand in front of a number in running text and is no part of it (按照浙政发〔2021〕31号).
_LEAD_IN = re.compile(
    r".*(?:根据|依据|依照|按照|遵照|参照|参考|按|贯彻|落实|执行|符合|对照|详见|见|和|与|及|的|原|由|以|文件|规定|通知|意见|办法|方案)")
#: A number's own year must not be the year of a title or a term: 方案(2021)10项 is not a number.
_MEASURE = re.compile(r"[年月日个项家件条款类万亿元%亩级批次位名人章节]")
_CUE = 12  # characters in front of a title in which the governing verb may stand


@cache
def _standard() -> re.Pattern[str]:
    """DB33/1021-2013, DB331021-2013, GB/T 9704-2012, JGJ/T 229-2010, T/ZZB 0001-2019."""
    codes = "|".join(sorted(lines("standard_prefixes.txt"), key=len, reverse=True))
    return re.compile(
        rf"(?<![A-Za-z0-9])(?P<code>{codes})(?P<place>\d{{2,4}}(?=/))?(?P<kind>(?:/[A-Z]{{1,6}})*)"
        r"(?P<slash>/?)\s?(?P<serial>\d{1,7}(?:\.\d+)?)\s?-\s?(?P<year>(?:19|20)?\d\d)(?![\d年])")


def normalise_number(number: str) -> str | None:
    """The canonical spelling of a document number, or None where ``number`` holds none.

    ``浙政发[2021]31`` and ``（浙政发〔2021〕 31 号）`` become ``浙政发〔2021〕31号``, a decree ``国务院令第698号``,
    a standard ``GB/T 9704-2012``.
    """
    return next((hit.number for hit in _numbers(normalise(number), strict=False)), None)


@dataclass(frozen=True, slots=True)
class _Number:
    start: int
    end: int
    number: str


def _numbers(text: str, *, strict: bool = True) -> Iterator[_Number]:
    """Numbers in the normalised ``text``, in order. ``strict``: one without 号 is believed only in a bracket."""
    found: list[_Number] = []
    for match in _NUMBER.finditer(text):
        if not match["hao"] and ((strict and not _bracketed(text, match)) or _MEASURE.match(text, match.end())):
            continue
        start, organ = _organ(text, match)
        if organ:
            found.append(_Number(start, match.end(), f"{organ}〔{match['year']}〕{int(match['serial'])}号"))
    for match in _DECREE.finditer(text):
        start, organ = _organ(text, match)
        if len(organ) > 1:
            found.append(_Number(start, match.end(), f"{organ}第{int(match['serial'])}号"))
    for match in _NOTICE.finditer(text):
        start, organ = _organ(text, match)
        if len(organ) > 2:
            found.append(_Number(start, match.end(), f"{organ}{match['year']}年第{int(match['serial'])}号"))
    found += (_Number(match.start(), match.end(), _standard_number(match)) for match in _standard().finditer(text))
    return iter(sorted(found, key=lambda number: number.start))


def _organ(text: str, match: re.Match[str]) -> tuple[int, str]:
    """Where the issuer's code begins inside the run of characters before the bracket, and the code."""
    organ = match["organ"]
    lead = _LEAD_IN.match(organ)
    if lead and lead.end() < len(organ):
        organ = organ[lead.end():]
    return match.end("organ") - len(organ), organ if len(organ) > 1 else ""


def _bracketed(text: str, match: re.Match[str]) -> bool:
    return text[match.start() - 1:match.start()] == "(" and text[match.end():match.end() + 1] in (")", ",", "、", ";")


def _standard_number(match: re.Match[str]) -> str:
    head = match["code"] + (match["place"] or "") + match["kind"]
    if match["slash"]:
        head += "/"
    space = "" if head.endswith("/") or head == "DB" else " "
    return f"{head}{space}{match['serial']}-{match['year']}"


@dataclass(frozen=True, slots=True)
class _Title:
    """《…》 at start:end of the text; ``close`` is where a bracket with its number ends, else ``end``."""

    start: int
    end: int
    close: int
    title: str
    number: str | None


def _marks(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the outermost 《…》, nested ones inside (《关于修改《X办法》的决定》). One that is not closed before
    the line ends is none."""
    depth = start = 0
    for place, char in enumerate(text):
        if char == "《":
            start = place if depth == 0 else start
            depth += 1
        elif char == "》" and depth:
            depth -= 1
            if depth == 0:
                yield start, place + 1
        elif char == "\n":
            depth = 0


def _close(text: str, start: int) -> int:
    """Where the bracket that opens at ``start`` ends, 0 where it does not on this line."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0:
            return place + 1
        if text[place] == "\n":
            break
    return 0


def _last_bracket(text: str, start: int, end: int) -> int:
    """Where the bracket opens that closes ``text[start:end]``, 0 where it closes with something else."""
    depth = 0
    if end <= start or text[end - 1] != ")":
        return 0
    for place in range(end - 1, start, -1):
        depth += (text[place] == ")") - (text[place] == "(")
        if depth == 0:
            return place
    return 0


def _titles(text: str, plain: str) -> Iterator[_Title]:
    for start, end in _marks(plain):
        inner, number = text[start + 1:end - 1], None
        if opens := _last_bracket(plain, start + 1, end - 1):
            # 《…的通知(浙政发〔2021〕31号)》: the number inside the title's marks
            first = next(_numbers(plain[opens:end - 1]), None)
            if first and first.start == 1:
                inner, number = text[start + 1:opens], first.number
        close = end
        bracket = re.match(r"\s?\(", plain[end:])
        if number is None and bracket:
            opens = end + bracket.end() - 1
            shut = _close(plain, opens)
            first = next(_numbers(plain[opens:shut]), None) if shut else None
            if first and "《" not in plain[opens:opens + first.start]:
                number, close = first.number, shut
        if number is None and (after := next(_numbers(plain[end:end + 30]), None)) and after.start == 0:
            number, close = after.number, end + after.end  # 《…的通知》浙政发〔2021〕31号 without brackets
        yield _Title(start, end, close, " ".join(inner.split()), number)


def _kind(title: str) -> bool:
    """Whether a title's last word names a kind of document: 闲置土地处置办法, …指南（2021版）."""
    bare = normalise(title)
    while (shorter := re.sub(r"\([^()]*\)\s*$|[<>\"'\s]+$", "", bare)) != bare:
        bare = shorter
    # 《意见》 alone is the short name of another citation, and says nothing without it
    return len(bare) > 2 and bare.endswith(lines("document_kinds.txt")) and not bare.endswith(("决定书", "通知书"))


_EDITION = re.compile(r"\([^()]*(?:年版?|版|试行|暂行)\)\s*$")
_GIVEN_OUT = re.compile(r"(?:(?:已经|业经)[^。]{0,40}(?:同意|通过|批准)|(?:现)?(?:印发|转发|下发)给你们|现予)")


def _created(plain: str, start: int) -> bool:
    """Whether a verb of making governs the title at ``start``: 建立区域《…清单》, 起草《…》, 领取《…》."""
    before = re.split(r"[,。;:、\s]", plain[max(0, start - _CUE):start])[-1]
    return bool(re.search(rf"(?:{'|'.join(lines('creating_verbs.txt'))})了?[一-鿿]{{0,4}}$", before))


def _is_citation(found: _Title, plain: str) -> bool:
    before, after = plain[max(0, found.start - 6):found.start], plain[found.close:found.close + 60]
    if re.search(r"简称(?:为)?:?$", before):
        return False  # （以下简称《意见》） names what was cited a moment ago
    if found.number:
        return True
    if _GIVEN_OUT.match(after) or _created(plain, found.start):
        return False  # 《…方案》印发给你们: the document speaks of itself
    return _kind(found.title) or bool(_EDITION.search(normalise(found.title)) and len(found.title) > 6)


_BASIS_ALWAYS = re.compile(r"(?:根据|依据)[一-鿿、]{0,10}$")
_BASIS_SPIRIT = re.compile(r"(?:按照|依照|遵照|按)[一-鿿、]{0,10}$")
_BASIS_AIM = re.compile(r"(?:^|[,。;\s])(?:现)?为了?[一-鿿、]{0,12}(?:贯彻|落实|实施)[一-鿿、]{0,10}$")
_SPIRIT = re.compile(
    r"(?:等)?(?:的|有关|相关|系列)?(?:文件|会议|通知|规定)?(?:的)?(?:总体|工作|有关|相关|决策)?(?:精神|要求|部署)")
_ENACTS = re.compile(r"制定本|特制定|制订本|特制订|提出(?:如下|以下)|发布本|通知如下|通告如下")
#: 《A》《B》, 《A》、《B》, 《A》和国务院《B》: one governing verb for all of them.
_ORGAN = r"(?:[一-鿿]{0,14}(?:国务院|政府|常委会|法院|检察院|办公[厅室]|[委部厅局省市]))?"
_LINK = re.compile(rf"[\s、,和及与以]{{0,4}}{_ORGAN}")
_REPEALED_TOO = re.compile(rf"\s*[和及与以]*(?:.{{0,60}}的|{_ORGAN})")
_REPEAL_AFTER = re.compile(
    r"[\s、,和及与]*(?:等[一-鿿]{0,8})?(?:自[^,。;]{0,16}起)?(?:同时|即行|予以|自行|相应|一并|均)*"
    r"(?:废止|停止执行|停止施行|失效)")
_REPEAL_BEFORE = re.compile(r"(?:废止|停止执行|停止施行)(?:了|原|下列)?[一-鿿]{0,6}$")


_USES = re.compile(r"根据|依据|依照|按照|违反|施行|实施|执行|适用")


def _repealed(plain: str, start: int, end: int) -> bool:
    """Whether the sentence goes on from ``start`` to 废止 through nothing but further documents: 《A》、1998年
    国务院发布的《B》同时废止."""
    rest = re.sub(r"《[^》]*》(?:\((?:[^()]|\([^()]*\))*\))?", "、", plain[start:end])
    *between, last = re.split(r"[、,]", rest)
    return bool(_REPEAL_AFTER.match(last)) and all(
        _REPEALED_TOO.fullmatch(piece) and not _USES.search(piece) for piece in between)


def _relation(plain: str, chain: list[_Title]) -> CitationRelation:
    """The relation of a chain of titles that follow on each other (《A》、《B》) and share their governing verb."""
    first, last = chain[0], chain[-1]
    sentence = max(plain.rfind(mark, 0, first.start) for mark in "。;\n") + 1
    before = plain[sentence:first.start]
    after = plain[last.close:last.close + 60]
    end = min((spot for mark in "。;\n" if (spot := plain.find(mark, last.close)) >= 0), default=len(plain))
    if _REPEAL_BEFORE.search(before) or _repealed(plain, last.close, end):
        return "repeal"
    enacts = bool(_ENACTS.search(plain[last.close:end]))
    if _BASIS_ALWAYS.search(before) and not re.match(r"第[一二三四五六七八九十百\d]+条", after):
        return "basis"
    if _BASIS_AIM.search(before) or (enacts and re.search(r"(?:按照|依照|遵照|落实|贯彻)[一-鿿、]{0,10}$", before)):
        return "basis"
    if _BASIS_SPIRIT.search(before) and _SPIRIT.match(after):
        return "basis"
    return "reference"


def _chains(titles: Iterable[_Title], plain: str) -> Iterator[list[_Title]]:
    """Titles that follow on each other with nothing but 、 和 or a few words of the issuer between them."""
    chain: list[_Title] = []
    for title in titles:
        if chain and not _LINK.fullmatch(plain, chain[-1].close, title.start):
            yield chain
            chain = []
        chain.append(title)
    if chain:
        yield chain


def find(text: str) -> tuple[Citation, ...]:
    """Citations in a clause's ``text``, in order: ``quote`` is ``text[start:end]``, from 《 to the bracket that
    holds the number (or the number or standard alone, with ``title`` None).

    Left out: what is yet to be made (建立《…清单》), papers (《营业执照》), the document's own promulgation
    (现将《…方案》印发给你们) and short names (以下简称《意见》).
    """
    plain = normalise(text)
    titles = list(_titles(text, plain))
    named = [title for title in titles if _is_citation(title, plain)]
    named += (_Title(number.start, number.end, number.end, "", number.number) for number in _numbers(plain)
              if not any(title.start <= number.start < title.close for title in titles))
    named.sort(key=lambda title: title.start)
    return tuple(
        Citation(text[title.start:title.close], title.start, title.close, title.title or None, title.number,
                 _relation(plain, chain))
        for chain in _chains(named, plain) for title in chain)


_WRAPPED = re.compile(
    r"^(?P<issuer>.*?)(?:关于)?(?:印发|转发|批转|公布|发布)[《<]?(?P<inner>.+?)[》>]?的(?:通知|公告|通告|函)$")


def _unwrapped(title: str) -> tuple[str, str]:
    """The issuer and the matter of a title, the wrapping of a notice taken off: 临海市人民政府办公室关于印发X的通知
    and 临海市人民政府办公室印发<X>的通知 are both (临海市人民政府办公室, X)."""
    plain = re.sub(r"^\s*《(.*)》\s*$", r"\1", normalise(title).strip())
    opens = _last_bracket(plain, 0, len(plain))
    if opens and next(_numbers(plain[opens:], strict=False), None):
        plain = plain[:opens]
    issuer = ""
    if wrapped := _WRAPPED.match(plain):
        issuer, plain = wrapped["issuer"], wrapped["inner"].strip("《》<>")
    if not plain.startswith("关于") and (about := re.match(r"(?P<issuer>[^关]{2,40})关于(?P<rest>.+)", plain)):
        issuer, plain = issuer or about["issuer"], about["rest"]
    return _letters(issuer), _letters(plain.removeprefix("关于"))


def _letters(text: str) -> str:
    """``text`` without punctuation, and 年 or 年版 at the end of a bracket (2021—2023年 is 2021-2023)."""
    text = re.sub(r"(?<=\d)年版?(?=\))|(?<=\d)版(?=\))", "", normalise(text))
    return "".join(char for char in text if char.isalnum())


def title_key(title: str) -> str:
    """What a title is about, for comparison: without issuer, the wrapping 关于印发…的通知, and punctuation."""
    return _unwrapped(title)[1]


def same_title(one: str, other: str) -> bool:
    """Whether two titles name one document. Two different issuers of one matter name two."""
    (issuer_one, matter_one), (issuer_other, matter_other) = _unwrapped(one), _unwrapped(other)
    return bool(matter_one) and matter_one == matter_other and (
        not issuer_one or not issuer_other or issuer_one == issuer_other)


def same_document(citation: Citation, document: Document) -> bool:
    """Whether ``citation`` names ``document``: by number where both have one, else by title."""
    number = normalise_number(document.doc_number or "")
    if citation.number and number:
        return citation.number == number
    return citation.title is not None and same_title(citation.title, document.title)


def resolve(citation: Citation, documents: Iterable[Document]) -> Document | None:
    """The document that ``citation`` names: the one with its number, else the only one with its title."""
    known = list(documents)
    numbered = [document for document in known
                if citation.number and normalise_number(document.doc_number or "") == citation.number]
    titled = [document for document in known if same_document(citation, document)]
    found = numbered or titled
    return found[0] if len(found) == 1 else None


def identity(citation: Citation) -> str:
    """A key that two citations of one document share: the number, else the matter of the title."""
    return citation.number or title_key(citation.title or "")


def merge(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """One citation for each document, in order of first mention: a title and a number found apart are joined, and
    the strongest relation stands (basis before repeal before reference)."""
    rank = {"basis": 0, "repeal": 1, "reference": 2}
    joined: dict[str, Citation] = {}
    for citation in citations:
        key = identity(citation)
        old = joined.get(key)
        if old is None:
            joined[key] = citation
        else:
            relation = min(old.relation, citation.relation, key=rank.__getitem__)
            joined[key] = replace(old, title=old.title or citation.title, relation=relation)
    return tuple(joined.values())
