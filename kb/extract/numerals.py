"""Numerals of official Chinese texts: Arabic with separators, Chinese in words, fractions.

Patterns here run on normalised text (full-width digits folded). The reading of Chinese numerals is cn2an's, in
its strict form, never its ``transform`` (which rewrites 统一规划 to 统1规划).
"""

from __future__ import annotations

import re
from functools import lru_cache

import cn2an  # type: ignore[import-untyped]

#: 1,000.5 or 0.5 or 2000
ARABIC = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_D = "[一二两三四五六七八九]"
# Thousands, hundreds and tens in order, each at most once, so that 五十千米 is 五十 and 千米.
_GROUP = rf"(?:{_D}?千)?零?(?:{_D}?百)?零?(?:{_D}?十)?零?{_D}?"
#: A Chinese numeral: 二十一, 一千零五, 三十万, 二万五千, 千万, 三点五; may match nothing.
CHINESE = rf"(?:{_GROUP}亿)?(?:{_GROUP}万)?{_GROUP}(?:点[〇零一二三四五六七八九]+)?"
#: What multiplies an Arabic number and is kept as part of the unit: 1.3|万亩, 3|亿元.
MAGNITUDES = {"万亿": 1e12, "千亿": 1e11, "百亿": 1e10, "十亿": 1e9, "亿": 1e8,
              "千万": 1e7, "百万": 1e6, "十万": 1e5, "万": 1e4, "千": 1e3, "百": 1e2}


@lru_cache(maxsize=4096)
def parse(written: str) -> float | None:
    """The number that ``written`` spells (``1,000``, ``二十一``, ``千万``, ``二〇二三``), or None.

    A bare power counts once: 千万 is 1e7, 亿 is 1e8 (亿元企业); cn2an rejects these alone.
    """
    text = written.replace(",", "").replace("○", "〇")
    try:
        return float(text)
    except ValueError:
        pass
    if text[:1] in tuple("百千万亿"):
        text = "一" + text
    try:
        return float(cn2an.cn2an(text, "smart"))
    except (ValueError, KeyError, IndexError):
        return None


@lru_cache(maxsize=4096)
def split_magnitude(written: str) -> tuple[float, str] | None:
    """A Chinese numeral as a number and the 万 or 亿 at its end, which official style keeps with the unit:
    五百万 is (500, 万), 二万五千 is (25000, ''), 亿 is (1, 亿)."""
    for magnitude in ("万亿", "亿", "万"):
        if written.endswith(magnitude) and not (magnitude == "万" and "亿" in written):  # 五亿三千万 is no 万 alone
            head = written.removesuffix(magnitude)
            value = parse(head) if head else 1.0
            return None if value is None else (value, magnitude)
    value = parse(written)
    return None if value is None else (value, "")


#: 三分之二, 百分之五十, 千分之三, 万分之五; groups of_, part
FRACTION = re.compile(rf"(?P<of>{CHINESE})分之(?P<part>{CHINESE}|{ARABIC})")
_PER = {"百": "%", "千": "‰", "万": "‱"}


def fraction(of: str, part: str) -> tuple[float, str] | None:
    """Value and unit of ``of`` 分之 ``part``: 百分之五 is (5, %), 三分之一 is (0.3333, '')."""
    number = parse(part)
    if number is None:
        return None
    if of in _PER:
        return number, _PER[of]
    whole = parse(of)
    return (round(number / whole, 4), "") if whole else None
