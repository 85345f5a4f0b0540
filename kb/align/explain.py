"""Why two clauses are aligned, or why not: words, sentences, the share of each piece of evidence, what tipped it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from kb.align.decide import LEAST_ANY, LEAST_EQUIVALENT, Decisions, Reason, decide
from kb.align.encoder import Encode
from kb.align.features import Evidence, evidence, unit_words
from kb.align.model import Model, Regression, other_partner, shipped
from kb.align.sentences import block, matches, shown
from kb.align.space import Matrix, Terms, Weights
from kb.align.units import Unit, units
from kb.models import KbError, Provision, Relation, SentenceMatch
from kb.text import plain
from kb.vocabulary import table

_WORDS = 10         # words that are shown
_FEATURES = 8       # pieces of evidence that are shown of each regression
_LENGTH = 60        # characters of a sentence that are shown
_GROUP = "="        # marks the name of a group of near-synonyms among the terms


@dataclass(frozen=True, slots=True)
class Word:
    """A term that both clauses hold, and its share in the likeness of their words, 0 to 1. ``a`` and ``b`` are the
    words as written: they differ where near-synonyms meet."""

    a: str
    b: str
    share: float


@dataclass(frozen=True, slots=True)
class Share:
    """A piece of evidence: its value, that of an average pair in training, what the difference adds to the log
    odds, and whether the decision would be another one without it (with the average value)."""

    feature: str
    value: float
    average: float
    odds: float
    tips: bool


@dataclass(frozen=True, slots=True)
class Rival:
    """Another clause that one of the two fits better: the path of both, and the probability."""

    a_path: str
    b_path: str
    probability: float


@dataclass(frozen=True)
class Explanation:
    """Everything that speaks for or against two clauses regulating one matter.

    ``a`` and ``b`` are compared as units: the clause asked for or the one that it spells out. ``rank``: place of b
    among the units of its document by likeness to a, and the other way round, each with the number there.
    ``equal`` and ``related`` are the probabilities of the two regressions, ``shares`` their evidence, by name of the
    regression, the weightiest first. ``rivals``: better partners of either side.
    """

    a: Provision
    b: Provision
    relation: Relation | None
    score: float
    reason: Reason
    rank: tuple[tuple[int, int], tuple[int, int]]
    words: tuple[Word, ...]
    sentences: tuple[tuple[str, str, SentenceMatch], ...]
    equal: float
    related: float
    shares: Mapping[str, tuple[Share, ...]]
    rivals: tuple[Rival, ...]


def explain(a: Sequence[Provision], b: Sequence[Provision], a_path: str, b_path: str, model: Model | None = None,
            encode: Encode | None = None) -> Explanation:
    """Why the clause ``a_path`` of the document ``a`` and ``b_path`` of ``b`` are aligned or not; ``a`` is the upper
    document, as in :func:`kb.align.align`. KbError where a path is no clause with text of its own."""
    a_units, b_units = units(a), units(b)
    i, j = _place(a_units, a, a_path), _place(b_units, b, b_path)
    model = model or shipped()
    found = evidence(a_units, b_units, encode)
    decisions = decide(a_units, b_units, found, model)
    relation, score, reason = decisions.of(i, j)
    features = {**found.features, "other_partner": other_partner(model.any.probability(found.features), found.features)}
    equal, related = model.probabilities(found.features)
    return Explanation(
        a_units[i].head, b_units[j].head, relation, score, reason, _ranks(found.features["likeness"], i, j),
        _words(a_units, b_units, i, j), tuple(_sentences(found, a_units, b_units, i, j)),
        float(equal[i, j]), float(related[i, j]),
        {"equivalent": _shares(model.equivalent, features, i, j, LEAST_EQUIVALENT),
         "any": _shares(model.any, features, i, j, LEAST_ANY)},
        tuple(_rivals(decisions, a_units, b_units, i, j)))


def _place(found: Sequence[Unit], provisions: Sequence[Provision], path: str) -> int:
    """The unit known by ``path``, else the one that ``path`` is a piece of."""
    for test in (lambda unit: unit.head.path == path, lambda unit: any(m.path == path for m in unit.members)):
        for number, unit in enumerate(found):
            if test(unit):
                return number
    known = next((p for p in provisions if p.path == path), None)
    raise KbError(f"{known.label if known else path} has no text of its own that could be compared",
                  mend="name a clause that stands under it" if known else "name a clause of the document")


def _ranks(likeness: Matrix, i: int, j: int) -> tuple[tuple[int, int], tuple[int, int]]:
    def rank(line: Matrix, own: int) -> tuple[int, int]:
        return int((line > line[own]).sum()) + 1, len(line)
    return rank(likeness[i, :], j), rank(likeness[:, j], i)


# --- words and sentences ---------------------------------------------------------------------------------------

def _words(a: Sequence[Unit], b: Sequence[Unit], i: int, j: int) -> tuple[Word, ...]:
    """Terms of both, by their share in the product that the cosine of TF-IDF words is made of."""
    texts = [unit_words(unit) for unit in (*a, *b)]
    weights, one, other = Weights(texts), Counter(texts[i]), Counter(texts[len(a) + j])
    products = {term: (1 + log(one[term])) * (1 + log(other[term])) * weights[term] ** 2
                for term in sorted(one.keys() & other.keys())}
    total = sum(products.values()) or 1.0
    best = sorted(products, key=lambda term: (-products[term], term))
    written = [_written(texts[i]), _written(texts[len(a) + j])]
    found: dict[tuple[str, str], Word] = {}
    for term in best:
        sides = (written[0].get(term, term), written[1].get(term, term))
        known = found.get(sides)
        found[sides] = Word(*sides, products[term] / total + (known.share if known else 0))
    return tuple(sorted(found.values(), key=lambda word: -word.share)[:_WORDS])


def _written(terms: Terms) -> dict[str, str]:
    """Name of each group of near-synonyms -> the first of its words that stands in the text: a group follows it."""
    found: dict[str, str] = {}
    for before, term in zip(terms, terms[1:], strict=False):
        if term.startswith(_GROUP):
            found.setdefault(term, before)
    return found


def _sentences(found: Evidence, a: Sequence[Unit], b: Sequence[Unit], i: int,
               j: int) -> Iterator[tuple[str, str, SentenceMatch]]:
    likeness = block(found, a, b, i, j)
    for x, y in matches(likeness):
        one, other = a[i].sentences[x], b[j].sentences[y]
        match = SentenceMatch(one.span, other.span, shown(one.text, other.text, float(likeness[x, y])))
        yield (one.span.of(a[i].members[one.member].text), other.span.of(b[j].members[other.member].text), match)


# --- shares and rivals -----------------------------------------------------------------------------------------

def _shares(regression: Regression, features: Mapping[str, Matrix], i: int, j: int, least: float) -> tuple[Share, ...]:
    here = {name: np.asarray(features[name][i:i + 1, j:j + 1]) for name in (w.name for w in regression.weights)}
    odds = {name: float(share[0, 0]) for name, share in regression.shares(here).items()}
    total, edge = regression.constant + sum(odds.values()), log(least / (1 - least))
    found = [Share(w.name, float(here[w.name][0, 0]), w.centre, odds[w.name],
                   (total >= edge) != (total - odds[w.name] >= edge)) for w in regression.weights]
    return tuple(sorted(found, key=lambda share: -abs(share.odds)))


def _rivals(decisions: Decisions, a: Sequence[Unit], b: Sequence[Unit], i: int, j: int) -> Iterator[Rival]:
    """The best other partner of either clause, where it is better than this one."""
    table_ = np.maximum(decisions.equal, 0)
    for x, y in ((i, int(table_[i].argmax())), (int(table_[:, j].argmax()), j)):
        if (x, y) != (i, j) and table_[x, y] > table_[i, j]:
            yield Rival(a[x].head.path, b[y].head.path, float(table_[x, y]))
    for x, y in sorted(decisions.repeated):     # word for word: its partner is out of question for others
        if (x == i) != (y == j):
            yield Rival(a[x].head.path, b[y].head.path, 1.0)


# --- for the terminal ------------------------------------------------------------------------------------------

_DECISIONS: Mapping[Reason, str] = {
    "repeated": "逐字相同", "best": "互为最佳，且过门槛", "related": "过“相关”的门槛，但不是互为最佳的等同",
    "whole and part": "一边是目标清单，另一边只是另一清单中的一项：清单只与清单比", "unlikely": "不过门槛"}
_RELATIONS: Mapping[Relation | None, str] = {"equivalent": "对应", "partial": "部分对应", None: "不对应"}


def lines(found: Explanation, a_name: str, b_name: str, a_labels: Mapping[str, str],
          b_labels: Mapping[str, str]) -> Iterator[str]:
    """``found`` as lines of Chinese text. ``a_name``, ``b_name``: the documents; labels: of each path."""
    yield f"{a_name} {found.a.label}　{plain(found.a.heading)}".rstrip()
    yield f"{b_name} {found.b.label}　{plain(found.b.heading)}".rstrip()
    yield f"结论：{_RELATIONS[found.relation]} {found.score:.2f}（{_DECISIONS[found.reason]}）"
    (in_b, b_count), (in_a, a_count) = found.rank
    yield (f"检出：按全文相似，{b_name} {found.b.label} 在该文件 {b_count} 条中居第 {in_b}，"
           f"{a_name} {found.a.label} 在 {a_count} 条中居第 {in_a}")
    yield "共有的词（占词语相似的份额）：" + ("、".join(map(_word, found.words)) or "无")
    yield "逐句："
    for one, other, match in found.sentences:
        yield f"  {match.score:.2f}　{_cut(one)}"
        yield f"  　　　 {_cut(other)}"
    if not found.sentences:
        yield "  没有相近的句子"
    for target, name, least, probability in (("any", "相关", LEAST_ANY, found.related),
                                             ("equivalent", "等同", LEAST_EQUIVALENT, found.equal)):
        yield f"{name}的概率 {probability:.2f}（门槛 {least:.1f}），各项证据对数几率的份额："
        yield from _share_lines(found.shares[target])
    for rival in found.rivals:
        yield (f"更合者：{a_name} {a_labels.get(rival.a_path, rival.a_path)} ／ {b_name} "
               f"{b_labels.get(rival.b_path, rival.b_path)}　{rival.probability:.2f}")


def _word(word: Word) -> str:
    return f"{word.a}{'' if word.a == word.b else '≈' + word.b} {word.share:.0%}"


def _cut(text: str) -> str:
    line = plain(text)
    return line if len(line) <= _LENGTH else line[:_LENGTH] + "……"


def _share_lines(shares: Sequence[Share]) -> Iterator[str]:
    names = {row["feature"]: row["words"] for row in table("alignment_features.tsv")}
    shown_ = [share for number, share in enumerate(shares) if number < _FEATURES or share.tips]
    for share in shown_:
        tips = "　← 无此项则结论相反" if share.tips else ""
        yield (f"  {share.odds:+.2f}　{names.get(share.feature, share.feature)} {share.value:.2f}"
               f"（训练平均 {share.average:.2f}）{tips}")
    rest = sum(share.odds for share in shares if share not in shown_)
    if len(shown_) < len(shares):
        yield f"  {rest:+.2f}　其余 {len(shares) - len(shown_)} 项"
