"""Measures how good the alignment is, prints the tables and writes docs/quality.md.

    python benchmarks/quality.py [--laws DIR_OR_TAR] [--db kb.db]

Three beds: annotations of the corpus's own pairs (tests/gold/dev.json and read.tsv), annotations of same-topic
regulations (tests/gold/laws; the texts come with --laws, a directory or a tar archive of Markdown files), and documents
derived from the corpus by known edits, whose truth is exact. With --laws and scikit-learn the annotated pairs are also
scored with weights learnt without them; with --db the statements and differences of a built database are scored as
well. The output depends on the program and the corpus alone.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from beds import laws as law_bed
from beds.amounts import Reported, reported
from beds.derived import EDITS, Derived, derive
from beds.files import variants
from beds.oddities import cases
from beds.score import Result, result, scores

from kb.align import align
from kb.corpus import read_corpus
from kb.evaluate import AlignmentScores, Count, Gold, evaluate, read_gold, score_alignments
from kb.models import Alignment, Document, KbError, Relation
from kb.parse import parse
from kb.vocabulary import lines, table
from kb.vocabulary.regions import region

ROOT = Path(__file__).parent.parent
GOLD = ROOT / "tests" / "gold"
#: Kinds and strengths for which the differences are looked at: amounts differ, or nothing does.
COMPARED = {"amounts changed": ("20%", "50%", "100%"), "another place": ("names", "names and agencies"),
            "numbered otherwise": ("brackets and commas",)}
#: Topics of the law bed that are foreign to the corpus; air pollution and business environment are not.
FOREIGN = ("养犬", "文明行为", "物业管理", "电梯安全")

Cells = Sequence[str]


def main() -> int:
    arguments = _arguments()
    try:
        text = "\n\n".join(report(arguments)) + "\n"
    except KbError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--laws", type=Path, help="directory or tar archive with the texts of tests/gold/laws")
    parser.add_argument("--db", type=Path, help="database that kb build made of the corpus")
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--seeds", type=int, default=2, help="derived documents of each kind from each document")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "quality.md")
    return parser.parse_args()


def report(arguments: argparse.Namespace) -> Iterator[str]:
    """The paragraphs and tables of docs/quality.md."""
    documents = read_corpus(arguments.corpus)
    learnt = validated(arguments.laws)
    yield "# How good the alignment is"
    yield ("Made by `python benchmarks/quality.py`, which measures the program as it stands with its shipped weights; "
           "P is precision, R recall; *validated* is F1 with weights learnt without the pair (a regulation's: without "
           "its topic).\n"
           "*Equivalent* counts pairs of that relation alone, *any* pairs of either relation; debatable pairs count "
           "neither way (`kb/evaluate.py` has the definitions).")
    yield "## Annotated pairs of the corpus"
    yield from corpus_bed(documents, learnt)
    yield from statements(arguments.db)
    yield "## Annotated regulations"
    yield from regulations(arguments.laws, learnt)
    yield "## Documents derived by known edits"
    yield from derived_bed(documents, arguments.seeds)
    yield "## Cases that must behave"
    yield _table(("case", "expected", "found", ""), [
        (case.name, case.expected, case.found, "ok" if case.good else "**not ok**")
        for case in cases(documents, align, _foreign(arguments.laws))])


def validated(source: Path | None) -> Mapping[str, AlignmentScores]:
    """Scores of each annotated pair with weights learnt on the others; nothing without the laws or scikit-learn."""
    if source is None:
        return {}
    try:
        import alignment_weights as weights
    except ImportError:
        return {}
    with law_bed.unpacked(source.resolve()) as folder, contextlib.chdir(ROOT):
        beds = [*weights.policies(), *weights.laws(folder), *weights.unrelated(folder, 0)]
        return weights.Learner(beds).validate()


# --- the corpus ------------------------------------------------------------------------------------------------

def corpus_bed(documents: Sequence[Document], learnt: Mapping[str, AlignmentScores]) -> Iterator[str]:
    """Scores of each annotated pair of the corpus; pairs of documents that are not there are left out."""
    gold = _annotations()
    by_region = {document.region_code: document for document in documents}
    wanted = [pair for pair in dict.fromkeys((key[0], key[2]) for key in gold.pairs) if set(pair) <= by_region.keys()]
    if not wanted:
        yield "The corpus holds none of the annotated pairs."
        return
    found = [row for a, b in wanted for row in _rows(by_region[a], by_region[b], gold)]
    kept = Gold({key: relation for key, relation in gold.pairs.items() if (key[0], key[2]) in wanted}, paths=gold.paths)
    scored = score_alignments(found, kept)
    names = {pair: "–".join(region(code).name for code in pair) for pair in wanted}
    yield _scores_table(scored, names, {name: learnt.get("-".join(pair)) for pair, name in names.items()})
    yield _reliability(scored)


def _annotations() -> Gold:
    """The pairs read by two (dev.json), and those read by one analyst."""
    gold = read_gold(GOLD / "dev.json")
    pairs = dict(gold.pairs)
    for line in (GOLD / "read.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith(("#", "a_region")):
            a, x, b, y, relation = line.split("\t")
            pairs[a, x, b, y] = relation
    return replace(gold, pairs=pairs)


def _rows(a: Document, b: Document, gold: Gold) -> Iterator[tuple[tuple[str, str, str, str], Relation, float]]:
    for row in align(parse(a).provisions, parse(b).provisions):
        ends = [(document.region_code, gold.clause(document.region_code, path))
                for document, path in ((a, row.a_path), (b, row.b_path))]
        if all(gold.counted(*end) for end in ends):
            yield (*ends[0], *ends[1]), row.relation, row.score


def statements(database: Path | None) -> Iterator[str]:
    """Scores of the quantities and differences in a database."""
    if database is None:
        yield "Quantities and differences: not measured (give a database with `--db`)."
        return
    scored = evaluate(database, GOLD / "dev.json")
    yield _table(("quantities", "P", "R", "F1", "bound right"),
                 [("of three documents", *_numbers(scored.quantities), f"{scored.bound_right:.3f}")])
    rows = [(kind, f"{hit}/{total}") for kind, (hit, total) in scored.differences.items()]
    yield _table(("differences found", "recall"), [
        *rows, ("all", f"{scored.differences_all:.3f}"), ("in aligned clauses", f"{scored.differences_aligned:.3f}")])


# --- regulations -----------------------------------------------------------------------------------------------

def regulations(source: Path | None, learnt: Mapping[str, AlignmentScores]) -> Iterator[str]:
    """Scores of the annotated regulations, for their 25 annotated articles each."""
    if source is None:
        yield "Not measured: the texts are not part of the repository (give them with `--laws DIR_OR_TAR`)."
        return
    annotated = law_bed.read_annotations(GOLD / "laws")
    scored = scores(law_bed.run(annotated, source, align))
    yield _scores_table(scored, {(pair.name, "b"): pair.name for pair in annotated},
                        {pair.name: learnt.get(pair.name) for pair in annotated})
    yield _reliability(scored)


def _foreign(source: Path | None) -> list[Document]:
    if source is None:
        return []
    annotated = [pair for pair in law_bed.read_annotations(GOLD / "laws") if pair.name.startswith(FOREIGN)]
    names = sorted({name for pair in annotated for name in (pair.a_file, pair.b_file)})
    return [law_bed.law(name, text) for name, text in sorted(law_bed.read_texts(source, names).items())]


# --- derived documents -----------------------------------------------------------------------------------------

def derived_bed(documents: Sequence[Document], seeds: int) -> Iterator[str]:
    """Scores by kind of edit; what became of the edited clauses; what is told of differing amounts."""
    all_rows, edited_rows, told_rows = [], [], []
    total = 0
    for kind, strengths in EDITS.items():
        for strength in strengths:
            runs = [(one, align(one.a, one.b)) for one in _derive_all(documents, kind, strength, seeds)]
            results = [result(found, one.a, one.b, one.truth, (one.base.id, one.document.id)) for one, found in runs]
            scored = scores(results)
            total += len(runs)
            all_rows.append((kind, strength, str(scored.any.hits + scored.any.missed), *_numbers(scored.equivalent),
                             *_numbers(scored.any)))
            if any(cells := _edited([one for one, _ in runs], results)):
                edited_rows.append((kind, strength, *cells))
            if strength in COMPARED.get(kind, ()):
                told_rows.append((kind, strength, *_told(runs)))
    yield (f"{total} documents derived from the {len(documents)} of the corpus, {seeds} of each kind and strength from "
           f"each; the truth is exact. Rewording uses {_own_words()}. Pairs over all clauses, edited or not.")
    yield _table(("edit", "strength", "true pairs", "equivalent P", "R", "F1", "any P", "R", "F1"), all_rows)
    yield ("Of the edited clauses alone. *Found*: true pairs found with either relation; *label*: with the right one "
           "(one half of a clause is partial); *alone*: dropped clauses that are aligned with nothing; *moved*: moved "
           "clauses found at their new place with the right relation.")
    yield _table(("edit", "strength", "pairs", "found", "label", "dropped", "alone", "moved", "recognised"),
                 edited_rows)
    yield ("What is told of two aligned clauses. *Once*: a differing amount is told by exactly one row; *values*: with "
           "both values; *foreign*: rows that tell of anything else. Under *another place* some are due: numbers "
           "of cited documents, zones that are called after the place.")
    yield _table(("edit", "strength", "differing amounts", "once", "more than once", "not at all", "values", "foreign"),
                 told_rows)


def _own_words() -> str:
    """How many rewordings there are, and how many of them the program's own lists hold as well."""
    pairs = [(word, other) for word, others in variants("rewordings.txt").items() for other in others]
    groups = [set(line.split()) for line in lines("synonyms.txt")]
    same = {row["word"]: row["same_as"] for row in table("equivalent_words.tsv")}
    known = sum(any({one, two} <= group for group in groups) or same.get(one, one) == same.get(two, two)
                for one, two in pairs)
    return f"{len(pairs)} pairs of words, {known} of which the program's own lists hold as well"


