"""Scores a database that ``kb build`` made against annotations made by reading: what ``kb eval`` prints.

Definitions (tests/gold/README.md describes the annotations):

alignments  A clause of the database counts as the annotated clause whose path it has or stands under (正文/二/1/·2
            counts as 正文/二/1). *equivalent*: rows of relation equivalent against annotated equivalent pairs; pairs
            annotated ``either`` or ``debatable`` neither help nor hurt, ``partial`` found as equivalent hurts. *any*:
            rows of either relation against equivalent, partial and either; ``debatable`` neither helps nor hurts.
quantities  F1 over (clause, value) with magnitudes (万, 亿) brought to one base, dates left out; and the share of the
            hits whose bound is right.
differences recall over annotated differences of six types: hit where a row of the same pair of clauses (or one under
            them) quotes overlapping words, on both sides where both are given. *all* over every annotated pair,
            *aligned* over those that the database aligns.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from kb.models import KbError, Relation

DIFFERENCE_TYPES = ("number", "target", "procedure", "date", "citation", "modality")
_COUNTS = ("equivalent", "partial", "either")
_SHARED = 6     # characters in a row that make two quotes overlap
_MAGNITUDE = {"万亿": 1e12, "亿": 1e8, "万": 1e4, "千": 1e3}
_STEPS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

Pair = tuple[str, str, str, str]    # region and path of a, region and path of b


@dataclass(frozen=True, slots=True)
class Count:
    """Hits, false alarms, misses."""

    hits: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 0.0

    @property
    def recall(self) -> float:
        """Share of what is right that was found."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def __add__(self, other: Count) -> Count:
        return Count(self.hits + other.hits, self.false + other.false, self.missed + other.missed)


@dataclass(frozen=True, slots=True)
class Reliable:
    """Alignments with a score in [low, high): how many, their mean score, and how many of them are right."""

    low: float
    high: float
    rows: int
    mean: float
    right: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """A pair that the database has and the annotations lack (``false``), or the other way round (``missed``)."""

    what: Literal["false", "missed"]
    pair: Pair
    relation: str


@dataclass(frozen=True, slots=True)
class AlignmentScores:
    """Both counts, pooled and for each pair of regions; the reliability of the scores; every mistake of *any*."""

    equivalent: Count
    any: Count
    equivalent_by_pair: Mapping[tuple[str, str], Count]
    any_by_pair: Mapping[tuple[str, str], Count]
    reliability: tuple[Reliable, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True)
