"""The numbering grammar: how a line of an official document announces a provision.

The styles are data, tried in order on the normalised line (brackets and digits folded one for one). ``rank`` says
how far out a style stands; GB/T 9704 orders 一、（一） 1. （1）, legislation has 编 章 节 条 above its items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.models import ProvisionKind
from kb.text import han_number

_HAN = "〇零一二三四五六七八九十百千两"


@dataclass(frozen=True, slots=True)
class Style:
    """One way to number: ``pattern`` matches at the line's start and its group ``n`` is the number."""

    kind: ProvisionKind
    name: str
    rank: int
    label: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Number:
    """A number found at the start of a line: its style, canonical label, value, and where the rest begins."""

    style: Style
    label: str
    value: int
    rest: int


def _style(kind: ProvisionKind, name: str, rank: int, label: str, pattern: str) -> Style:
    return Style(kind, name, rank, label, re.compile(r"[\s*_]*" + pattern))


#: In the order in which they are tried. ``{n}`` in a label is the number in Han, ``{d}`` in Arabic digits.
STYLES: tuple[Style, ...] = (
    _style("chapter", "编", 1, "第{n}编", rf"第\s*(?P<n>[{_HAN}]+|\d+)\s*分?编(?=\s|$)"),
    _style("chapter", "章", 2, "第{n}章", rf"第\s*(?P<n>[{_HAN}]+|\d+)\s*章(?=\s|$|[^的和至规、,,。])"),
    _style("division", "节", 3, "第{n}节", rf"第\s*(?P<n>[{_HAN}]+|\d+)\s*节(?=\s|$|[^的和至规、,,。])"),
    # 第七十五 条 with spaces inside, 第一百二十条之一 without a space after it. 第十二条规定的… at the start of a line
    # is no article: space, a bracketed caption or nothing must follow, except after 之一.
    _style("article", "条", 4, "第{n}条{zhi}", rf"第\s*(?P<n>[{_HAN}]+|\d+)\s*条(?=\s|$|[(\"])"),
    _style("article", "条", 4, "第{n}条{zhi}",
           rf"第\s*(?P<n>[{_HAN}]+|\d+)\s*条\s*之\s*(?P<zhi>[{_HAN}]+)(?=[^、,。至和第的{_HAN}]|$)"),
    _style("section", "一、", 5, "{n}", rf"(?P<n>[{_HAN}]+)\s*[、.](?!\d)"),
    # (一) and, where a page lost the left bracket, 一)
    _style("subsection", "（一）", 6, "（{n}）", rf"\(?\s*(?P<n>[{_HAN}]+)\s*\)\s*[、.]?"),
    _style("subsection", "（一）", 6, "（{n}）", r"(?P<n>[㈠-㈩])\s*[、.]?"),
    # 1. 1、 1．; not 1.3万亩 at the start of a broken line
    _style("item", "1.", 7, "{d}", r"(?P<n>\d{1,3})\s*[.、](?!\d)"),
    _style("item", "1.", 7, "{d}", r"(?P<n>[⒈-⒛])"),
    _style("subitem", "（1）", 8, "（{d}）", r"\(?\s*(?P<n>\d{1,3})\s*\)"),
    _style("subitem", "（1）", 8, "（{d}）", r"(?P<n>[⑴-⒇])"),
    _style("subitem", "①", 9, "（{d}）", r"(?P<n>[①-⑳])"),
    _style("dash", "——", 11, "—{d}", r"(?P<n>-{2,4}|- -)\s*(?=[^\s|-])"),
)

#: 1 总则 / 1.1 编制目的 / 1.1.1 … as emergency plans and technical guides number: by depth. Never read off a line
#: alone: see :func:`decimal_outline`.
_DECIMALS: tuple[Style, ...] = (
    _style("section", "1", 5, "", ""), _style("subsection", "1.1", 6, "", ""),
    _style("item", "1.1.1", 7, "", ""), _style("subitem", "1.1.1.1", 8, "", ""),
)
# 1.3万亩 and 2.0版 at the start of a broken line are amounts
_DECIMAL = re.compile(r"(?P<n>\d{1,2}(?:\.\d{1,2}){0,3})(?P<dot>[.、]?)"
                      r"(?:(?P<gap>\s+)|(?![万亿元亩年月日个家项人%倍版级吨千平米]))(?=[\u4e00-\u9fffA-Z\"(<])")

_RUNS = ((ord("㈠"), 10), (ord("⒈"), 20), (ord("⑴"), 20), (ord("①"), 20))


def read_number(line: str) -> Number | None:
    """The number that opens the normalised ``line``, or None. A dash has the value 0: its place counts it."""
    for style in STYLES:
        if match := style.pattern.match(line):
            return _number(style, match)
    return None


def _number(style: Style, match: re.Match[str]) -> Number:
    if style.kind == "dash":
        return Number(style, "—", 0, match.end())
    written = match["n"]
    value = next((ord(written) - first + 1 for first, count in _RUNS
                  if len(written) == 1 and first <= ord(written) < first + count), None)
    if value is None:
        value = han_number(written)
    zhi = match.groupdict().get("zhi")
    label = style.label.format(n=to_han(value), d=value, zhi=f"之{zhi}" if zhi else "")
    return Number(style, label, value, match.end())


def to_han(value: int) -> str:
    """``value`` (0 to 9999) in Han numerals as provisions spell it: 12 is 十二, 103 is 一百零三."""
    digits = "零一二三四五六七八九"
    if value < 10:
        return digits[value]
    out, zero = "", False
    for power, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, power)
        if digit:
            out += ("零" if zero else "") + digits[digit] + sign
            zero = False
        elif out:
            zero = bool(value)
    return out.removeprefix("一") if out.startswith("一十") else out


def decimal_outline(lines: Sequence[str]) -> dict[int, Number]:
    """The numbers of an outline in decimals (1 总则, 1.1 编制目的) by the index of their line in the normalised
    ``lines``; empty where the document has none.

    Judged by the whole sequence: each number must follow from the one before it (1.2 from 1.1, 2 from 1.3.4).
    """
    found: dict[int, Number] = {}
    last: tuple[int, ...] = (0,)
    candidates = list(_decimals(lines))
    for at, (index, match, parts) in enumerate(candidates):
        if not _follows(last, parts):
            continue
        if len(parts) == 1 and (match["dot"] or not match["gap"]):     # 2.甲 may be an item below 1.3
            following = candidates[at + 1][2] if at + 1 < len(candidates) else ()
            if following != (*parts, 1):
                continue
        style = _DECIMALS[len(parts) - 1]
        found[index] = Number(style, ".".join(map(str, parts)), parts[-1], match.end())
        last = parts
    dotted = sum("." in number.label for number in found.values())
    return found if dotted >= 2 and len(found) > dotted else {}


def _decimals(lines: Sequence[str]) -> Iterator[tuple[int, re.Match[str], tuple[int, ...]]]:
    for index, line in enumerate(lines):
        if match := _DECIMAL.match(line):
            yield index, match, tuple(map(int, match["n"].split(".")))


def _follows(last: tuple[int, ...], parts: tuple[int, ...]) -> bool:
    """Whether ``parts`` is the first number below ``last``, or the next at its depth or further out."""
    depth = len(parts)
    if depth == len(last) + 1:
        return parts == (*last, 1)
    return depth <= len(last) and parts == (*last[:depth - 1], last[depth - 1] + 1)
