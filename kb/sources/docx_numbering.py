"""Automatic numbering of a .docx: the label that Word shows before a paragraph and does not keep in its text.

ECMA-376 part 1, 17.9: a paragraph (or its style) names a *num*, the num an *abstractNum* with up to nine levels; a
num may override levels and where they start. Counters belong to the abstractNum: two nums of one abstractNum count on,
unless the second says where to start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from kb.numbering import to_han

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS: Final = 9


@dataclass(frozen=True, slots=True)
class Label:
    """A number made by Word: its text (一、), the num and the level (from 0) that made it, and the number's format."""

    text: str
    num_id: str
    level: int
    format: str


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    restart: int | None = None      # the level (from 1) that makes this one start again; None is any above it
    legal: bool = False             # all numbers of the label in Arabic digits
    style: str | None = None


@dataclass(frozen=True, slots=True)
class _Num:
    abstract: str
    levels: Mapping[int, _Level]
    starts: Mapping[int, int]


class Numbering:
    """The numbering of one document. ``label`` has to be called once for each paragraph that is shown, in order."""

    def __init__(self, numbering: Any | None, styles: Any | None) -> None:
        self._styles = {style.get(W + "styleId", ""): style for style in
                        (() if styles is None else styles.iter(W + "style"))}
        self._default = next((key for key, style in self._styles.items() if style.get(W + "type") == "paragraph"
                              and style.get(W + "default") in ("1", "true")), "")
        self._nums = {} if numbering is None else _read_nums(numbering, self._styles)
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[tuple[str, int]] = set()

    def label(self, properties: Any | None) -> Label | None:
        """The label of the paragraph with the ``properties`` (its ``w:pPr``); None where it has none."""
        found = self._reference(properties)
        if found is None:
            return None
        num_id, level = found
        num = self._nums.get(num_id)
        if num is None or level not in num.levels:
            return None
        counts = self._count(num_id, num, level)
        own = num.levels[level]
        text = re.sub(r"%([1-9])", lambda match: self._number(num, counts, int(match[1]) - 1, own.legal), own.text)
        return Label(_symbols(text) if own.format == "bullet" else text, num_id, level, own.format)

    def _number(self, num: _Num, counts: list[int | None], level: int, legal: bool) -> str:
        definition = num.levels.get(level, _Level())
        count = counts[level]
        value = definition.start if count is None else count     # a level that was skipped shows its start
        return spell(value, "decimal" if legal else definition.format)

    def _count(self, num_id: str, num: _Num, level: int) -> list[int | None]:
        counts = self._counts.setdefault(num.abstract, [None] * _LEVELS)
        before = counts[level]
        if level in num.starts and (num_id, level) not in self._begun:
            counts[level] = num.starts[level]
        else:
            counts[level] = num.levels[level].start if before is None else before + 1
        self._begun.add((num_id, level))
        for deeper in range(level + 1, _LEVELS):
            restart = num.levels[deeper].restart if deeper in num.levels else None
            if restart is None or level < restart:
                counts[deeper] = None
        return counts

    def _reference(self, properties: Any | None) -> tuple[str, int] | None:
        """num and level of a paragraph: its own, else those of its style or of the styles that one is based on."""
        num_id, level = _num_pr(properties)
        style = _value(properties, "pStyle") or self._default
        source = ""
        seen: set[str] = set()
        while style and style not in seen and (num_id is None or level is None):
            seen.add(style)
            element = self._styles.get(style)
            if element is None:
                break
            style_num, style_level = _num_pr(element.find(W + "pPr"))
            if num_id is None and style_num is not None:
                num_id, source = style_num, style
            if level is None and style_level is not None:
                level = style_level
            style = _value(element, "basedOn") or ""
        if num_id is None or num_id == "0" or num_id not in self._nums:
            return None
        if source:      # the level of a numbered style is the one that names the style
            linked = [at for at, item in self._nums[num_id].levels.items() if item.style == source]
            level = linked[0] if linked else level
        return num_id, min(max(level or 0, 0), _LEVELS - 1)


def _read_nums(numbering: Any, styles: Mapping[str, Any]) -> dict[str, _Num]:
    abstracts = {item.get(W + "abstractNumId", ""): item for item in numbering.findall(W + "abstractNum")}
    elements = {item.get(W + "numId", ""): item for item in numbering.findall(W + "num")}
    nums: dict[str, _Num] = {}
    for num_id, element in elements.items():
        abstract = _resolved(_value(element, "abstractNumId") or "", abstracts, elements, styles)
        levels = dict(_read_level(lvl) for lvl in (() if abstract not in abstracts
                                                   else abstracts[abstract].findall(W + "lvl")))
        starts: dict[int, int] = {}
        for override in element.findall(W + "lvlOverride"):
            at = _integer(override.get(W + "ilvl"), 0)
            if (own := override.find(W + "lvl")) is not None:
                levels[at] = _read_level(own)[1]
            if (start := _value(override, "startOverride")) is not None:
                starts[at] = _integer(start, 1)
                levels[at] = replace(levels.get(at, _Level()), start=starts[at])
        nums[num_id] = _Num(abstract, levels, starts)
    return nums


