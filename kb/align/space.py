"""Texts as weighted words and as sums of static word vectors: the space in which clauses are compared."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from math import log

import numpy as np
from numpy.typing import NDArray

from kb.text import words
from kb.vocabulary import lines

Matrix = NDArray[np.float32]
Terms = tuple[str, ...]

_WORD = re.compile(r"[\u4e00-\u9fffA-Za-z]{2,}\Z")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_EMPTY = 10
_KEPT = 50_000  # texts whose words are kept at hand: two documents of a few thousand sentences each


@lru_cache(maxsize=_KEPT)
def terms(text: str) -> Terms:
    """The words of ``text`` that bear its matter: two characters or more, in order. A word that has near-synonyms
    (synonyms.txt) is followed by the name of its group, ``=专项经费``."""
    found: list[str] = []
    for word in words(text):
        if _WORD.match(word):
            found.append(word)
            if (group := _synonyms().get(word)) is not None:
                found.append(f"={group}")
    return tuple(found)


@lru_cache(maxsize=_KEPT)
def bigrams(text: str) -> Terms:
    """Overlapping pairs of Han characters of ``text``, in order."""
    return tuple(run[place:place + 2] for run in _HAN.findall(text) for place in range(len(run) - 1))


@cache
def _synonyms() -> dict[str, str]:
    return {word: group.split()[0] for group in lines("synonyms.txt") for word in group.split()}


class Weights:
    """How much a term tells: log(texts / texts that hold it), counted in ``texts`` and in a few more that hold nothing:
    in two documents of one clause each, what they share would else tell less than what they do not."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        counts: Counter[str] = Counter()
        number = _EMPTY
        for text in texts:
            counts.update(set(text))
            number += 1
        self._of = {term: log(number / count) for term, count in counts.items()}
        self._unseen = log(number)

    def __getitem__(self, term: str) -> float:
        return self._of.get(term, self._unseen)


def cosines(a: Sequence[Terms], b: Sequence[Terms]) -> Matrix:
    """Cosine of the TF-IDF weights of every text of ``a`` with every text of ``b``; the weights come from both."""
    weights, columns = Weights([*a, *b]), _shared(a, b)
    return np.asarray(_rows(a, weights, columns) @ _rows(b, weights, columns).T, dtype=np.float32)


def containment(a: Sequence[Terms], b: Sequence[Terms], weights: Weights) -> Matrix:
    """The weighted share of each text of ``a`` (its different terms) that each text of ``b`` holds."""
    columns = _shared(a, b)
    parts = np.zeros((len(a), max(1, len(columns))), dtype=np.float32)
    for row, text in enumerate(a):
        total = sum(weights[term] for term in set(text)) or 1.0
        for term in set(text):
            if (column := columns.get(term)) is not None:
                parts[row, column] = weights[term] / total
    held = np.zeros((len(b), max(1, len(columns))), dtype=np.float32)
    for row, text in enumerate(b):
        held[row, [columns[term] for term in set(text) if term in columns]] = 1.0
    return np.asarray(parts @ held.T, dtype=np.float32)


def _shared(a: Sequence[Terms], b: Sequence[Terms]) -> dict[str, int]:
    """Terms that occur on both sides, sorted, and their columns: no other adds to a product."""
    both = sorted({term for text in a for term in text} & {term for text in b for term in text})
    return {term: column for column, term in enumerate(both)}


def _rows(texts: Sequence[Terms], weights: Weights, columns: dict[str, int]) -> Matrix:
    """TF-IDF rows; terms outside ``columns`` count in a row's length alone."""
    rows = np.zeros((len(texts), max(1, len(columns))), dtype=np.float32)
    for row, text in enumerate(texts):
        squares = 0.0
        for term, count in Counter(text).items():
            weight = (1 + log(count)) * weights[term]
            squares += weight * weight
            if (column := columns.get(term)) is not None:
                rows[row, column] = weight
        rows[row] /= squares ** 0.5 + 1e-9
    return rows


# --- word vectors ----------------------------------------------------------------------------------------------

@cache
def _vectors() -> tuple[dict[str, int], Matrix]:
    """Word -> row, and the rows (unit length) that benchmarks/word_vectors.py made."""
    packed = np.load(io.BytesIO(files("kb.vocabulary").joinpath("word_vectors.npz").read_bytes()))
    return ({word: row for row, word in enumerate(str(packed["words"]).split("\n"))},
            _unit(packed["vectors"].astype(np.float32)))


@lru_cache(maxsize=_KEPT)
def _vector(term: str) -> Matrix:
    """The vector of ``term``; a word without one stands for its two-character parts (亩均税收: 亩均, 均税, 税收)."""
    row_of, vectors = _vectors()
    parts = [term] if term in row_of else [term[place:place + 2] for place in range(len(term) - 1)]
    rows = [row_of[part] for part in parts if part in row_of]
    return np.asarray(vectors[rows].mean(axis=0) if rows else np.zeros(vectors.shape[1]), dtype=np.float32)


def meanings(a: Sequence[Terms], b: Sequence[Terms]) -> Matrix:
    """Cosine, not below 0, of the weighted mean word vectors of ``a`` and ``b``, their common mean taken away."""
    weights = Weights([*a, *b])
    rows = _unit(_sums([*a, *b], weights))
    rows = _unit(rows - rows.mean(axis=0))
    return np.asarray(np.clip(rows[:len(a)] @ rows[len(a):].T, 0, 1), dtype=np.float32)


def _sums(texts: Sequence[Terms], weights: Weights) -> Matrix:
    number: dict[str, int] = {}
    starts, columns, values = [0], [], []
    for text in texts:
        for term, count in Counter(text).items():
            columns.append(number.setdefault(term, len(number)))
            values.append((1 + log(count)) * weights[term])
        columns.append(number.setdefault("", len(number)))  # so that no text is empty
        values.append(0.0)
        starts.append(len(columns))
    vectors = np.stack([_vector(term) for term in number])
    weighted = vectors[columns] * np.array(values, dtype=np.float32)[:, None]
    return np.asarray(np.add.reduceat(weighted, starts[:-1], axis=0), dtype=np.float32)


def _unit(rows: Matrix) -> Matrix:
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9), dtype=np.float32)
