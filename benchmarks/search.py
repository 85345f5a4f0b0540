"""How much faster the full-text index is than reading every clause: the median query of each, and their ratio.

    python benchmarks/search.py [DIRECTORY_OF_MARKDOWN]

The rival is SQLite's own ``instr`` over the same clauses, which is exact as well. Without a directory the corpus is
taken ten times over. Both run in this process, in turn.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kb.fulltext import TOKENIZER, fold, index_text, literal, match_expression
from kb.models import Document
from kb.parse import parse

QUERIES = 200


def texts(directory: Path | None) -> Iterator[str]:
    """Texts of the clauses: of the Markdown files below ``directory``, or of the corpus ten times over."""
    files = sorted((directory or Path(__file__).parent.parent / "corpus").rglob("*.md"))
    for _ in range(1 if directory else 10):
        for file in files:
            text = file.read_text(encoding="utf-8", errors="replace").rpartition("<!-- INFO END -->")[2]
            yield from (p.text for p in parse(Document("x", "x", "", text)).provisions if p.text)


def median(run: Callable[[str], object], queries: list[str]) -> float:
    """Median seconds of one query."""
    took = []
    for query in queries:
        begin = time.perf_counter()
        run(query)
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def main() -> None:
    clauses = list(texts(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
    db = sqlite3.connect(":memory:")
    db.execute(f"create virtual table f using fts5(t, content='', tokenize='{TOKENIZER}')")
    db.execute("create table c (id integer primary key, t text)")
    begin = time.perf_counter()
    db.executemany("insert into f (rowid, t) values (?, ?)", ((n, index_text(t)) for n, t in enumerate(clauses)))
    built = time.perf_counter() - begin
    begin = time.perf_counter()
    db.executemany("insert into c values (?, ?)", ((n, fold(t)) for n, t in enumerate(clauses)))
    stored = time.perf_counter() - begin
    dice = random.Random(1)
    print(f"{len(clauses)} clauses; building the index takes {built / stored:.1f} times as long as storing the texts")
    print("| characters | index ms | instr ms | ratio |\n|---|---|---|---|")
    for length in (2, 3, 4, 8):
        pool = [t for t in clauses if len(t) > length]
        queries = [t[at:at + length] for t in dice.choices(pool, k=QUERIES) for at in [dice.randrange(len(t) - length)]]
        queries = [query for query in queries if fold(query)]
        fast = median(lambda q: db.execute("select rowid from f where f match ?",
                                           (match_expression(literal(q)),)).fetchall(), queries)
        slow = median(lambda q: db.execute("select id from c where instr(t, ?)", (fold(q),)).fetchall(), queries)
        print(f"| {length} | {fast * 1e3:.2f} | {slow * 1e3:.2f} | {slow / fast:.0f} |")


if __name__ == "__main__":
    main()
