"""Finds numbers with their units in a clause, and covers what only looks like one.

Everything runs on normalised text; offsets are those of the clause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from kb.extract.numerals import ARABIC, CHINESE, FRACTION, fraction, parse, split_magnitude
from kb.extract.units import per_pattern, unit_pattern, units
from kb.models import Bound
from kb.vocabulary import lines, table

#: Stands in the working text, one for one, where a name, a title or a document number was.
NAME = "\x00"
#: Stands in the working text where a date was.
DATED = "\x01"
#: The category of dates; the others are those of units.tsv, "ratio" for 三分之一, "" for a number without a unit.
DATE = "date"


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit at ``start:end``; its quote at ``quote_start:quote_end`` takes in bound words.

    ``numeral`` is the number as written (normalised), ``han`` whether it is a bare Chinese numeral, ``each`` the
    denominators written apart from the unit (每月3元/平方米).
    """

    start: int
    end: int
    value: float
    unit: str
    category: str
    numeral: str
    quote_start: int
    quote_end: int
    bound: Bound | None = None
    value_to: float | None = None
    value_from: float | None = None
    each: tuple[str, ...] = ()

    @property
    def han(self) -> bool:
        """Whether the number is written in Chinese numerals alone."""
        return bool(self.numeral) and not any(char.isdigit() and char.isascii() for char in self.numeral)


@cache
def _names() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in lines("not_quantities.txt")))


#: A quoted term of a few characters: “2513”, “五个一批”, “3类空间”, “30年期”. Run on the original text, where opening
#: and closing marks differ; a page may close with the opening one (“亩均论英雄“).
_QUOTED = re.compile(r"[“\"「『]([^“”\"「」『』，。；：,;:\n]{1,12})[“”\"」』]")
#: What is an amount even in quotes: money, per cent, spans of time in Arabic digits (“30年期”等弹性供地方式).
_QUOTED_AMOUNT = re.compile(r"\d[\d.,]*\s*(?:万|亿)?(?:元|%|年期|个月|天|个工作日)")


_WIDE_COMMA = re.compile(r"(?<=\d)，(?=\d)")


def cover_names(text: str, original: str) -> str:
    """``text`` with quoted names, titles, ordinals and document numbers covered by NAME, one for one."""
    chars = list(text)
    for match in _QUOTED.finditer(original):
        start, end = match.span(1)
        if not _QUOTED_AMOUNT.search(text, start, end):
            chars[start:end] = NAME * (end - start)
    for match in _WIDE_COMMA.finditer(original):  # 10，200家 is no 10,200
        chars[match.start()] = ";"
    covered = "".join(chars)
    return _names().sub(lambda match: NAME * len(match[0]), covered)


_MORE = r"(?P<{}>[多余])?"


@cache
def _pattern() -> re.Pattern[str]:
    unit, per = unit_pattern(), per_pattern()
    han = (rf"(?<![〇零一二两三四五六七八九十百千万亿点])(?!(?<=[数几上])[十百千万亿])"  # 数十家, 几百户, 上千人
           rf"(?=[一二两三四五六七八九十百千万亿])(?:{CHINESE})")
    # 60家（个）以上: the second unit in brackets belongs to the first
    measure = (rf" ?(?:(?P<unit>{unit})"
               rf"|{_MORE.format('more')}(?P<mag>万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千|百)?"
               rf"{_MORE.format('more2')} ?(?P<unit2>{unit})"
               rf"|(?P<bare>万亿|亿|万)(?![一-鿿]))?"
               rf"(?P<half>半(?![年数天月]))?(?P<alt>\({unit}\))?(?P<per>{per})")
    # not inside a code or a decimal: DB331021, PM2.5, M0, 1/3 is a fraction
    slash = r"(?P<top>\d{1,2})/(?P<bottom>\d{1,2})(?![\d/.年])"
    arabic = rf"(?<![A-Za-z\d./])(?<!\d,)(?:{slash}|(?P<num>{ARABIC}))(?![\d.])"
    words = "|".join(re.escape(row["word"]) for row in table("number_words.tsv"))
    return re.compile(rf"(?P<fraction>{FRACTION.pattern})|(?P<word>{words})"
                      rf"|(?:{arabic}|(?P<han>{han})){measure}")


@cache
def _number_words() -> dict[str, dict[str, str]]:
    return {row["word"]: row for row in table("number_words.tsv")}


def scan(text: str) -> list[Amount]:
    """All numbers of the working text ``text`` with the units after them, in order; a number without a unit has
    the category ''."""
    found = []
    for match in _pattern().finditer(text):
        amount = _read(match, text)
        if amount is not None:
            found.append(amount)
    return found


def _read(match: re.Match[str], text: str) -> Amount | None:
    start, end = match.span()
    if match["fraction"]:
        read = fraction(match["of"], match["part"])
        if read is None:
            return None
        return Amount(start, end, *read, "percent" if read[1] else "ratio", match[0], start, end)
    if match["word"]:
        return _read_word(match, text)
    if match["top"]:
        return _read_slash(match)
    return _read_number(match)


def _read_slash(match: re.Match[str]) -> Amount | None:
    """1/3; 12/24 and 24/7 are no shares."""
    start, end = match.start(), match.end("bottom")
    top, bottom = int(match["top"]), int(match["bottom"])
    if not 0 < top < bottom <= 10 or match.end() != end:
        return None
    return Amount(start, end, round(top / bottom, 4), "", "ratio", match["top"] + "/" + match["bottom"], start, end)


def _read_word(match: re.Match[str], text: str) -> Amount | None:
    """翻番, 清零, 一半, 半年: amounts without a numeral (number_words.tsv)."""
    row = _number_words()[match["word"]]
    start, end = match.span("word")
    before = re.split(r"[,。;:\n]", text[max(0, start - 40):start])[-1]
    if (needs := row.get("needs")) and not re.search(needs, before):
        return None
    if row.get("not_before") and re.match(row["not_before"], text[end:end + 4]):
        return None
    if row["category"] == "time" and before[-1:] in tuple("上下每前后"):  # 上半年, 每半年
        return None
    unit = row["unit"]
    if row["word"] == "清零" and "企业" not in before:
        unit = ""
    bound: Bound | None = "min" if row.get("bound") == "min" else None
    return Amount(start, end, float(row["value"]), unit, row["category"], match["word"], start, end, bound)


def _read_number(match: re.Match[str]) -> Amount | None:
    start, end = match.span()
    numeral = match["num"] or match["han"]
    name = match["unit"] or match["unit2"] or ""
    magnitude = match["mag"] or match["bare"] or ""
    if not name and not match["bare"]:
        end = match.end("num") if match["num"] else match.end("han")
    if match["num"]:
        value = parse(numeral)
    else:
        read = split_magnitude(numeral)
        value, magnitude = (read[0], read[1] + magnitude) if read else (None, "")
    if value is None:
        return None
    if match["half"] and name:
        value += 0.5
    alternative, per = match["alt"] or "", match["per"] or ""
    known = units().get(name)
    category = known.category if known else ("bare" if magnitude else "")
    if not category:
        alternative = per = ""
    unit = re.sub(r"\s", "", magnitude + name + alternative.replace("(", "（").replace(")", "）") + per)
    bound: Bound | None = "approx" if match["more"] or match["more2"] else None
    return Amount(start, end, value, unit, category, numeral, start, end, bound)
