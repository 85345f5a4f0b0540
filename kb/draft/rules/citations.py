"""Documents, articles and attachments that the draft names: other editions, unknown ones, such as are not there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rapidfuzz import fuzz

from kb.differences.references import mistyped
from kb.draft.clauses import Clause
from kb.draft.comparing import Comparison
from kb.draft.context import Context
from kb.draft.findings import Finding
from kb.draft.rules.validity import _over, cited, number_year
from kb.extract.citations import title_key
from kb.models import Citation, Provision
from kb.text import han_number, normalise
from kb.vocabulary.regions import short

_LIKE_TITLE: Final = 75.0       # least likeness, of 100, of two titles of one document
_OTHER_TITLE: Final = 55.0      # likeness below which a number has another document's title
_HIGH_SERIAL: Final = 500       # no county's office has issued so many documents of one kind in a year
_EDITION: Final = re.compile(r"\([^()]*(?:年版?|版|修订|修正)\)|(?:19|20)\d\d\s*[-至]\s*(?:19|20)?\d\d年?|(?:19|20)\d\d年版?")


# --- what is known ---------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Known:
    """All documents that the library holds or cites, and those that the bases cite."""

    titles: Mapping[str, frozenset[str]]        # number -> keys of its titles
    numbers: Mapping[str, frozenset[str]]       # key of a title -> its numbers

    @cached_property
    def series(self) -> frozenset[str]:
        """What stands before the year in the numbers: 浙政发."""
        return frozenset(number.partition("〔")[0] for number in self.titles)


def known(context: Context) -> Known:
    """What is known apart from the draft itself."""
    if "known" not in context.memo:
        titles: dict[str, set[str]] = {}
        numbers: dict[str, set[str]] = {}
        own = context.document.doc_number
        mentions = [(item.number, item.title) for item in context.library.mentions if item.by != context.document.id]
        mentions += [(document.doc_number, document.title) for document in context.library.documents]
        for comparison in context.comparisons:
            mentions += [(reference, None) for reference in comparison.base.document.based_on]
        for number, title in mentions:
            key = title_key(title) if title else ""
            if number and number != own:
                titles.setdefault(number, set()).update({key} - {""})
            if number and key:
                numbers.setdefault(key, set()).add(number)
        context.memo["known"] = Known({key: frozenset(value) for key, value in titles.items()},
                                      {key: frozenset(value) for key, value in numbers.items()})
    found: Known = context.memo["known"]
    return found


def _mentions(context: Context) -> Iterator[tuple[Clause, Citation]]:
    for clause in context.clauses.values():
        for citation in clause.statements.citations:
            yield clause, citation


def _finding(rule: str, clause: Clause, citation: Citation, reason: str, mend: str = "",
             base: tuple[Comparison, Clause, Citation] | None = None) -> Finding:
    document, address, quote = ("", "", "") if base is None else (
        base[0].base.document.id, base[1].path, base[2].quote)
    return Finding(rule, clause.path, citation.quote, reason, document, address, quote, mend,
                   clause.provision.start + citation.start)


# --- another edition than the base's ---------------------------------------------------------------------------------

def edition(context: Context) -> Iterator[Finding]:
    """Documents that a base cites too, with another number, year or edition there."""
    for clause, citation in _mentions(context):
        for comparison in context.comparisons:
            if found := _other_edition(comparison, citation):
                other, theirs, reason = found
                mend = theirs.number if theirs.number and citation.number else theirs.quote
                yield _finding("citation-edition", clause, citation, reason, f"核对后改为“{mend}”",
                               (comparison, other, theirs))
                break


def _other_edition(comparison: Comparison, citation: Citation) -> tuple[Clause, Citation, str] | None:
    best: tuple[Clause, Citation, str] | None = None
    for clause in comparison.clauses.values():
        for theirs in clause.statements.citations:
            if citation.number and citation.number == theirs.number and not _editions_differ(citation, theirs):
                return None         # the same document
            if citation.number and theirs.number and mistyped(theirs.number, citation.number):
                best = best or (clause, theirs, f"上级引用的是 {theirs.number}，本稿为 {citation.number}，疑为笔误")
            elif _same_matter(citation, theirs):
                if _editions_differ(citation, theirs):
                    best = best or (clause, theirs, "与上级引用的版本不同")
                elif citation.number and theirs.number and citation.number != theirs.number:
                    best = best or (clause, theirs, f"上级引用的文号是 {theirs.number}，本稿为 {citation.number}")
                else:
                    return None
    return best


def _same_matter(one: Citation, other: Citation) -> bool:
    """Whether two citations name one document, editions aside: the same issuer and matter."""
    if not (one.title and other.title):
        return False
    a, b = _bare(one.title), _bare(other.title)
    return bool(a) and (a == b or len(a) > 8 and fuzz.ratio(a, b) >= 94)


def _bare(title: str) -> str:
    """A title without its edition and marks."""
    return re.sub(r"[\W_]", "", _EDITION.sub("", normalise(title)))


def _editions_differ(one: Citation, other: Citation) -> bool:
    if not (one.title and other.title):
        return False
    a, b = (re.findall(r"\d{4}", normalise(title)) for title in (one.title, other.title))
    return bool(a and b) and a != b


# --- numbers that nobody knows ---------------------------------------------------------------------------------------

def unknown(context: Context) -> Iterator[Finding]:
    """Numbers that stand nowhere in the library, belong to another document there, or cannot be."""
    for clause, citation in _mentions(context):
        if citation.number is None or "〔" not in citation.number or any(
                _other_edition(comparison, citation) for comparison in context.comparisons):
            continue
        reason, mend = _doubt(context, citation)
        if reason:
            yield _finding("citation-unknown", clause, citation, reason, mend)


def _doubt(context: Context, citation: Citation) -> tuple[str, str]:
    assert citation.number is not None
    number, found = citation.number, known(context)
    key = title_key(citation.title) if citation.title else ""
    if number in found.titles:
        titles = found.titles[number]
        if key and titles and all(fuzz.partial_ratio(key, other) < _OTHER_TITLE for other in titles):
            return f"{number} 在知识库中是另一份文件", "核对文号与标题"
        return "", ""
    if key and (numbers := found.numbers.get(key)) and _same_issuer(number, numbers):
        return f"该文件在知识库中的文号是 {'、'.join(sorted(numbers))}", f"改为“{sorted(numbers)[0]}”"
    year = number_year(number)
    if year and year > context.on.year:
        return f"文号的年份 {year} 晚于本稿", "核对文号"
    serial = int(number.rpartition("〕")[2].strip("号") or 0)
    if serial >= _HIGH_SERIAL:
        return f"文号的序号 {serial} 过大", "核对文号"
    if _is_own(context, number) or not context.comparisons:
        return "", ""
    if number.partition("〔")[0] in found.series or not citation.title:
        return f"{number} 不在知识库中，上级文件也没有引用过", "核对文号，确认该文件存在且现行有效"
    return "", ""       # of this issuer's documents the library knows nothing


def _same_issuer(number: str, others: frozenset[str]) -> bool:
    return any(other.partition("〔")[0] == number.partition("〔")[0] for other in others)


def _is_own(context: Context, number: str) -> bool:
    """Whether the number is one of the draft's own place: 仙政办发, 仙委."""
    if context.place is None:
        return False
    own = {short(context.place.code), context.place.bare[0], context.place.bare}
    return any(number.startswith(head) for head in own)


