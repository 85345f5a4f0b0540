"""What speaks for two units regulating one matter: a number for every piece of evidence and every pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from kb.align.encoder import Encode, joined
from kb.align.space import Matrix, Terms, Weights, bigrams, containment, cosines, meanings, terms
from kb.align.units import Unit

_ALMOST = 1e-6
_LITTLE = 0.05    # likeness below this is chance
#: Roles that say what for, not what: one of them never stands for a clause of another role.
_GOALS = frozenset({"preamble", "aim", "principle", "target", "closing"})


@dataclass(frozen=True)
class Evidence:
    """``features[name]``: units of a x units of b. ``likeness``: sentences of a x sentences of b, 0 to 1;
    ``a_starts``, ``b_starts``: the number of each unit's first sentence."""

    features: dict[str, Matrix]
    likeness: Matrix
    a_starts: NDArray[np.intp]
    b_starts: NDArray[np.intp]


def evidence(a: Sequence[Unit], b: Sequence[Unit], encode: Encode | None = None) -> Evidence:
    """The evidence for every pair of ``a`` and ``b``; neither may be empty. ``encode``: a text encoder that helps the
    static word vectors."""
    weights = Weights(terms(sentence.text) for unit in (*a, *b) for sentence in unit.sentences)
    one, other = _sentences(a, weights), _sentences(b, weights)
    wholes = _wholes(a), _wholes(b)
    likeness = _likeness(one.texts, other.texts, encode)
    features = (_of_texts(a, b, *wholes, encode) | _of_sentences(one, other, likeness)
                | _of_one_sentence(a, b, one, other, *wholes, encode) | _of_structure(a, b))
    features["comparable"] = np.full_like(features["likeness"], comparable_documents(a, b))
    _without_headings(features)
    return Evidence(features, likeness, one.starts, other.starts)


def comparable_documents(a: Sequence[Unit], b: Sequence[Unit]) -> float:
    """Whether the two documents are about one field at all, from 0 to 1. Among clauses of unrelated documents some
    pair is always the best, and what counts relative to the best would take it for a counterpart. The mean of the
    cosine of their words and of the share of the poorer one's words that the other has (a single clause against a long
    document has a low cosine) is below 0.42 for laws of other matters, above 0.51 for all annotated pairs. It is one
    piece of evidence, no gate: a clause copied into a document on something else is still found."""
    counts = [Counter(term for unit in side for term in unit_words(unit)) for side in (a, b)]
    if not all(counts):
        return 0.0
    shared = counts[0].keys() & counts[1].keys()
    product = sum(log(1 + counts[0][term]) * log(1 + counts[1][term]) for term in sorted(shared))
    lengths = [sqrt(sum(log(1 + number) ** 2 for number in count.values())) for count in counts]
    alike = (product / (lengths[0] * lengths[1]) + len(shared) / min(map(len, counts))) / 2
    return min(1.0, max(0.0, (alike - 0.40) / 0.10))


# --- the whole text and the heading ----------------------------------------------------------------------------

@dataclass(frozen=True)
class _Texts:
    """Texts as they are compared: raw, as words and as pairs of characters."""

    raw: list[str]
    words: list[Terms]
    pairs: list[Terms]


def _wholes(units: Sequence[Unit]) -> _Texts:
    return _Texts([f"{unit.heading}\n{unit.text}" for unit in units], [unit_words(unit) for unit in units],
                  [_pairs(unit) for unit in units])


def _meanings(a: _Texts, b: _Texts, encode: Encode | None) -> Matrix:
    static = meanings(a.words, b.words)
    return static if encode is None else joined(static, encode(a.raw), encode(b.raw))


def _likeness(a: _Texts, b: _Texts, encode: Encode | None) -> Matrix:
    return _f(0.4 * cosines(a.words, b.words) + 0.3 * cosines(a.pairs, b.pairs) + 0.3 * _meanings(a, b, encode))


