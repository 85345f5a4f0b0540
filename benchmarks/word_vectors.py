"""Trains the static word vectors that kb.align uses: word_vectors.py TEXTS_DIR [OUT]

Every ``*.md`` under TEXTS_DIR (Chinese laws and regulations) is cut into words; words within five places of each other
are counted, the counts become positive pointwise mutual information (context distribution smoothed by 0.75), and a
truncated SVD takes it to 96 dimensions (square root of the singular values). Rows are scaled to unit length and
stored as int8. Needs scipy beside the program's own dependencies; takes about three minutes and 3 GB.
The law texts are official texts and free of copyright (著作权法 第五条).
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.linalg import svds

from kb.text import normalise, words

WINDOW = 5
VOCABULARY = 20_000
DIMENSIONS = 96
_HAN = re.compile(r"[\u4e00-\u9fff]+\Z")


def tokens(folder: Path) -> tuple[list[str], np.ndarray]:
    """The vocabulary, most frequent first, and the corpus as numbers into it (-1: any other token)."""
    counts: Counter[str] = Counter()
    texts: list[list[str]] = []
    for file in sorted(folder.rglob("*.md")):
        body = file.read_text(encoding="utf-8", errors="replace").split("<!-- INFO END -->")[-1]
        cut = [*words(normalise(body)), *["\n"] * WINDOW]
        counts.update(word for word in cut if _HAN.match(word))
        texts.append(cut)
    vocabulary = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:VOCABULARY]]
    number = {word: place for place, word in enumerate(vocabulary)}
    return vocabulary, np.fromiter((number.get(word, -1) for cut in texts for word in cut), dtype=np.int32)


def mutual_information(stream: np.ndarray, size: int) -> csr_matrix:
    """Positive pointwise mutual information of words within the window."""
    counts = csr_matrix((size, size), dtype=np.float32)
    for distance in range(1, WINDOW + 1):
        left, right = stream[:-distance], stream[distance:]
        keep = (left >= 0) & (right >= 0)
        weight = np.full(int(keep.sum()), 1.0 / distance, dtype=np.float32)
        counts = counts + coo_matrix((weight, (left[keep], right[keep])), shape=(size, size)).tocsr()
    counts = counts + counts.T
    row = np.asarray(counts.sum(axis=1)).ravel()
    context = row ** 0.75
    context = context / context.sum()
    found = counts.tocoo()
    value = np.log(found.data / (row[found.row] * context[found.col]))
    keep = value > 0
    return coo_matrix((value[keep], (found.row[keep], found.col[keep])), shape=(size, size)).tocsr()


def main(folder: str, out: str = "kb/vocabulary/word_vectors.npz") -> None:
    vocabulary, stream = tokens(Path(folder))
    matrix = mutual_information(stream, len(vocabulary))
    start = np.random.default_rng(0).standard_normal(len(vocabulary))
    left, strength, _ = svds(matrix.astype(np.float64), k=DIMENSIONS, v0=start)
    order = np.argsort(-strength)
    vectors = left[:, order] * np.sqrt(strength[order])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    scale = np.abs(vectors).max()
    np.savez_compressed(out, words=np.array("\n".join(vocabulary)),
                        vectors=np.round(vectors / scale * 127).astype(np.int8))
    print(f"{len(vocabulary)} words, {len(stream):,} tokens, {Path(out).stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