def outdated(context: Context) -> Iterator[Finding]:
    """Documents of the library that the draft refers to and that are no longer in force."""
    bases = {comparison.base.document.id for comparison in context.comparisons}
    for clause, citation in _mentions(context):
        document = cited(context, citation)
        if document is None or document.id in bases or citation.relation != "reference":
            continue
        if reason := _over(context, document):
            yield _finding("citation-expired", clause, citation, reason, "改引现行有效的文件")


# --- articles --------------------------------------------------------------------------------------------------------

_N: Final = r"[一二三四五六七八九十百零〇\d]+"
_ARTICLE: Final = re.compile(
    rf"(?P<who>本(?:意见|办法|方案|通知|细则|规定|措施|计划|文件|规则|政策)|[》)〉])?(?:的)?"
    rf"第\s*(?P<open>\()?(?P<n>{_N})(?(open)\))\s*(?P<what>条|部分|项|章|点)(?:第?\((?P<sub>{_N})\)[项款点条]?)?")


def articles(context: Context) -> Iterator[Finding]:
    """Provisions of the draft itself, or of a document of the library, that do not exist."""
    numbered = {p.kind for p in context.provisions}
    for clause in context.clauses.values():
        folded = normalise(clause.text)
        for match in _ARTICLE.finditer(folded):
            who = match["who"]
            if who and not who.startswith("本"):
                found = _of_cited(context, clause, match)
                if found is None or _exists(found[1], match):
                    continue
                name = found[0]
            else:
                if not who and not _means_own(folded, match, numbered):
                    continue
                if _exists(context.provisions, match):
                    continue
                name = "本稿"
            yield Finding("citation-article", clause.path, clause.text[match.start():match.end()],
                          f"{name}没有“{match[0].lstrip('》)〉的').removeprefix(who or '')}”", mend="核对所引条款的序号",
                          start=clause.provision.start + match.start())


