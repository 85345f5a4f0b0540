"""Recall and precision of the check on tests/cases/drafts, by severity; ``-v`` lists what was missed and what is wrong.

A case is a draft and a table of what is wrong with it (rule, address, a piece of the quote); rows with the rule ``-`` are
passages that must stay silent. Every finding that no row asks for counts against the precision.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from draft_bench import CASES, Case, score  # noqa: E402

from kb.draft.findings import SEVERITIES  # noqa: E402
from kb.draft.shelf import open_library  # noqa: E402


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="list misses and wrong findings")
    parser.add_argument("--db", type=Path, help="database to compare with; built from the corpus if not given")
    parser.add_argument("names", nargs="*", help="cases; all if not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        db = options.db
        if db is None:
            from kb import pipeline

            db = Path(directory) / "kb.db"
            pipeline.build(ROOT / "corpus", db)
        library = open_library(db, None)
        wanted, found, wrong = Counter[str](), Counter[str](), Counter[str]()
        for case in map(Case.read, options.names or sorted(CASES)):
            result = score(case, library, Path(directory))
            for defect in result.defects:
                wanted[defect.severity] += 1
                found[defect.severity] += defect not in result.missed
            for finding in result.wrong:
                wrong[finding.severity] += 1
            if options.verbose:
                for defect in result.missed:
                    print(f"{case.name}: missed {defect.severity} {defect.rule} {defect.address} {defect.quote}")
                for finding in result.wrong:
                    print(f"{case.name}: wrong {finding.severity} {finding.rule} {finding.address} {finding.quote!r} "
                          f"/ {finding.base_address} {finding.base_quote[:60]!r}: {finding.reason}")
                for row in result.disturbed:
                    print(f"{case.name}: not silent {row.address} {row.quote}")
    print(f"{'severity':10}{'planted':>8}{'found':>8}{'recall':>8}{'wrong':>8}{'precision':>11}")
    for severity in (*SEVERITIES, "all"):
        total, hits, false = ((sum(wanted.values()), sum(found.values()), sum(wrong.values())) if severity == "all"
                              else (wanted[severity], found[severity], wrong[severity]))
        recall = hits / total if total else 1.0
        precision = hits / (hits + false) if hits + false else 1.0
        print(f"{severity:10}{total:8}{hits:8}{recall:8.3f}{false:8}{precision:11.3f}")


if __name__ == "__main__":
    main()