def _resolved(abstract: str, abstracts: Mapping[str, Any], elements: Mapping[str, Any],
              styles: Mapping[str, Any]) -> str:
    """The abstractNum that holds the levels: one may only name a numbering style, which names a num."""
    seen: set[str] = set()
    while abstract in abstracts and abstract not in seen:
        seen.add(abstract)
        link = _value(abstracts[abstract], "numStyleLink")
        if link is None or link not in styles:
            break
        num_id, _ = _num_pr(styles[link].find(W + "pPr"))
        if num_id is None or num_id not in elements:
            break
        abstract = _value(elements[num_id], "abstractNumId") or abstract
    return abstract


def _read_level(lvl: Any) -> tuple[int, _Level]:
    form = lvl.find(W + "numFmt")
    if form is None:        # mc:AlternateContent holds a custom format and what to show instead
        form = next(reversed(list(lvl.iter(W + "numFmt"))), None)
    restart = _value(lvl, "lvlRestart")
    legal = lvl.find(W + "isLgl")
    name = "decimal" if form is None else form.get(W + "val", "decimal")
    fonts = lvl.find(f"{W}rPr/{W}rFonts")
    # The letter l in Wingdings is drawn as a filled circle.
    drawn = name == "bullet" and fonts is not None and re.match("Wingdings|Webdings|Symbol", fonts.get(W + "ascii", ""))
    return _integer(lvl.get(W + "ilvl"), 0), _Level(
        start=_integer(_value(lvl, "start"), 1), format=name,
        text="•" if drawn else _value(lvl, "lvlText") or "", restart=None if restart is None else _integer(restart, 0),
        legal=legal is not None and legal.get(W + "val") not in ("0", "false", "off"), style=_value(lvl, "pStyle"))


def _num_pr(properties: Any | None) -> tuple[str | None, int | None]:
    """numId and ilvl in ``w:pPr``; only its own child counts, not the former state in ``w:pPrChange``."""
    found = None if properties is None else properties.find(W + "numPr")
    if found is None:
        return None, None
    level = _value(found, "ilvl")
    return _value(found, "numId"), None if level is None else _integer(level, 0)


def _value(element: Any | None, name: str) -> str | None:
    child = None if element is None else element.find(W + name)
    return None if child is None else child.get(W + "val")


def _integer(text: str | None, default: int) -> int:
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,6}", text) else default


# --- how a number is spelled -----------------------------------------------------------------------------------

def spell(value: int, form: str) -> str:
    """``value`` in the number format ``form`` (17.18.59 ST_NumberFormat); formats of other scripts give digits."""
    if form == "none" or value < 0:
        return ""
    speller = _SPELLERS.get(form)
    return speller(value) if speller else str(value)


def _from(first: str, count: int) -> Callable[[int], str]:
    """Spelling by a run of ``count`` characters beginning with ``first`` (① …); digits beyond it."""
    return lambda value: chr(ord(first) + value - 1) if 1 <= value <= count else str(value)


def _circled(value: int) -> str:
    for first, low, high in (("①", 1, 20), ("㉑", 21, 35), ("㊱", 36, 50)):
        if low <= value <= high:
            return chr(ord(first) + value - low)
    return str(value)


def _listed(signs: str) -> Callable[[int], str]:
    return lambda value: signs[(value - 1) % len(signs)] if value else "0"


def _letters(first: str) -> Callable[[int], str]:
    return lambda value: (chr(ord(first) + (value - 1) % 26) * ((value - 1) // 26 + 1) if 0 < value < 1000
                          else str(value))


def _roman(value: int) -> str:
    out = ""
    for size, sign in ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
                       (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        out += sign * (value // size)
        value %= size
    return out


def _han(value: int) -> str:
    return to_han(value) if value < 10_000 else str(value)


def _digital(value: int) -> str:
    return str(value).translate(str.maketrans("0123456789", "〇一二三四五六七八九"))


def _formal(value: int) -> str:
    return _han(value).translate(str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟"))


_SPELLERS: Final[Mapping[str, Callable[[int], str]]] = {
    "decimalZero": lambda value: f"{value:02d}",
    "upperRoman": _roman, "lowerRoman": lambda value: _roman(value).lower(),
    "upperLetter": _letters("A"), "lowerLetter": _letters("a"), "bullet": lambda value: "",
    "chineseCounting": _han, "chineseCountingThousand": _han, "japaneseCounting": _han, "taiwaneseCounting": _han,
    "taiwaneseCountingThousand": _han, "ideographDigital": _digital, "japaneseDigitalTenThousand": _digital,
    "taiwaneseDigital": _digital, "chineseLegalSimplified": _formal, "japaneseLegal": _formal,
    "ideographLegalTraditional": _formal, "decimalEnclosedCircle": _circled, "decimalEnclosedCircleChinese": _circled,
    "decimalEnclosedFullstop": _from("⒈", 20), "decimalEnclosedParen": _from("⑴", 20),
    "ideographEnclosedCircle": _from("㊀", 10), "ideographTraditional": _listed("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _listed("子丑寅卯辰巳午未申酉戌亥"),
    "decimalFullWidth": lambda value: str(value).translate(str.maketrans("0123456789", "０１２３４５６７８９")),
}


def _symbols(text: str) -> str:
    """A bullet's sign: what symbol fonts draw for a private-use character becomes a plain bullet."""
    return re.sub(r"[\ue000-\uf8ff]", "•", text)
