"""When a document, or a policy it prolongs, starts and ends, from the words of a clause.

Only what a document says of itself counts as its own validity: 许可证有效期为五年 says nothing about the document,
政策延期至2023年6月底 prolongs another one (``own`` is False).
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator
from typing import Literal

from kb.models import ValidityStatement
from kb.text import normalise

_DIGITS = "0-9〇○零一二三四五六七八九十"
_DATE = (rf"(?:20\d\d|19\d\d|二[〇○零][〇○零一二三四五六七八九]{{2}})\s?年"
         rf"(?:\s?[{_DIGITS}]{{1,3}}\s?月(?:\s?[{_DIGITS}]{{1,3}}\s?日|[底末初]|[上中下]旬)?|[底末初])?")
_ISSUED = r"(?:(?:正式)?(?:发布|印发|公布|颁布|下发|发文|签发|签署|通过|批准|登报)(?:之日|之时|日)|(?:即|今)日)"
_IN_FORCE = r"(?:(?:正式|开始|试)?(?:施行|实施|执行|生效)|试行)"
#: 自2022年7月16日起实施, 自发布之日起施行, 自公布之日起30日后施行, 自2022年5月1日至2024年12月31日止施行.
_EFFECTIVE = re.compile(
    rf"(?:自|从|于)?(?P<from>{_DATE}|{_ISSUED})\s?(?:起|后)?(?:(?:满)?[{_DIGITS}]{{1,4}}(?:个?工作)?(?:日|天|个月)(?:后|起)*)?"
    rf"(?:至\s?(?P<to>{_DATE})止?)?(?:起)?(?P<force>{_IN_FORCE})")
#: 30日后施行 without 自…起 is left out: no document of ours says so.
_OWN = re.compile(
    r"(?:^|[,。;:\s])(?:第[一二三四五六七八九十百零\d]+条\s*)?(?:(?:以上|上述|该|此|本)[一-鿿()]{0,14}|政策(?:措施|意见)?|有关政策)?\s*$")
_SELF = re.compile(
    r"本(?:[一-鿿]{0,6})?(?:意见|办法|方案|通知|规定|细则|条例|政策|措施|计划|规划|法|规则|规范|指南|决定|文件|解释|准则|标准)")
#: 有效期至2023年12月31日, 有效期自2022年1月1日至2024年12月31日, 实施期限为2022—2024年, 政策有效期三年.
_TERM = re.compile(
    rf"(?P<what>(?:文件|政策)?(?:有效|执行|实施|施行|试行)期限?)\s?(?:为|:|暂定(?:为)?|暂定)?\s?"
    rf"(?:(?:自|从)?(?P<from>{_DATE})\s?起?\s?(?:至|到|-)\s?(?P<range>{_DATE})"
    rf"|(?:至|到|截至|截止到?|截止至)\s?(?P<to>{_DATE})|(?P<years>[\d一二两三四五六七八九十]{{1,3}})\s?年|(?P<open>长期(?:有效)?))(?:止|底)?")
#: 政策延期至2023年6月底, 执行至2025年12月31日, 有效期延长至2024年底.
_UNTIL = re.compile(
    rf"(?P<verb>(?:有效期)?(?:延期|延长|顺延|延续|延长有效期|延续实施|继续执行|继续实施|继续有效|执行|实施|施行))(?:期限)?(?:至|到)\s?(?P<to>{_DATE})(?:止)?")
#: 同时废止, 即行废止; 责令停止执行职务 and 暂时停止执行代表职务 are acts against persons.
_REPEALS = re.compile(
    r"(?:同时|即行|予以|自行|相应|一并)(?:废止|停止执行|停止施行|失效)|(?<=[》)起])(?:废止|停止执行|失效)")
#: 勘查许可证自行废止, 附终止期限的民事法律行为…失效 end papers and acts, not documents.
_DOCUMENTS = re.compile(r"[》)]|(?:规定|办法|文件|政策|条例|意见|通知|制度|细则)(?![一-鿿]*(?:证|行为))")
_TRIAL = re.compile(
    r"试行期|试行[\d一二两三四五]{1,2}年|(?:起|先)试行|本(?:办法|意见|方案|规定|细则|政策|通知)(?:为|暂定)?(?:试行|暂行)")
_HAN_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"○": 0, "零": 0, "两": 2}


def _number(text: str) -> int:
    """A number up to 99 or a year, in Arabic digits or characters (二〇二二, 十二, 三十一)."""
    text = text.strip()
    if text.isdigit():
        return int(text)
    if "十" in text:
        tens, ones = text.split("十", 1)
        return (_HAN_DIGITS[tens] if tens else 1) * 10 + (_HAN_DIGITS[ones] if ones else 0)
    return int("".join(str(_HAN_DIGITS[char]) for char in text))


_PARTS = re.compile(rf"(?P<y>[{_DIGITS}]+)\s?年(?:\s?(?P<m>[{_DIGITS}]+)\s?月)?(?:\s?(?P<d>[{_DIGITS}]+)\s?日)?")


def _iso(date: str | None, *, end: bool) -> str | None:
    """ISO date of ``date`` as written; what is not said is the first day of a start, the last day of an end
    (2023年6月底 is 2023-06-30). None where it is no date (发布之日) or an impossible one."""
    parts = _PARTS.match(date or "")
    if not parts:
        return None
    try:
        year = _number(parts["y"])
        month = _number(parts["m"]) if parts["m"] else (12 if end else 1)
        day = _number(parts["d"]) if parts["d"] else (calendar.monthrange(year, month)[1] if end else 1)
        return datetime.date(year, month, day).isoformat()
    except (ValueError, KeyError, calendar.IllegalMonthError):
        return None


def _outside_titles(plain: str) -> str:
    """``plain`` with what stands in 《》 blanked out, the same length: (试行) in a cited title is not ours."""
    return re.sub(r"《[^》\n]*》", lambda match: "《" + "·" * (len(match[0]) - 2) + "》", plain)


Aspect = Literal["effective", "expires", "trial", "repeals"]


def _statement(text: str, start: int, end: int, aspect: Aspect, on: str | None, own: bool = True) -> ValidityStatement:
    return ValidityStatement(text[start:end], start, end, aspect, on, own)


def _sentence(plain: str, place: int) -> str:
    """The sentence up to ``place``."""
    return plain[max(plain.rfind(mark, 0, place) for mark in "。\n") + 1:place]


def _years_on(start: str | None, years: int) -> str | None:
    """The last day of a term of ``years`` that begins on ``start``."""
    if start is None:
        return None
    first = datetime.date.fromisoformat(start)
    try:
        later = first.replace(year=first.year + years)
    except ValueError:  # 29 February
        later = first.replace(year=first.year + years, day=28)
    return (later - datetime.timedelta(days=1)).isoformat()


def _starts(text: str, plain: str) -> Iterator[ValidityStatement]:
    for match in _EFFECTIVE.finditer(plain):
        subject = re.split(r"[,。;\n]", plain[:match.start()])[-1]
        if not _OWN.search("," + subject) and not _SELF.search(subject):
            continue  # 新标准自2023年起执行 is about something else
        yield _statement(text, match.start(), match.end(), "effective", _iso(match["from"], end=False))
        if match["to"]:
            yield _statement(text, match.start(), match.end(), "expires", _iso(match["to"], end=True))
        if "试" in match["force"]:
            yield _statement(text, match.start(), match.end(), "trial", None)


def _ends(text: str, plain: str, start: str | None) -> Iterator[ValidityStatement]:
    for match in _TERM.finditer(plain):
        sentence = _sentence(plain, match.start())
        if match["what"] == "有效期" and sentence.strip() and not _SELF.search(sentence) and not re.search(
                rf"{_IN_FORCE}|政策", sentence):
            continue  # 证书…，有效期为一年
        if match["open"]:
            continue
        last = match["range"] or match["to"]
        if match["from"]:
            yield _statement(text, match.start(), match.end(), "effective", _iso(match["from"], end=False))
            start = _iso(match["from"], end=False)
        on = _iso(last, end=True) if last else _years_on(start, _number(match["years"]))
        yield _statement(text, match.start(), match.end(), "expires", on)
    for match in _UNTIL.finditer(plain):
        sentence = _sentence(plain, match.start())
        prolongs = "延" in match["verb"] or "继续" in match["verb"]
        own = bool(_SELF.search(sentence))
        if own or prolongs:
            yield _statement(text, match.start(), match.end(), "expires", _iso(match["to"], end=True), own)


def _repealed(text: str, plain: str) -> Iterator[ValidityStatement]:
    for match in _REPEALS.finditer(plain):
        begin = max(plain.rfind(mark, 0, match.start()) for mark in "。;\n") + 1
        clause = plain[begin:match.start()]
        cut = max((found.end() for found in re.finditer(rf"{_IN_FORCE},|起,", clause)), default=0)
        if not _DOCUMENTS.search(clause[cut:]):
            continue
        begin += cut + len(clause[cut:]) - len(clause[cut:].lstrip())
        yield _statement(text, begin, match.end(), "repeals", None)


def find(text: str) -> tuple[ValidityStatement, ...]:
    """Statements of a clause's ``text`` about validity, in order; ``quote`` is ``text[start:end]``.

    ``on`` is None where the text gives no date of its own (自发布之日起; a term of years counted from it).
    """
    plain = _outside_titles(normalise(text))
    starts = list(_starts(text, plain))
    first = next((statement.on for statement in starts if statement.aspect == "effective"), None)
    found = [*starts, *_ends(text, plain, first), *_repealed(text, plain)]
    if not any(statement.aspect == "trial" for statement in found):
        found += (_statement(text, match.start(), match.end(), "trial", None) for match in _TRIAL.finditer(plain))
    return tuple(sorted(found, key=lambda statement: (statement.start, statement.end, statement.aspect)))