def _of_texts(a: Sequence[Unit], b: Sequence[Unit], one: _Texts, other: _Texts,
              encode: Encode | None) -> dict[str, Matrix]:
    """likeness: of words, character pairs, meaning and heading. relative…: against the best of its row and of its
    column, the lower of the two; this tells most. heading_found: share of either heading that the other clause
    holds, the lower of the two."""
    a_heads, b_heads = [_heading(unit) for unit in a], [_heading(unit) for unit in b]
    weights = Weights([*a_heads, *b_heads])
    heading = cosines(a_heads, b_heads)
    meaning = _meanings(one, other, encode)
    likeness = _f(0.4 * cosines(one.words, other.words) + 0.3 * cosines(one.pairs, other.pairs) + 0.15 * meaning
                  + 0.15 * heading)
    in_b = containment(a_heads, [x + y for x, y in zip(other.words, other.pairs, strict=True)], weights)
    in_a = containment(b_heads, [x + y for x, y in zip(one.words, one.pairs, strict=True)], weights).T
    return {
        "likeness": likeness,
        "relative": _relative(likeness),
        "relative_meaning": _relative(meaning + _LITTLE),
        "relative_heading": _relative(heading + _LITTLE),
        "heading_found": np.minimum(in_b, in_a),
    }


def unit_words(unit: Unit) -> Terms:
    """The words that stand for a unit."""
    return terms(unit.heading) * 2 + terms(unit.text)  # a heading says twice as much as a sentence


def _pairs(unit: Unit) -> Terms:
    return bigrams(unit.heading) + bigrams(unit.text)


def _heading(unit: Unit) -> Terms:
    return terms(unit.heading) + bigrams(unit.heading)


def _relative(matrix: Matrix) -> Matrix:
    row, column = matrix.max(axis=1, keepdims=True), matrix.max(axis=0, keepdims=True)
    return _f(np.minimum(matrix / np.maximum(row, _ALMOST), matrix / np.maximum(column, _ALMOST)))


# --- sentences -------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class _Sentences:
    """The sentences of one document, how much each weighs, and where each unit's begin."""

    texts: _Texts
    weight: NDArray[np.float64]
    starts: NDArray[np.intp]


def _sentences(units: Sequence[Unit], weights: Weights) -> _Sentences:
    texts = [sentence.text for unit in units for sentence in unit.sentences]
    words = [terms(text) for text in texts]
    weight = np.array([(1 + sum(weights[term] for term in set(text))) ** 0.5 for text in words])
    starts = np.cumsum([0, *(len(unit.sentences) for unit in units[:-1])])
    return _Sentences(_Texts(texts, words, [bigrams(text) for text in texts]), weight, starts)


def _of_sentences(a: _Sentences, b: _Sentences, likeness: Matrix) -> dict[str, Matrix]:
    """covered: how well either side's sentences are found in the other, each by its best. owned: the same, counting a
    sentence only for the unit where its best in the whole other document stands. mutual_sentences: sentences that
    are each other's best in the two documents, added up."""
    in_b = np.maximum.reduceat(likeness, b.starts, axis=1)      # sentence of a x unit of b
    in_a = np.maximum.reduceat(likeness, a.starts, axis=0).T    # sentence of b x unit of a
    best_a, best_b = likeness.max(axis=1, keepdims=True), likeness.max(axis=0, keepdims=True)
    mutual = np.where((likeness >= best_a - _ALMOST) & (likeness >= best_b - _ALMOST), likeness, 0)
    covered_a, covered_b = _mean(in_b, a), _mean(in_a, b).T
    owned_a = _mean(np.where(in_b >= best_a - _ALMOST, in_b, 0), a)
    owned_b = _mean(np.where(in_a >= best_b.T - _ALMOST, in_a, 0), b).T
    return {
        "covered": _f(np.minimum(covered_a, covered_b)),
        "relative_covered": _relative(_f(covered_a + covered_b)),
        "owned": _f(np.minimum(owned_a, owned_b)),
        "mutual_sentences": _f(np.log1p(np.add.reduceat(np.add.reduceat(mutual, b.starts, axis=1), a.starts, axis=0))),
    }


