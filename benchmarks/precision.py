"""Precision of what the database tells, by reading.

    python benchmarks/precision.py kb.db                      the figures of tests/gold/judged_*.tsv against kb.db
    python benchmarks/precision.py kb.db --draw differences --count 200 --seed 7      a fresh sample to be judged

A judged row is matched to the row of today's database that tells the same (same clauses, type and quotes), so that the
figures stay meaningful when the program changes: rows that are no longer told are counted apart. ``right`` is real and
rightly typed, ``type`` real but of another type, ``noise`` no difference that an analyst would report.
"""

from __future__ import annotations

import argparse
import csv
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

GOLD = Path(__file__).parents[1] / "tests" / "gold"
KEYS = {
    "differences": ("a_document", "a_path", "b_document", "b_path", "type", "a_quote", "b_quote"),
    "responsibilities": ("document", "path", "unit", "agency", "role"),
    "citations": ("document", "path", "quote", "number", "relation"),
}
SQL = {
    "differences": """select f.a_document_id as a_document, x.path as a_path, f.b_document_id as b_document, y.path as
        b_path, f.type, f.a_quote, f.b_quote from differences f join clauses x on x.id = f.a_clause_id
        join clauses y on y.id = f.b_clause_id order by f.a_document_id, f.b_document_id, f.id""",
    "responsibilities": """select c.document_id as document, c.path, r.unit, r.agency, r.role from responsibilities r
        join clauses c on c.id = r.clause_id order by c.document_id, r.id""",
    "citations": """select c.document_id as document, c.path, t.quote, coalesce(t.cited_number, t.cited_title) as
        number, t.relation from citations t join clauses c on c.id = t.clause_id order by c.document_id, t.id""",
}


def rows(db: Path, kind: str) -> list[dict[str, str]]:
    """What the database tells of one kind, in a fixed order."""
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute(SQL[kind]).fetchall()
    return [{key: " ".join(str(row[key] or "").split()) for key in KEYS[kind]} for row in found]


def judged(kind: str) -> list[dict[str, str]]:
    """The rows that a reader judged; none where the file is not there."""
    file = GOLD / f"judged_{kind}.tsv"
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        plain = (line for line in lines if not line.startswith("#"))
        return list(csv.DictReader(plain, delimiter="\t", quoting=csv.QUOTE_NONE))


def draw(found: list[dict[str, str]], kind: str, count: int, seed: int) -> None:
    """Prints ``count`` rows taken at random, in the order of the database, with room for a judgement."""
    out = csv.writer(sys.stdout, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
    out.writerow([*KEYS[kind], "judgement", "reason"])
    for at in sorted(random.Random(seed).sample(range(len(found)), min(count, len(found)))):
        out.writerow([*(found[at][key] for key in KEYS[kind]), "", ""])


def figures(found: Iterable[Mapping[str, str]], kind: str) -> str:
    """The share of judged rows that are right, of those that the database still tells."""
    known = judged(kind)
    if not known:
        return f"{kind}: nothing judged"
    told = {tuple(row[key] for key in KEYS[kind]) for row in found}
    still = [row for row in known if tuple(row[key] for key in KEYS[kind]) in told]
    lines = []
    for sample in sorted({row.get("sample", "") for row in known}):
        mine = [row for row in still if row.get("sample", "") == sample]
        counts = Counter(row["judgement"] for row in mine)
        total = sum(row.get("sample", "") == sample for row in known)
        lines.append(f"{kind}{' ' + sample if sample else ''}: {counts['right']} of {len(mine)} right "
                     f"({counts['right'] / max(1, len(mine)):.3f}), {counts['type']} of another type, "
                     f"{counts['noise']} noise; {total - len(mine)} of {total} judged rows are no longer told")
        if kind == "differences":
            types = Counter(row["type"] for row in mine)
            right = Counter(row["type"] for row in mine if row["judgement"] == "right")
            lines.append("   " + ", ".join(f"{name} {right[name]}/{types[name]}" for name in sorted(types)))
    return "\n".join(lines)


def main() -> None:
    """Prints the figures, or a sample."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("db", type=Path)
    parser.add_argument("--draw", choices=sorted(KEYS))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.draw:
        draw(rows(options.db, options.draw), options.draw, options.count, options.seed)
        return
    for kind in KEYS:
        print(figures(rows(options.db, kind), kind))


if __name__ == "__main__":
    main()