def _means_own(folded: str, match: re.Match[str], kinds: Collection[str]) -> bool:
    """Whether a 第X条 without a name is one of the draft's own: 按照第十条规定执行; not that of a law named before."""
    before = re.split("[。;\n]", folded[:match.start()])[-1]
    if "》" in before or re.search(r"(?:法|条例|办法|规定|细则|解释)$", before):
        return False
    if match["what"] in ("项", "点") and not match["open"]:
        return False
    if match["what"] == "条":
        return bool(match["open"]) or "article" in kinds or bool(re.search(r"(?:按照|依照|按|参照|符合|适用|上述|前述|见)$", before))
    return bool(match["open"]) or match["what"] == "部分"


def _of_cited(context: Context, clause: Clause, match: re.Match[str]) -> tuple[str, tuple[Provision, ...]] | None:
    """The document of the library in whose citation the reference follows."""
    for citation in clause.statements.citations:
        if citation.end - 1 <= match.start() <= citation.end and (document := cited(context, citation)):
            comparison = next((item for item in context.comparisons if item.base.document.id == document.id), None)
            base = comparison.base if comparison else context.library.base(document.id)
            return document.doc_number or document.title, base.provisions
    return None


def _exists(provisions: tuple[Provision, ...], match: re.Match[str]) -> bool:
    number = han_number(match["n"])
    sub = han_number(match["sub"]) if match["sub"] else None
    heads = [p for p in provisions if _number_of(p) == number and _fits(p, match, provisions)]
    if sub is None or not heads:
        return bool(heads)
    children = {p.parent for p in provisions if _number_of(p) == sub and p.kind in ("subsection", "item", "subitem")}
    return any(p.path in children for p in heads)


def _number_of(provision: Provision) -> int | None:
    label = provision.path.rpartition("/")[2].partition("#")[0]
    inner = re.sub(r"^第|[编章节条款]$|[（）]", "", label)
    try:
        return han_number(inner)
    except ValueError:
        return None


def _fits(provision: Provision, match: re.Match[str], provisions: tuple[Provision, ...]) -> bool:
    what, kind = match["what"], provision.kind
    if what == "章":
        return kind == "chapter"
    if what == "部分":
        return kind == "section"
    if match["open"] or what in ("项", "点"):
        return kind in ("subsection", "item", "subitem")
    if any(p.kind == "article" for p in provisions):
        return kind == "article"
    return kind in ("section", "subsection", "item")


# --- attachments -----------------------------------------------------------------------------------------------------

#: 附件2, （详见附件）, 按附件所列; 作为合同附件 speaks of other papers.
_ATTACHMENT: Final = re.compile(
    rf"附\s?件\s?(?P<n>{_N})(?!份)|(?:(?<=见)|(?<=[(（按照]))附\s?件(?![一-鿿]*[:：]\s*《)|附\s?件(?=所列|规定的|要求的)")


def attachments(context: Context) -> Iterator[Finding]:
    """Attachments that the text refers to or lists, and that are not there."""
    bodies = [p for p in context.provisions if p.kind == "part" and p.path.startswith("附件")]
    listed = _listed(context)
    count = max(len(bodies), len(listed))
    for clause in context.clauses.values():
        if clause.provision.kind in ("signature", "part"):
            continue
        for match in _ATTACHMENT.finditer(clause.text):
            number = han_number(match["n"]) if match["n"] else 1
            if number > count and not context.in_title(clause.provision.start + match.start()):
                what = "没有附件" if not count else f"只有 {count} 个附件"
                yield Finding("citation-attachment", clause.path, match[0], f"本稿{what}，却引用“{match[0]}”",
                              mend="补附或改正附件序号", start=clause.provision.start + match.start())
    if len(listed) > len(bodies):
        path, quote, start = listed[len(bodies)]
        names = "、".join(item[1] for item in listed[len(bodies):])
        yield Finding("citation-attachment", path, quote, f"附件目录列有“{names}”，正文之后没有该附件", mend="补附该附件",
                      start=start)


def _listed(context: Context) -> list[tuple[str, str, int]]:
    """The attachments that the list above the signature names: address, name, and where it stands."""
    found: list[tuple[str, str, int]] = []
    for provision in context.provisions:
        if provision.kind != "signature" or provision.path.startswith("附件"):
            continue
        at, listing = provision.start, False
        for line in provision.text.split("\n"):
            folded = normalise(line)
            match = re.match(r"\s*附\s*件\s*:\s*(?:\d+\s*[.、])?\s*(?P<name>.*)", folded)
            item = re.match(r"\s*\d+\s*[.、]\s*(?P<name>.+)", folded) if listing else None
            if match:
                listing = True
            elif line.strip() and not item:
                listing = False
            if (hit := match or item) and hit["name"].strip():
                name = line[hit.start("name"):hit.end("name")].strip()
                found.append((provision.path, name, at + line.find(name)))
            at += len(line) + 1
    return found