def _of_one_sentence(a: Sequence[Unit], b: Sequence[Unit], a_sentences: _Sentences, b_sentences: _Sentences,
                     one: _Texts, other: _Texts, encode: Encode | None) -> dict[str, Matrix]:
    """For a clause that another one touches in one sentence. sentence_in_clause: the likeness of a sentence and the
    other clause as a whole, less where another clause fits it better; of the best sentence, on the better side
    (_one) or on the worse (_both). heading_in_sentence: share of a heading that one sentence of the other holds
    (加大技术改造支持力度 in 支持企业加大技术改造投入), less where another clause holds more."""
    in_b = _claims(_likeness(a_sentences.texts, other, encode), a_sentences)
    in_a = _claims(_likeness(b_sentences.texts, one, encode), b_sentences).T
    a_heads, b_heads = [_heading(unit) for unit in a], [_heading(unit) for unit in b]
    weights = Weights([*a_heads, *b_heads])
    a_held, b_held = _held(a_heads, b_sentences, weights), _held(b_heads, a_sentences, weights).T
    return {
        "sentence_in_clause_one": np.maximum(in_b, in_a),
        "sentence_in_clause_both": np.minimum(in_b, in_a),
        "heading_in_sentence": np.maximum(a_held, b_held),
    }


def _claims(likeness: Matrix, sentences: _Sentences) -> Matrix:
    """From sentences x units to units x units."""
    best = np.maximum(likeness.max(axis=1, keepdims=True), _LITTLE)
    return _f(np.maximum.reduceat(likeness * (likeness / best) ** 2, sentences.starts, axis=0))


def _held(heads: Sequence[Terms], sentences: _Sentences, weights: Weights) -> Matrix:
    """Headings x units of the sentences."""
    texts = [words + pairs for words, pairs in zip(sentences.texts.words, sentences.texts.pairs, strict=True)]
    share = np.maximum.reduceat(containment(heads, texts, weights), sentences.starts, axis=1)
    return _f(share * share / np.maximum(share.max(axis=1, keepdims=True), 0.2))


def _mean(matrix: Matrix, sentences: _Sentences) -> Matrix:
    total = np.add.reduceat(sentences.weight, sentences.starts)
    return _f(np.add.reduceat(matrix * sentences.weight[:, None], sentences.starts, axis=0) / total[:, None])


# --- structure -------------------------------------------------------------------------------------------------

def _of_structure(a: Sequence[Unit], b: Sequence[Unit]) -> dict[str, Matrix]:
    """sole_role: both are the only aim (target, preamble …) of their documents, less where there are more. goal_clash:
    a goal against something else. length: ratio, as a logarithm. distance: of their places in the documents, 0 to 1."""
    a_roles, b_roles = [unit.role for unit in a], [unit.role for unit in b]
    a_counts, b_counts = Counter(a_roles), Counter(b_roles)

    def table(cell: Callable[[str, str], float]) -> Matrix:
        known = {(x, y): float(cell(x, y)) for x in a_counts for y in b_counts}
        return np.array([[known[x, y] for y in b_roles] for x in a_roles], dtype=np.float32)

    lengths = [np.array([max(1, len(unit.text)) for unit in side], dtype=np.float32) for side in (a, b)]
    places = [np.array([unit.place for unit in side], dtype=np.float32) for side in (a, b)]
    bare = [np.array([not unit.heading for unit in side]) for side in (a, b)]
    return {
        "sole_role": table(lambda x, y: (a_counts[x] * b_counts[y]) ** -0.5 if x == y != "action" else 0),
        "goal_clash": table(lambda x, y: x != y and bool({x, y} & _GOALS)),
        "length": _f(np.abs(np.log(lengths[0][:, None] / lengths[1][None, :]))),
        "distance": _f(np.abs(places[0][:, None] - places[1][None, :])),
        "no_heading": _f(bare[0][:, None] | bare[1][None, :]),
    }


def _without_headings(features: dict[str, Matrix]) -> None:
    """Where a side has no heading (articles of laws), the text itself speaks in its stead."""
    bare = features["no_heading"] > 0
    for name, instead in (("relative_heading", "relative"), ("heading_found", "covered")):
        features[name] = _f(np.where(bare, features[instead], features[name]))


def _f(matrix: NDArray[np.generic]) -> Matrix:
    return np.asarray(matrix, dtype=np.float32)