class Scores:
    """Everything that ``kb eval`` prints. ``differences[type]`` is (hit, annotated)."""

    alignments: AlignmentScores
    quantities: Count
    bound_right: float
    differences: Mapping[str, tuple[int, int]]
    differences_all: float
    differences_aligned: float
    differences_missed: tuple[tuple[Pair, str, str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Gold:
    """Annotations: relation of each annotated pair, its differences, the quantities, and the annotated paths of each
    region (with those of headings that have no text of their own, which the annotations leave out)."""

    pairs: Mapping[Pair, str]
    differences: Mapping[Pair, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    quantities: Sequence[Mapping[str, Any]] = ()
    paths: Mapping[str, frozenset[str]] = field(default_factory=dict)
    bare: frozenset[tuple[str, str]] = frozenset()

    def clause(self, region: str, path: str) -> str:
        """The annotated path that ``path`` has or stands under; ``path`` itself where there is none."""
        parts, known = path.split("/"), self.paths.get(region, frozenset())
        above = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((candidate for candidate in above if candidate in known), path)

    def counted(self, region: str, path: str) -> bool:
        """Whether the annotations cover the clause."""
        return path in self.paths.get(region, frozenset()) and (region, path) not in self.bare


# --- the annotations -------------------------------------------------------------------------------------------

def read_gold(path: Path) -> Gold:
    """Annotations from ``path`` (JSON) and the annotated paths from ``paths.tsv`` beside it, or, where there is no
    such file, those that occur in the annotations. KbError where either does not have its form."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        pairs = {(p["a_region"], p["a_path"], p["b_region"], p["b_path"]): p for p in data["pairs"]}
        relations = {key: str(pair["relation"]) for key, pair in pairs.items()}
        quantities = list(data.get("quantities", ()))
        named = {(q["region"], q["path"]) for q in quantities} | {end for key in pairs for end in (key[:2], key[2:])}
    except OSError as error:
        raise KbError(f"cannot read the annotations: {error.strerror}", file=path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise KbError(f"not a file of annotations ({error})", file=path,
                      mend="it needs 'pairs' as in dev.json") from error
    paths, bare = _read_paths(path.with_name("paths.tsv"), named)
    differences = {key: tuple(pair.get("differences", ())) for key, pair in pairs.items()}
    return Gold(relations, differences, quantities, paths, bare)


def _read_paths(file: Path, named: set[tuple[str, str]],
                ) -> tuple[dict[str, frozenset[str]], frozenset[tuple[str, str]]]:
    rows = [(region, path, "1") for region, path in named]
    if file.exists():
        lines = file.read_text(encoding="utf-8").splitlines()
        rows = []
        for number, line in enumerate(lines, 1):
            region, path, own = (*line.split("\t"), "", "")[:3]
            if own not in ("0", "1"):
                raise KbError("not region, path and 0 or 1 with tabs between", file=file, place=number)
            rows.append((region, path, own))
    paths: dict[str, set[str]] = defaultdict(set)
    for region, path, _ in rows:
        paths[region].add(path)
    return ({region: frozenset(found) for region, found in paths.items()},
            frozenset((region, path) for region, path, own in rows if own == "0"))


# --- the database ----------------------------------------------------------------------------------------------

def evaluate(database: Path, gold_file: Path) -> Scores:
    """Scores of ``database`` against the annotations in ``gold_file``. KbError where either cannot be read."""
    gold = read_gold(gold_file)
    if not database.is_file():
        raise KbError("no such database", file=database, mend="run kb build first")
    connection = sqlite3.connect(f"file:{quote(str(database.resolve()))}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return _scores(connection, gold)
    except sqlite3.Error as error:
        raise KbError(f"not a database that kb build made ({error})", file=database, mend="run kb build") from error
    finally:
        connection.close()


def _scores(connection: sqlite3.Connection, gold: Gold) -> Scores:
    regions = dict(connection.execute("select id, region_code from documents where coalesce(in_corpus, 1) = 1"))
    clauses = {row["id"]: (str(regions.get(row["document_id"], "")), str(row["path"]))
               for row in connection.execute("select id, document_id, path from clauses")}
    wanted = {(key[0], key[2]) for key in gold.pairs}
    found: list[tuple[Pair, Relation, float]] = []
    keys: dict[int, tuple[Pair, bool]] = {}
    for row in connection.execute("select id, a_clause_id, b_clause_id, relation, score from alignments order by id"):
        a, b = clauses[row["a_clause_id"]], clauses[row["b_clause_id"]]
        swapped = (a[0], b[0]) not in wanted and (b[0], a[0]) in wanted
        a, b = (b, a) if swapped else (a, b)
        key = (a[0], gold.clause(*a), b[0], gold.clause(*b))
        if (a[0], b[0]) in wanted and gold.counted(*key[:2]) and gold.counted(*key[2:]):
            found.append((key, row["relation"], row["score"] or 0.0))
            keys[row["id"]] = key, swapped
    quantities, bound_right = _quantities(connection, gold, clauses)
    hit, total, seen, missed = _differences(connection, gold, keys, {key for key, _, _ in found})
    return Scores(score_alignments(found, gold), quantities, bound_right,
                  {kind: (hit[kind], total[kind]) for kind in DIFFERENCE_TYPES if total[kind]},
                  hit.total() / max(1, total.total()), hit.total() / max(1, seen), missed)


# --- alignments ------------------------------------------------------------------------------------------------

def score_alignments(found: Sequence[tuple[Pair, Relation, float]], gold: Gold) -> AlignmentScores:
    """Scores of rows (annotated pair of clauses, relation, score) against ``gold``."""
    relations: dict[Pair, set[str]] = defaultdict(set)
    scores: dict[Pair, float] = defaultdict(float)
    for key, relation, score in found:
        relations[key].add(relation)
        scores[key] = max(scores[key], score)
    equivalent: dict[tuple[str, str], Count] = defaultdict(Count)
    related: dict[tuple[str, str], Count] = defaultdict(Count)
    mistakes = []
    for key in sorted(relations.keys() | gold.pairs.keys()):
        truth, claim, pair = gold.pairs.get(key), relations.get(key, set()), (key[0], key[2])
        equivalent[pair] += _count("equivalent" in claim, truth == "equivalent", truth in (None, "partial"))
        one = _count(bool(claim), truth in _COUNTS, truth is None)
        related[pair] += one
        if one.false or one.missed:
            mistakes.append(Mistake("false" if one.false else "missed", key, truth or "/".join(sorted(claim))))
    return AlignmentScores(sum(equivalent.values(), Count()), sum(related.values(), Count()), dict(equivalent),
                           dict(related), _reliability(relations, scores, gold), tuple(mistakes))


def _count(claimed: bool, right: bool, wrong: bool) -> Count:
    return Count(int(claimed and right), int(claimed and wrong), int(right and not claimed))


def _reliability(relations: Mapping[Pair, set[str]], scores: Mapping[Pair, float],
                 gold: Gold) -> tuple[Reliable, ...]:
    """A row is right where it is annotated with its relation (``either`` is right for both); pairs annotated
    ``debatable`` are left out."""
    judged = []
    for key, claim in relations.items():
        truth = gold.pairs.get(key)
        if truth != "debatable":
            right = truth in (("equivalent", "either") if "equivalent" in claim else _COUNTS)
            judged.append((scores[key], right))
    table = []
    for low, high in zip(_STEPS, (*_STEPS[1:], 1.01), strict=True):
        inside = [(score, right) for score, right in judged if low <= score < high]
        if inside:
            mean = sum(score for score, _ in inside) / len(inside)
            table.append(Reliable(low, min(high, 1.0), len(inside), mean, sum(right for _, right in inside)))
    return tuple(table)


# --- quantities and differences --------------------------------------------------------------------------------

def _plain(text: str | None) -> str:
    return re.sub(r"[\s“”\"'‘’「」]", "", unicodedata.normalize("NFKC", text or ""))


def _base(value: float, unit: str | None) -> float:
    """The value with 千, 万, 亿 of its unit multiplied in, to four digits."""
    magnitude = re.match(r"(万亿|亿|万|千)(.*)", _plain(unit))
    factor = 1.0
    if magnitude and (magnitude[2] or magnitude[1] in ("万", "亿")):
        factor = _MAGNITUDE[magnitude[1]]
    return float(f"{float(value) * factor:.4g}")


def _quantities(connection: sqlite3.Connection, gold: Gold,
                clauses: Mapping[int, tuple[str, str]]) -> tuple[Count, float]:
    wanted: Counter[tuple[str, str, float]] = Counter()
    found: Counter[tuple[str, str, float]] = Counter()
    bounds: dict[tuple[str, str, float], str] = {}
    got: dict[tuple[str, str, float], str] = {}
    for q in gold.quantities:
        if q["kind"] != "date":
            key = (str(q["region"]), str(q["path"]), _base(q["value"], q["unit"]))
            wanted[key] += 1
            bounds[key] = q["bound"]
    regions = {str(q["region"]) for q in gold.quantities}
    for row in connection.execute("select clause_id, value, unit, kind, bound from quantities order by id"):
        region, path = clauses[row["clause_id"]]
        if region in regions and row["kind"] != "date" and row["value"] is not None:
            key = (region, gold.clause(region, path), _base(row["value"], row["unit"]))
            found[key] += 1
            got[key] = row["bound"]
    hits = sum((wanted & found).values())
    known = [key for key in wanted if key in got]
    return (Count(hits, found.total() - hits, wanted.total() - hits),
            sum(got[key] == bounds[key] for key in known) / max(1, len(known)))


def _differences(connection: sqlite3.Connection, gold: Gold, keys: Mapping[int, tuple[Pair, bool]],
                 aligned: set[Pair]) -> tuple[Counter[str], Counter[str], int, tuple[tuple[Pair, str, str, str], ...]]:
    rows: dict[Pair, list[tuple[str, str]]] = defaultdict(list)
    for row in connection.execute("select alignment_id, a_quote, b_quote from differences"):
        if row["alignment_id"] in keys:
            key, swapped = keys[row["alignment_id"]]
            a, b = _plain(row["a_quote"]), _plain(row["b_quote"])
            rows[key].append((b, a) if swapped else (a, b))
    hit: Counter[str] = Counter()
    total: Counter[str] = Counter()
    seen, missed = 0, []
    for key, difference in _wanted(gold):
        total[difference["type"]] += 1
        seen += key in aligned
        a, b = _plain(difference["a"]), _plain(difference["b"])
        if any(_overlap(a, x) and _overlap(b, y) for x, y in rows[key]):
            hit[difference["type"]] += 1
        else:
            missed.append((key, str(difference["type"]), str(difference["a"]), str(difference["b"])))
    return hit, total, seen, tuple(missed)


def _wanted(gold: Gold) -> Iterator[tuple[Pair, Mapping[str, Any]]]:
    for key, relation in gold.pairs.items():
        if relation != "debatable":
            for difference in gold.differences.get(key, ()):
                if difference["type"] in DIFFERENCE_TYPES:
                    yield key, difference


def _overlap(wanted: str, found: str) -> bool:
    if not wanted:
        return True
    if not found:
        return False
    runs = (wanted[start:start + _SHARED] for start in range(max(0, len(wanted) - _SHARED + 1)))
    return wanted in found or found in wanted or any(run in found for run in runs)


# --- printing --------------------------------------------------------------------------------------------------

def as_json(scores: Scores) -> str:
    """The scores as JSON, rounded to three digits."""
    alignments = scores.alignments
    return json.dumps({
        "equivalent": _numbers(alignments.equivalent),
        "any": _numbers(alignments.any),
        "equivalent_by_pair": {"-".join(pair): _numbers(c) for pair, c in alignments.equivalent_by_pair.items()},
        "any_by_pair": {"-".join(pair): _numbers(c) for pair, c in alignments.any_by_pair.items()},
        "reliability": [{"low": r.low, "high": r.high, "rows": r.rows, "mean": round(r.mean, 3),
                         "right": round(r.right / r.rows, 3)} for r in alignments.reliability],
        "quantities": _numbers(scores.quantities) | {"bound_right": round(scores.bound_right, 3)},
        "difference_recall": {kind: f"{hit}/{total}" for kind, (hit, total) in scores.differences.items()}
        | {"all": round(scores.differences_all, 3), "aligned": round(scores.differences_aligned, 3)},
    }, ensure_ascii=False, indent=1)


def _numbers(count: Count) -> dict[str, float]:
    return {"precision": round(count.precision, 3), "recall": round(count.recall, 3), "f1": round(count.f1, 3),
            "hits": count.hits, "false": count.false, "missed": count.missed}


def as_text(scores: Scores, names: Mapping[str, str] | None = None) -> str:
    """The scores as a table for people, in Chinese. ``names``: region code -> name of the place."""
    named, alignments = names or {}, scores.alignments
    lines = ["项目 item\t精确率 P\t召回率 R\tF1\t对 hit\t误 false\t漏 missed",
             _line("条款对应：等同 equivalent", alignments.equivalent)]
    lines += [_line(f"  {_places(pair, named)}", count) for pair, count in alignments.equivalent_by_pair.items()]
    lines.append(_line("条款对应：等同或部分 any", alignments.any))
    lines += [_line(f"  {_places(pair, named)}", count) for pair, count in alignments.any_by_pair.items()]
    lines += [_line("数量 quantities", scores.quantities), f"  界限正确 bound right\t{scores.bound_right:.3f}"]
    lines += ["", "差异召回 difference recall"]
    lines += [f"  {kind}\t{hit}/{total}" for kind, (hit, total) in scores.differences.items()]
    lines += [f"  全部 all\t{scores.differences_all:.3f}", f"  已对应条款内 aligned\t{scores.differences_aligned:.3f}"]
    lines += ["", "分值可靠性 reliability：分值 score\t条数 rows\t平均分 mean\t正确率 right"]
    lines += [f"  {r.low:.1f}–{r.high:.1f}\t{r.rows}\t{r.mean:.2f}\t{r.right / r.rows:.2f}"
              for r in alignments.reliability]
    return "\n".join(lines) + "\n"


def _line(name: str, count: Count) -> str:
    return (f"{name}\t{count.precision:.3f}\t{count.recall:.3f}\t{count.f1:.3f}"
            f"\t{count.hits}\t{count.false}\t{count.missed}")


def _places(pair: tuple[str, str], names: Mapping[str, str]) -> str:
    return "–".join(names.get(code, code) for code in pair)
