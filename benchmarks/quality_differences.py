"""Measures statements and differences, prints the figures and writes docs/quality-differences.md.

    python benchmarks/quality_differences.py kb.db [--laws DIR_OR_TAR]

``kb.db`` is what `kb build` made of the corpus. Recall is measured on tests/gold/dev.json, precision on the judged rows
of tests/gold/judged_*.tsv; with --laws the judged cells of the matrices of fines are looked up as well.
"""

from __future__ import annotations

import argparse
import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import fines
import precision
from beds.laws import unpacked

from kb.evaluate import Scores, evaluate

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "quality-differences.md"


def recall(scores: Scores) -> Iterator[str]:
    """Quantities and differences against the annotations."""
    found = scores.quantities
    yield "| what | found | of | share |"
    yield "|---|---|---|---|"
    total = found.hits + found.missed
    yield f"| quantities (precision {found.hits / max(1, found.hits + found.false):.3f}) | {found.hits} | {total} | " \
          f"{found.hits / max(1, total):.3f} |"
    yield f"| … with the right bound | | | {scores.bound_right:.3f} |"
    for name, (hits, wanted) in sorted(scores.differences.items()):
        yield f"| differences: {name} | {hits} | {wanted} | {hits / max(1, wanted):.3f} |"
    yield f"| differences: all | | | {scores.differences_all:.3f} |"
    yield f"| differences: of aligned clauses | | | {scores.differences_aligned:.3f} |"


def fined(laws: Path) -> str:
    """The score of the judged cells."""
    every: list[dict[str, str]] = []
    with unpacked(laws) as folder:
        for topic, names in fines.TOPICS.items():
            rows = fines.matrix([fine for document in fines.read(folder, names) for fine in fines.fines(document)])
            every += fines.cells(topic, rows)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        fines.score(every)
    return f"{len(every)} cells in rows of two places or more; {out.getvalue().strip()}."


def report(database: Path, laws: Path | None) -> Iterator[str]:
    """The document, line by line."""
    yield "# How good statements and differences are\n"
    yield "Made by `python benchmarks/quality_differences.py kb.db --laws DIR`.\n"
    yield "## Recall, on the annotations of three pairs\n"
    yield from recall(evaluate(database, ROOT / "tests" / "gold" / "dev.json"))
    yield "\nThree of the dates stand in a title or under the signature, where no clause has text to quote.\n"
    yield "## Precision, by reading\n"
    yield "Rows drawn at random over all ten pairs, each judged against the texts; a sample is drawn afresh after"
    yield "a round of repairs, and rows that the repaired program no longer tells are counted apart.\n"
    for kind in precision.KEYS:
        for line in precision.figures(precision.rows(database, kind), kind).splitlines():
            yield f"- {line}" if not line.startswith(" ") else f"  -{line[2:]}"
    drawn = precision.judged("differences")
    for sample in dict.fromkeys(row["sample"] for row in drawn):
        mine = [row for row in drawn if row["sample"] == sample]
        right = sum(row["judgement"] == "right" for row in mine)
        yield f"- as drawn, before what it showed was repaired: {sample} sample {right} of {len(mine)} right " \
              f"({right / len(mine):.3f})"
    yield "\n## Fines of one offence across cities\n"
    yield fined(laws) if laws else "Not measured (give the laws with `--laws`)."


def main() -> None:
    """Prints the report and writes it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("db", type=Path)
    parser.add_argument("--laws", type=Path)
    options = parser.parse_args()
    text = "\n".join(report(options.db, options.laws)) + "\n"
    print(text)
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