def _derive_all(documents: Sequence[Document], kind: str, strength: str, seeds: int) -> Iterator[Derived]:
    for document in documents:
        for seed in range(seeds):
            yield derive(document, kind, strength, seed)


def _edited(derived: Sequence[Derived], results: Sequence[Result]) -> Cells:
    pairs = found = label = dropped = alone = moved = recognised = 0
    for one, got in zip(derived, results, strict=True):
        aligned = {a for a, _ in got.found}
        for pair, relation in one.truth.pairs.items():
            if pair[0] in one.edited and relation != "debatable":
                pairs, found, label = pairs + 1, found + (pair in got.found), label + got.right(pair)
        dropped, alone = dropped + len(one.dropped), alone + len(one.dropped - aligned)
        moved += len(one.moved)
        recognised += sum(map(got.right, one.moved))
    return (_count(pairs), _share(found, pairs), _share(label, pairs), _count(dropped), _share(alone, dropped),
            _count(moved), _share(recognised, moved))


def _told(runs: Iterable[tuple[Derived, tuple[Alignment, ...]]]) -> Cells:
    sums = sum((reported(one, found) for one, found in runs), Reported())
    seen = sums.amounts
    return (_count(seen), _share(sums.once, seen), _share(sums.often, seen),
            _share(seen - sums.once - sums.often, seen), _share(sums.values, seen), str(sums.foreign))


