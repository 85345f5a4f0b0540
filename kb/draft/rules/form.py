"""How numbers of documents, dates and figures are written (GB/T 9704-2012, GB/T 15835-2011)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Final

from kb.draft.context import Context
from kb.draft.findings import Finding
from kb.text import normalise

#: 台政发〔2021〕27号 in whatever brackets, with whatever stands for its serial. A title that ends in (2021—2023年) and the
#: edition of a guide (2021版) are none: an issuer's short name of two characters and more, a year alone, a serial.
_NUMBER: Final = re.compile(
    r"(?P<organ>[一-鿿]{2,10})\s?(?P<open>[〔\[［【（(〈<])\s?(?P<year>\d{2,4})\s?(?P<close>[〕\]］】）)〉>])\s?"
    r"(?P<di>第?)\s?(?P<serial>[0-9０-９lIOoＯ一二三四五六七八九十百〇零]{1,6})\s?(?P<hao>号?)")
_ORGAN: Final = re.compile(r"(?:发|办|函|委|政|府|字|令|规|财|建|资|经|环|税|土|转升|通|告|号|局|厅|领|组|法|农|人社|市监|监|科|商|教|电)$")
_LOOKALIKE: Final = str.maketrans({"l": "1", "I": "1", "O": "0", "o": "0", "Ｏ": "0"})
_RIGHT: Final = "〔〕"


def numbers(context: Context) -> Iterator[Finding]:
    """Document numbers with other brackets than 〔〕, without 号, with 第, a leading zero or a letter for a digit."""
    text = context.document.text
    for match in _NUMBER.finditer(text):
        if not _is_number(match):
            continue
        if problems := _problems(match):
            serial = normalise(match["serial"]).translate(_LOOKALIKE)
            organ = _organ(match["organ"])
            right = f"{organ}〔{match['year']}〕{serial.lstrip('0') or serial}号"
            start = match.end("organ") - len(organ)
            yield Finding("number-format", context.at(start), text[start:match.end()], "；".join(problems),
                          mend=f"改为“{right}”", start=start)


def _is_number(match: re.Match[str]) -> bool:
    if match["hao"]:
        return bool(_ORGAN.search(match["organ"])) or match["open"] in "〔[［【"
    return bool(_ORGAN.search(match["organ"])) and len(match["year"]) == 4 and match["serial"].isascii() and not re.match(
        "[年月个家项条万亿%亩元]", match.string[match.end():match.end() + 1])


def _organ(run: str) -> str:
    """The issuer's short name without the words that lead in."""
    return re.split(r"根据|依据|按照|依照|参照|执行|落实|贯彻|的|和|与|及|《", run)[-1] or run


def _problems(match: re.Match[str]) -> list[str]:
    found: list[str] = []
    if match["open"] + match["close"] != _RIGHT:
        found.append(f"年份用“〔〕”括入，不用“{match['open']}{match['close']}”")
    if len(match["year"]) != 4:
        found.append("年份用全称")
    if match["di"]:
        found.append("序号不加“第”字")
    serial = match["serial"]
    if not re.fullmatch(r"[0-9]+", serial):
        found.append("序号应为阿拉伯数字" + ("，疑将数字误作字母" if re.search("[lIOoＯ]", serial) else ""))
    elif serial.startswith("0"):
        found.append("序号不编虚位")
    if not match["hao"]:
        found.append("缺“号”字")
    return found


_DOTTED: Final = re.compile(r"(?<![\d.\-/])(?P<y>(?:19|20)\d\d)\s?[.\-/．－／]\s?(?P<m>\d{1,2})(?:\s?[.\-/．－／]\s?(?P<d>\d{1,2}))?(?![\d.\-/%％])")
_WRITTEN: Final = re.compile(r"(?<!\d)(?P<y>\d{2,4})\s?年\s?(?P<m>\d{1,2})\s?月(?:\s?(?P<d>\d{1,3})\s?(?P<sign>日|号(?!文|楼|线|令)))?")
_HAN_DATE: Final = re.compile(r"^\s*[二一][〇○零ＯO0一二三四五六七八九]{3}年[一二三四五六七八九十元]{1,3}月[一二三四五六七八九十廿]{1,4}日\s*$", re.MULTILINE)


