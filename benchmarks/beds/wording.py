"""The same said otherwise: near-synonyms, sentences turned round, other amounts. Strings in, strings out.

What stands in quotes or 《》 and who is in charge at a clause's end stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from random import Random

from beds.files import lines, table, variants
from kb.models import Span
from kb.text import sentences, words

_IN_CHARGE = r"[（(](?:责任|牵头|配合)(?:单位|部门)[：:](?:[^（）()]|[（(][^（）()]*[）)])*[）)]"
_TAIL = re.compile(rf"{_IN_CHARGE}。?$")
_PROTECTED = re.compile(rf"“[^”]*”|《[^》]*》|〔\d+〕|{_IN_CHARGE}")
_WIDE, _NARROW = "，；：（）", ",;:()"
# An amount is a number with one of these behind it: 21个 but not 2023年, 4.0, 2.0版, DB33/1021-2013 or 〔2021〕31号.
_AMOUNT = re.compile(r"(?<![\d.〔“/\-+A-Za-z])(\d+(?:\.\d+)?)"
                     r"(%|[万亿千]?(?:元|亩|吨|台|家|美元|平方米)|[个项宗层条名人倍天])(?!\d)")
_FACTORS = (0.4, 0.5, 0.6, 0.8, 1.2, 1.5, 2.0, 2.5, 3.0)
_LIST = re.compile(r"(?:[\u4e00-\u9fff]{2,8}、){3,}[\u4e00-\u9fff]{2,8}")


def split_tail(text: str) -> tuple[str, str]:
    """``text`` without, and only, the bracket at its end that says who is in charge."""
    match = _TAIL.search(text)
    return (text[:match.start()], match[0]) if match else (text, "")


def protected(text: str) -> list[Span]:
    """Stretches of ``text`` whose words are names: quoted terms, titles, numbers of documents, units in charge."""
    return [Span(*match.span()) for match in _PROTECTED.finditer(text)]


def reword(text: str, rng: Random, words_share: float, turns_share: float) -> str:
    """``text`` with that share of its replaceable words replaced, and of its turnable sentences turned round."""
    if not text:
        return text
    narrow = text.count(",") > text.count("，")
    if narrow:
        text = text.translate(str.maketrans(_NARROW, _WIDE))
    for turn in (_swap_sentences, _swap_duties, _swap_items):
        text = turn(text, rng, turns_share)
    for pattern, replacement in _turns():
        text = _substitute(pattern, replacement, text, rng, turns_share)
    text = replace_words(text, rng, words_share)
    return text.translate(str.maketrans(_WIDE, _NARROW)) if narrow else text


@cache
def _turns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["pattern"]), row["replacement"]) for row in table("restructurings.tsv"))


def _substitute(pattern: re.Pattern[str], replacement: str, text: str, rng: Random, share: float) -> str:
    names = protected(text)

    def turned(match: re.Match[str]) -> str:
        found = Span(*match.span())
        cuts = any(found.overlaps(name) and not (found.start <= name.start and name.end <= found.end)
                   for name in names)
        return match[0] if cuts or rng.random() >= share else match.expand(replacement)

    return pattern.sub(turned, text)


@cache
def _word_pattern() -> re.Pattern[str]:
    longest_first = sorted(variants("rewordings.txt"), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest_first)))


def replace_words(text: str, rng: Random, share: float) -> str:
    """``text`` with ``share`` of the words that rewordings.txt knows written otherwise; only whole words."""
    edges = {0}
    for word in words(text):
        edges.add(max(edges) + len(word))
    names = protected(text)

    def other(match: re.Match[str]) -> str:
        found = Span(*match.span())
        whole = found.start in edges and found.end in edges
        if not whole or any(found.overlaps(name) for name in names) or rng.random() >= share:
            return match[0]
        return rng.choice(variants("rewordings.txt")[match[0]])

    return _word_pattern().sub(other, text)


def _swap(parts: list[str], may: Callable[[str, str], bool], rng: Random, share: float) -> list[str]:
    """Neighbours change places where ``may`` allows it; nobody moves twice."""
    at = 0
    while at + 1 < len(parts):
        if may(parts[at], parts[at + 1]) and rng.random() < share:
            parts[at], parts[at + 1] = parts[at + 1], parts[at]
            at += 1
        at += 1
    return parts


def _swap_sentences(text: str, rng: Random, share: float) -> str:
    body, tail = split_tail(text)
    if "\n" in body:
        return text
    parts = re.findall(r"[^。]+。", body)
    if "".join(parts) != body or any(part.count("“") != part.count("”") for part in parts):
        return text
    leaning = lines("leaning_words.txt")

    def independent(one: str, two: str) -> bool:
        return not (one.startswith(leaning) or two.startswith(leaning))

    return "".join(_swap(parts, independent, rng, share)) + tail


def _swap_duties(text: str, rng: Random, share: float) -> str:
    duties = lines("duty_verbs.txt")

    def within(sentence: str) -> str:
        parts = re.split("，", sentence)
        last = parts.pop()                  # it carries the mark that closes the sentence
        parts = _swap(parts, lambda one, two: one.startswith(duties) and two.startswith(duties), rng, share)
        return "，".join([*parts, last])

    return _outside(text, sentences(text), within)


def _swap_items(text: str, rng: Random, share: float) -> str:
    def within(run: str) -> str:
        first, *middle, last = run.split("、")      # the outer ones may hang on words before and behind
        return "、".join([first, *_swap(middle, lambda *_: True, rng, share), last])

    if "分别" in text:
        return text
    return _outside(text, (Span(*match.span()) for match in _LIST.finditer(text)), within)


def _outside(text: str, spans: Iterable[Span], change: Callable[[str], str]) -> str:
    """``text`` with each of ``spans`` that holds no name changed."""
    names, out, position = protected(text), [], 0
    for span in spans:
        out.append(text[position:span.start])
        held = any(span.overlaps(name) for name in names)
        out.append(span.of(text) if held else change(span.of(text)))
        position = span.end
    return "".join([*out, text[position:]])


def other_amounts(text: str, rng: Random, share: float) -> tuple[str, list[tuple[Span, Span]]]:
    """``text`` with ``share`` of its amounts changed, and where they stand in the old and in the new text."""
    out, changes, position = "", [], 0
    for match in _AMOUNT.finditer(text):
        value = match[1] if rng.random() >= share else _other(match[1], match[2] == "%", rng)
        out += text[position:match.start()]
        if value != match[1]:
            changes.append((Span(*match.span()), Span(len(out), len(out) + len(value + match[2]))))
        out += value + match[2]
        position = match.end()
    return out + text[position:], changes


def _other(value: str, percent: bool, rng: Random) -> str:
    """Another value in the same style; 100% stays, percentages stay below 100."""
    if percent and float(value) >= 100:
        return value
    decimals = len(value.partition(".")[2])
    found = {f"{float(value) * factor:.{decimals}f}" for factor in _FACTORS} - {value}
    kept = sorted(new for new in found if float(new) > 0 and not (percent and float(new) >= 100))
    return rng.choice(kept or [f"{float(value) + 1:.{decimals}f}"])
