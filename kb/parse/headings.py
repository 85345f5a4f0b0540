"""Where a heading ends and the text begins.

The heading of a run-in clause is what stands before its first 。; but 对总投资1亿元以上的项目给予10%补助。 is a rule
however short it is, so an amount, a duty or a citation in the first sentence makes it text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.models import ProvisionKind, Span
from kb.parse.lines import Line, strip
from kb.text import normalise

_OPERATIVE = re.compile(r"\d+(?:\.\d+)?\s*(?:%|万|亿|元|家|个|亩|项|倍|[年月日]|以[上下])"
                        r"|给予|不得|应当|可以|按照|《|责任单位")
_IN_CHARGE = re.compile(r"\s*\([^()]*(?:责任|牵头|负责|配合|分工)(?:[^()]|\([^()]*\))*\)。?\s*")
_RUN_IN = 40            # characters of the longest run-in heading; the longest of the five documents has 21
_ARTICLE_TITLE = 20     # … of the longest name that opens an article: 鼓励企业增产增效。
_SUBHEADING = 16        # … of the longest unnumbered sub-heading that carries no Markdown mark
_SHORT = re.compile(rf"[^,;:。\d()]{{1,{_SUBHEADING}}}。")      # a sentence that could be a sub-heading
# 本意见自公布之日起30日后施行。 below a short sentence does not make it a heading
_COMES_INTO_FORCE = re.compile(r"本.{1,12}自.{2,30}(?:施行|实施|执行)")


def titled_articles(lines: Sequence[Line]) -> bool:
    """Whether the articles of a document open with a name each (第一条　鼓励企业上规升级。对首次上规的…), as those of
    support policies do. Of 2,432 laws none does so in more than one article of five: a rule can be short as well.
    """
    articles = [line for line in lines if line.number and line.number.style.kind == "article"]
    named = sum(_named(line.folded[line.number.rest:]) > 0 or _is_name(line.folded[line.number.rest:].strip())
                for line in articles if line.number)
    return named >= 3 and named * 5 >= len(articles) * 2


def _named(folded: str) -> int:
    """Length of the name before the first 。 of an article, with more text after it; 0 where there is none."""
    stop = folded.find("。")
    name = folded[:stop].strip()
    fits = stop > 0 and len(name) <= _ARTICLE_TITLE and stop + 1 < len(folded.rstrip())
    return stop if fits and not re.search("[,:]", name) and not _OPERATIVE.search(name) else 0


def _is_name(folded: str) -> bool:
    """Whether an article's line is a name alone (第一条　强化企业用工保障, its text below)."""
    return 0 < len(folded) <= _RUN_IN and not re.search("[。:;,]", folded)


def split_heading(text: str, line: Line, kind: ProvisionKind, *, followed: bool,
                  titled: bool = False) -> tuple[Span, Span | None]:
    """Heading and first stretch of own text (or None) of the numbered ``line``, as spans of ``text``.

    ``followed`` says that finer text stands on the next line, so that a short line can be its heading. Articles and
    (with ``kind`` article) their items have no headings, but for an article whose name stands on a line of its own
    or, with ``titled``, opens it.
    """
    rest = line.number.rest if line.number else 0
    span = strip(text, Span(line.span.start + rest, line.span.end))
    nothing = Span(span.start, span.start)
    if kind == "article":
        if not titled or line.number is None or line.number.style.kind != "article":
            return nothing, span
        folded = normalise(span.of(text))
        if stop := _named(folded):
            return Span(span.start, span.start + stop), strip(text, Span(span.start + stop + 1, span.end))
        return (span, None) if followed and _is_name(folded) else (nothing, span)
    if kind in ("chapter", "division"):
        return span, None
    folded = normalise(span.of(text))
    stop = folded.find("。")
    if _IN_CHARGE.fullmatch(folded, stop + 1):
        return nothing, span            # 2.落实印花税核定征收管理办法。（责任单位：市税务局）: the sentence is the rule
    if 0 < stop <= _RUN_IN and stop + 1 < len(folded) and not _OPERATIVE.search(folded[:stop]):
        return Span(span.start, span.start + stop), strip(text, Span(span.start + stop + 1, span.end))
    colon = re.match(r"\w{2,10}:(?=.)", folded)     # 1.申报条件：…
    if colon and not _OPERATIVE.search(colon[0]):
        return Span(span.start, span.start + colon.end() - 1), Span(span.start + colon.end(), span.end)
    bare = folded.rstrip("。:：*")
    if _is_heading(line, bare, folded, followed):
        return Span(span.start, span.start + len(bare)), None
    return nothing, span


def _is_heading(line: Line, bare: str, folded: str, followed: bool) -> bool:
    if len(bare) > _RUN_IN or "。" in bare or ";" in folded:
        return False
    if line.level:
        return True
    return not _OPERATIVE.search(bare) and (followed or ("," not in bare and folded[-1:] not in ("。", ";")))


def is_subheading(line: Line, following: Line | None, before: Line | None) -> bool:
    """Whether the unnumbered ``line`` is a heading: by its Markdown mark, or a short line closed by 。 or nothing
    with a paragraph under it (鄞州: 调优规划红线。). Of several short sentences in a row (坚持创新驱动。坚持融合发展。)
    none is."""
    if line.level > 1:
        return True
    bare = line.folded.rstrip("。")
    if before is not None and before.number is None and not before.level and _SHORT.fullmatch(before.folded):
        return False
    if following is not None and _COMES_INTO_FORCE.match(following.folded):
        return False
    if following is None or len(bare) > _SUBHEADING or re.search(r"[,;:。\d()]", bare):
        return False
    return (not following.level and not following.table and following.number is None
            and len(following.folded) >= 2 * _SUBHEADING and following.folded[-1] in "。;:")
