"""Dates and spans of years in a clause: 到2023年底, 有效期至2023年12月31日, 2021—2023年, 2021.09."""

from __future__ import annotations

import re

from kb.extract.amounts import DATE, DATED, Amount
from kb.extract.numerals import parse
from kb.models import Bound

_YEAR = r"(?:19|20)\d\d|[一二][〇零○九][〇零○一二三四五六七八九]{2}"
_MONTH = r"1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]"
_DAY = r"3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九]"
_LEAD = (r"(?P<lead>有效期限?(?:延长)?(?:至|到|为)|延期(?:至|到)|延长(?:至|到)|截至|截止(?:到|至)?|"
         r"不晚于|不迟于|早于|晚于|自|从|到|至|于|在|以)? ?")
_TAIL = (r"(?P<tail> ?(?:年?底|年末|年初|年中|末|初|上旬|中旬|下旬|上半年|下半年|第?[一二三四]季度)?"
         r"(?:之前|以前|前(?!述|款|期|列)|之后|以后|后|起|开始|以来|止|期间)?)")
_ONE = (rf"(?<![\d.])(?P<y>{_YEAR}) *年(?:度(?!假))?(?!代|版)"
        rf"(?: *(?P<m>{_MONTH}) *月(?:份)?(?: *(?P<d>{_DAY}) *[日号])?)?")
#: 12月31日前, 6月底前: a month without a year must be fixed by a day, an end or a brink, else 三月 may be three months
_MONTH_DAY = (rf"(?<![\d.个零一二三四五六七八九十])(?P<m2>{_MONTH}) *月"
              rf"(?:(?: *(?P<d2>{_DAY}) *日)|份|(?= *(?:底|末|初|前|起|上旬|中旬|下旬)))(?!以?内)")
_DOTTED = r"(?<![\d.])(?P<y3>20\d\d)[.-](?P<m3>0[1-9]|1[0-2])(?:[.-](?P<d3>0[1-9]|[12]\d|3[01]))?(?![\d.万亿%])"
_ONE_DATE = re.compile(_LEAD + rf"(?:{_ONE}|{_DOTTED}|{_MONTH_DAY})" + _TAIL)
#: 2021—2023年, 2022年至2025年, (2021-2023); a document's own title has it as well
_SPAN = re.compile(rf"(?P<lead>自|从|在)?(?<![\d.])(?P<a>{_YEAR}) *(?:年度?)? *(?:-{{1,2}}|~|至|到) *(?P<b>{_YEAR})"
                   r" *(?:年度?(?![\d一二三四五六七八九十]{1,3}月)|(?=\)))(?!版)(?P<tail>期间|末)?")

_UNTIL = re.compile(r"至|到|截|延|不晚于|不迟于|早于")
_FROM = re.compile(r"自|从|晚于")


def find_dates(text: str) -> tuple[list[Amount], str]:
    """The dates of the working text, and the text with them covered by DATED, one for one.

    The value is written out as a number: 20231231 in 年月日, 202306 in 年月, 2023 in 年, 1231 in 月日.
    """
    found: list[Amount] = []
    for pattern, read in ((_SPAN, _span), (_ONE_DATE, _date)):
        for match in pattern.finditer(text):
            amount = read(match)
            if amount is not None:
                found.append(amount)
        text = _cover(text, found)
    return sorted(found, key=lambda amount: amount.start), text


def _cover(text: str, found: list[Amount]) -> str:
    chars = list(text)
    for amount in found:
        chars[amount.quote_start:amount.quote_end] = DATED * (amount.quote_end - amount.quote_start)
    return "".join(chars)


def _number(written: str | None) -> int:
    value = parse(written) if written else None
    return int(value or 0)


def _span(match: re.Match[str]) -> Amount | None:
    first, last = _number(match["a"]), _number(match["b"])
    if not first < last:
        return None
    start, end = match.start("a"), match.end()
    return Amount(start, end, first, "年", DATE, match["a"], match.start(), end, "range", value_to=last)


def _date(match: re.Match[str]) -> Amount | None:
    year, month, day = (_number(match[key] or match[key + "3"]) if key == "y" else
                        _number(match[key] or match[key + "2"] or match[key + "3"]) for key in "ymd")
    parts = [(year, "年", 10000), (month, "月", 100), (day, "日", 1)]
    present = [part for part in parts if part[0]]
    if not present:
        return None
    value = sum(number * weight for number, _, weight in present) / present[-1][2]
    lead, tail = match["lead"] or "", match["tail"] or ""
    # 于2023年, 在2023年: the preposition is no bound word and stays outside the quote
    outside = lead in ("于", "在", "以")
    start, end = _trimmed(match.string, match.end("lead") if outside else match.start(), match.end())
    return Amount(start, end, value, "".join(unit for _, unit, _ in present), DATE, "", start, end,
                  _bound("" if outside else lead, tail))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while text[start] == " ":
        start += 1
    while text[end - 1] == " ":
        end -= 1
    return start, end


def _bound(lead: str, tail: str) -> Bound:
    if _UNTIL.search(lead) or "前" in tail or tail.endswith("止"):
        return "max"
    if _FROM.search(lead) or tail.endswith(("起", "开始", "后", "以来")):
        return "min"
    return "exact"