def dates(context: Context) -> Iterator[Finding]:
    """Dates that are not written as 2021年12月26日, or do not exist."""
    text = context.document.text
    tables = [match.span() for match in re.finditer(r"^\|.*$", text, re.MULTILINE)]
    for match in _DOTTED.finditer(text):
        if not match["d"] and (any(start <= match.start() < end for start, end in tables) or _not_month(text, match)):
            continue
        if not 1 <= int(match["m"]) <= 12 or (match["d"] and not 1 <= int(match["d"]) <= 31):
            continue
        right = f"{match['y']}年{int(match['m'])}月" + (f"{int(match['d'])}日" if match["d"] else "")
        yield _date(context, match, "日期应写明年、月、日", right)
    for match in _WRITTEN.finditer(text):
        if reason := _written(match):
            year = match["y"] if len(match["y"]) == 4 else f"20{match['y']}"
            right = f"{year}年{int(match['m'])}月" + (f"{int(match['d'])}日" if match["d"] else "")
            yield _date(context, match, reason, "" if "不存在" in reason else right)
    for match in _HAN_DATE.finditer(text):
        yield _date(context, match, "成文日期用阿拉伯数字", "")


def _not_month(text: str, match: re.Match[str]) -> bool:
    """2021-2023, GB/T 9704-2012 and 2021.5 of something else: a year and a month alone are told only before a pause."""
    sign = text[match.end("y"):match.start("m")].strip()
    return sign not in (".", "．") or not re.match(r"[，。；、）)\s]|$|前|底|起", text[match.end():match.end() + 1])


def _written(match: re.Match[str]) -> str:
    year, month, day = match["y"], match["m"], match["d"]
    if len(year) != 4:
        return "年份用全称" if len(year) == 2 and not match.string[:match.start()].endswith(("第", "满", "近")) else ""
    if not 1 <= int(month) <= 12 or (day and not _exists(int(year), int(month), int(day))):
        return "该日期不存在"
    if month.startswith("0") or (day or "").startswith("0"):
        return "月、日不编虚位"
    return "“号”应为“日”" if match["sign"] == "号" else ""


def _exists(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _date(context: Context, match: re.Match[str], reason: str, right: str) -> Finding:
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    return Finding("date-format", context.at(start), match[0].strip(), reason,
                   mend=f"改为“{right}”" if right else "核对日期", start=start)


#: (pattern, what is wrong)
_FIGURES: Final = (
    (re.compile(r"(?<![\d,.])\d{1,3}(?:[,，]\d{3})+(?![\d,])(?=\s?[一-鿿%％]|[。；，、）)])"), "数字不用逗号分节"),
    (re.compile(r"[０-９]+(?:[．.][０-９]+)?"), "数字用半角"),
    (re.compile(r"百分之\s?\d+(?:\.\d+)?"), "百分数写作“30%”"),
    (re.compile(r"(?<![一二三四五六七八九十])[一二三四五六七八九十]{1,3}\s?[%％]"), "百分号前用阿拉伯数字"),
    (re.compile(r"(?<![\d.])\d+(?:\.\d+)?[千百十](?=[家个亩元吨人项台户件栋幢])"), "阿拉伯数字后只用“万”“亿”作单位"),
    (re.compile(r"(?<![\d.])\d+万\d+(?:千|百)?(?=[家个亩元吨人])"), "阿拉伯数字与“万”“亿”不混用"),
)


def figures(context: Context) -> Iterator[Finding]:
    """Figures with thousands marks, in full-width digits, or half in characters."""
    text = context.document.text
    for pattern, reason in _FIGURES:
        for match in pattern.finditer(text):
            plain = re.sub("[,，]", "", normalise(match[0])) if "逗号" in reason or "半角" in reason else ""
            if "半角" in reason and _in_number(text, match):
                continue
            yield Finding("figure-format", context.at(match.start()), match[0], reason,
                          mend=f"改为“{plain}”" if plain else "", start=match.start())


def _in_number(text: str, match: re.Match[str]) -> bool:
    """The serial of a document number is told with the number; a heading's １． is a number's style."""
    return text[:match.start()].endswith(("〕", "〔")) or text[match.end():match.end() + 1] in "．、"
