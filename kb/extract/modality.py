"""How strongly a sentence binds: 必须 and 应当, 不得 and 严禁, 可以 and 允许, 鼓励 and 支持, 原则上.

The words and their forces are data (``modal_words.tsv``). A word counts only where the segmenter cuts it out of the
sentence as a word of its own, so 应 in 相应 and 可 in 可持续 do not; a longer word wins over the shorter one inside
it, so 不应 is never 应.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from kb.models import Force, ModalStatement, Span
from kb.text import normalise, sentences, words
from kb.vocabulary import lines, table

_FORCES: dict[str, Force] = {"must": "must", "must_not": "must_not", "may": "may", "encourage": "encourage",
                             "in_principle": "in_principle"}


@dataclass(frozen=True, slots=True)
class _Modal:
    word: re.Pattern[str]
    force: Force | None
    head: bool
    free: bool
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None


@cache
def _modals() -> tuple[_Modal, ...]:
    def compiled(pattern: str | None) -> re.Pattern[str] | None:
        return re.compile(pattern) if pattern else None

    return tuple(
        _Modal(re.compile(row["word"]), _FORCES.get(row["force"]), row["place"] == "head",
               row["place"] in ("free", "head"), compiled(row.get("before")), compiled(row.get("after")))
        for row in table("modal_words.tsv"))


@cache
def _any() -> re.Pattern[str]:
    return re.compile("|".join(modal.word.pattern for modal in _modals()))


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    modal: _Modal


def _candidates(plain: str, edges: frozenset[int]) -> Iterator[_Hit]:
    """The longest word at each place that the segmenter cuts out too, from left to right; words that only contain
    a modal word swallow it."""
    place = 0
    while found := _any().search(plain, place):
        start = found.start()
        best: _Hit | None = None
        for modal in _modals():
            match = modal.word.match(plain, start)
            cut = modal.free or modal.force is None or (start in edges and match and match.end() in edges)
            if match and cut and (best is None or match.end() > best.end):
                best = _Hit(start, match.end(), modal)
        if best is not None:
            yield best
        place = best.end if best else start + 1


def _edges(text: str) -> frozenset[int]:
    """Places between two words."""
    edges, place = {0}, 0
    for word in words(text):
        place += len(word)
        edges.add(place)
    return frozenset(edges)


_CLAUSE_MARKS = ",。;:!?\n"
#: What can stand between a clause's beginning and a verb that opens it: 大力支持, 并鼓励, 国家支持, 各地探索.
_HEAD = re.compile(
    r"(?:[但并也还且同时进一步继续大力积极重点优先努力主动着力切实全力持续深入加快充分及或、和胆]|通过|探索|鼓励|支持)*"
    r"(?:国家|本省|本市|省|市|县|区|我市|我区|我县|各地|[一-鿿]{0,10}(?:政府|部门|机构|单位|街道|管委会|银行))?"
    r"(?:[应当可以要须并也还大力积极优先]*)$")


def _clause_start(plain: str, place: int) -> int:
    return max((plain.rfind(mark, 0, place) for mark in _CLAUSE_MARKS), default=-1) + 1


def _counts(plain: str, hit: _Hit) -> bool:
    modal = hit.modal
    if modal.force is None:
        return False
    if modal.before and modal.before.search(plain[max(0, hit.start - 6):hit.start]):
        return False
    if modal.after and modal.after.match(plain[hit.end:hit.end + 6]):
        return False
    return not modal.head or bool(_HEAD.match(plain[_clause_start(plain, hit.start):hit.start].strip(' ("')))


#: Words that open a clause before its subject, and adverbs between the subject and the modal word.
_OPENERS = re.compile(
    r"\s*(?:第[一二三四五六七八九十百零]+条\s*|\([一二三四五六七八九十\d]+\)\s*|但是?|并且?|而且|且|或者?|同时|其中|凡是?|如果?|若|因此|从而|原则上|各自)*\s*")
_ADVERBS = re.compile(
    r"(?:均|也|都|还|则|并|同时|的同时|原则上|一般|一次性|一律|及时|依法|严格|根据需要|根据实际|必要时|优先|分别|另|再|"
    r"同样|一并|相应|统一|全面|积极|大力|大胆|进一步|充分|共同|仍|仅|只|又|尚|就|才|不|[、\s])+$")
#: A bracket that is a remark and no part of the name: 分割数量（工业地产除外）; but 各镇（街道） and 各县（市、区）.
_REMARK = re.compile(r"(?<![镇县乡区市])\([^()]*\)$")
_TIME = re.compile(r"[^()]*?(?:后|前|时|期间|以来|前提下|情况下|过程中|的同时)(?=[一-鿿]{2,})")
_LONGEST_SUBJECT = 24  # characters; beyond it the phrase is a sentence of its own


@cache
def _prepositions() -> frozenset[str]:
    return frozenset(lines("clause_openers.txt"))


def _subject(plain: str, text: str, place: int) -> str:
    """The noun phrase between the clause's beginning and the modal word as written, without adverbs; empty where
    the clause opens with a preposition, a condition or the modal word itself."""
    start, end = _clause_start(plain, place), place
    if loose := _loose_bracket(plain[start:end]):
        start += loose
    start = _match_end(_OPENERS, plain, start, end)
    position = start
    for word in words(plain[start:end]):
        inside = plain[start:position].count("(") > plain[start:position].count(")")
        if word in _prepositions() and not inside:
            if position == start:
                return ""
            end = position
            break
        position += len(word)
    start = _match_end(_TIME, plain, start, end)
    before = -1
    while before != end:
        before = end
        for tail in (_ADVERBS, _REMARK):
            if match := tail.search(plain, start, end):
                end = match.start()
    subject = text[start:end].strip()
    whole = subject.count("“") == subject.count("”") and not subject.endswith(("的", "了"))
    return subject if whole and 1 < len(subject) <= _LONGEST_SUBJECT else ""


def _match_end(pattern: re.Pattern[str], plain: str, start: int, end: int) -> int:
    match = pattern.match(plain, start, end)
    return match.end() if match else start


def _loose_bracket(phrase: str) -> int:
    """Where ``phrase`` goes on after a bracket that was opened before it; 0 where there is none."""
    depth = cut = 0
    for place, char in enumerate(phrase):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            depth, cut = 0, place + 1
    return cut


def find(text: str) -> tuple[ModalStatement, ...]:
    """Modal statements of a clause's ``text``, in order; ``word`` is ``text[start:end]``, ``sentence`` the span of
    its sentence. Two words of one sentence (原则上不得) give two statements."""
    plain = normalise(text)
    if not _any().search(plain):
        return ()
    hits = list(_candidates(plain, _edges(text)))
    spans = list(sentences(text))
    starts = [span.start for span in spans]
    found: list[ModalStatement] = []
    for hit in hits:
        if not _counts(plain, hit) or hit.modal.force is None:
            continue
        at = bisect_right(starts, hit.start) - 1
        sentence = spans[at] if at >= 0 else Span(hit.start, hit.end)
        found.append(ModalStatement(text[hit.start:hit.end], hit.start, hit.end, hit.modal.force,
                                    _subject(plain, text, hit.start), sentence))
    return tuple(found)