# --- tables ----------------------------------------------------------------------------------------------------

def _scores_table(scored: AlignmentScores, names: Mapping[tuple[str, str], str],
                  learnt: Mapping[str, AlignmentScores | None]) -> str:
    """``names``: pair -> its name; ``learnt``: name -> scores with weights learnt without the pair."""
    rows = [(name, *_numbers(scored.equivalent_by_pair[pair]), *_numbers(scored.any_by_pair[pair]),
             *_f1([learnt[name]])) for pair, name in names.items()]
    rows.append(("**all**", *_numbers(scored.equivalent), *_numbers(scored.any), *_f1(list(learnt.values()))))
    return _table(("pair", "equivalent P", "R", "F1", "any P", "R", "F1", "validated equivalent", "any"), rows)


def _f1(found: Sequence[AlignmentScores | None]) -> Cells:
    """F1 of equivalent and of any, pooled; empty where one was not measured."""
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return "", ""
    return (f"{sum((one.equivalent for one in known), Count()).f1:.3f}",
            f"{sum((one.any for one in known), Count()).f1:.3f}")


def _reliability(scored: AlignmentScores) -> str:
    return _table(("score", "alignments", "mean score", "right"), [
        (f"{r.low:.1f}–{r.high:.1f}", str(r.rows), f"{r.mean:.2f}", f"{r.right / r.rows:.2f}")
        for r in scored.reliability])


def _numbers(count: Count) -> Cells:
    return f"{count.precision:.3f}", f"{count.recall:.3f}", f"{count.f1:.3f}"


def _count(number: int) -> str:
    return str(number) if number else ""


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else ""


def _table(head: Cells, rows: Iterable[Cells]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join(lines + [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows])


if __name__ == "__main__":
    sys.exit(main())
