"""The scores on a database small enough to count by hand."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from kb.evaluate import Count, as_json, as_text, evaluate, read_gold
from kb.models import KbError

SCHEMA = """
create table documents (id text, region_code text, in_corpus integer);
create table clauses (id integer primary key, document_id text, path text, heading text, text text);
create table alignments (id integer primary key, a_clause_id int, b_clause_id int, relation text, score real);
create table quantities (id integer primary key, clause_id int, value real, unit text, kind text, bound text);
create table differences (id integer primary key, alignment_id int, type text, a_quote text, b_quote text);
"""
PATHS = ["正文/一", "正文/二", "正文/三", "正文/四", "正文/五"]
PAIRS = [   # a, b, relation
    ("正文/一", "正文/一", "equivalent"), ("正文/二", "正文/二", "equivalent"), ("正文/三", "正文/三", "partial"),
    ("正文/四", "正文/四", "either"), ("正文/五", "正文/五", "debatable"),
]


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    pairs = [{"a_region": "331000", "a_path": a, "b_region": "331082", "b_path": b, "relation": relation, "differences": []}
             for a, b, relation in PAIRS]
    pairs[0]["differences"] = [
        {"type": "number", "a": "不低于30%", "b": "不低于40%"},
        {"type": "target", "a": "", "b": "力争清零"},
        {"type": "addition", "a": "", "b": "不计此类"},
    ]
    pairs[1]["differences"] = [{"type": "procedure", "a": "整体办理", "b": "分批办理"}]
    quantities = [{"region": "331000", "path": "正文/一", "value": value, "unit": unit, "bound": bound, "kind": kind}
                  for value, unit, bound, kind in ((1.3, "万亩", "min", "target"), (30, "%", "min", "limit"),
                                                   (500, "万元", "max", "subsidy"), (2023, "年", "exact", "date"))]
    path = tmp_path / "gold.json"
    path.write_text(json.dumps({"pairs": pairs, "quantities": quantities}, ensure_ascii=False), encoding="utf-8")
    paths = [f"{region}\t{p}\t1" for region in ("331000", "331082") for p in PATHS] + ["331000\t正文/六\t0"]
    path.with_name("paths.tsv").write_text("\n".join(paths) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "small #1.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
        connection.executemany("insert into documents values (?, ?, ?)",
                               [("t", "331000", 1), ("l", "331082", None), ("cited", "330000", 0)])
        clauses = [(d, p) for d in ("t", "l") for p in [*PATHS, "正文/六", "正文/二/·1", "正文/末"]]
        connection.executemany("insert into clauses (document_id, path) values (?, ?)", clauses)
        number = {clause: n for n, clause in enumerate(clauses, 1)}
        rows = [
            ("t", "正文/一", "l", "正文/一", "equivalent", 0.95),      # right
            ("l", "正文/二", "t", "正文/二/·1", "partial", 0.9),       # swapped, finer: any right, equivalent missed
            ("t", "正文/三", "l", "正文/三", "equivalent", 0.7),       # annotated partial: hurts equivalent, helps any
            ("t", "正文/四", "l", "正文/四", "equivalent", 0.6),       # either: neither for equivalent, helps any
            ("t", "正文/五", "l", "正文/五", "partial", 0.5),          # debatable: counts neither way
            ("t", "正文/一", "l", "正文/三", "partial", 0.4),          # not annotated: wrong
            ("t", "正文/六", "l", "正文/一", "partial", 0.4),          # a heading without text: not counted
            ("t", "正文/末", "l", "正文/一", "partial", 0.4),          # outside the annotated paths: not counted
        ]
        connection.executemany(
            "insert into alignments (a_clause_id, b_clause_id, relation, score) values (?, ?, ?, ?)",
            [(number[a, x], number[b, y], relation, score) for a, x, b, y, relation, score in rows])
        connection.executemany("insert into quantities (clause_id, value, unit, kind, bound) values (?, ?, ?, ?, ?)", [
            (number["t", "正文/一"], 13000, "亩", "target", "min"), (number["t", "正文/一"], 30, "%", "limit", "max"),
            (number["t", "正文/一"], 7, "项", "target", "exact"), (number["t", "正文/一"], 2023, "年", "date", "exact"),
            (number["l", "正文/一"], 9, "项", "target", "exact")])
        connection.executemany("insert into differences (alignment_id, type, a_quote, b_quote) values (?, ?, ?, ?)", [
            (1, "number", "30%", "40%"), (2, "procedure", "分批办理", "整体办理")])
    return path


def test_alignments(database: Path, gold: Path) -> None:
    scores = evaluate(database, gold).alignments
    assert scores.equivalent == Count(1, 1, 1)
    assert scores.any == Count(4, 1, 0)
    assert scores.any_by_pair == {("331000", "331082"): Count(4, 1, 0)}
    assert [(m.what, m.pair[1], m.pair[3]) for m in scores.mistakes] == [("false", "正文/一", "正文/三")]
    assert [(r.low, r.rows, r.right) for r in scores.reliability] == [(0.0, 1, 0), (0.6, 1, 1), (0.7, 1, 0), (0.9, 2, 2)]


def test_quantities(database: Path, gold: Path) -> None:
    scores = evaluate(database, gold)
    assert scores.quantities == Count(2, 1, 1)      # 1.3万亩 and 30 %; 7项 is false, 500万元 missed; 临海 not annotated
    assert scores.bound_right == 0.5


def test_differences(database: Path, gold: Path) -> None:
    scores = evaluate(database, gold)
    assert scores.differences == {"number": (1, 1), "target": (0, 1), "procedure": (1, 1)}
    assert scores.differences_all == pytest.approx(2 / 3)
    assert scores.differences_aligned == pytest.approx(2 / 3)
    assert [missed[1:] for missed in scores.differences_missed] == [("target", "", "力争清零")]


def test_without_paths_those_of_the_annotations_count(database: Path, gold: Path) -> None:
    gold.with_name("paths.tsv").unlink()
    assert evaluate(database, gold).alignments.any == Count(4, 1, 0)


def test_printed(database: Path, gold: Path) -> None:
    scores = evaluate(database, gold)
    read = json.loads(as_json(scores))
    assert read["equivalent"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "hits": 1, "false": 1, "missed": 1}
    assert read["any"]["f1"] == 0.889
    assert read["difference_recall"]["all"] == 0.667
    text = as_text(scores, {"331000": "台州", "331082": "临海"})
    assert "台州–临海\t0.500\t0.500\t0.500\t1\t1\t1" in text


def test_the_repository_annotations_can_be_read() -> None:
    gold = read_gold(Path(__file__).parent / "gold" / "dev.json")
    assert len(gold.pairs) > 100
    assert gold.clause("330212", "正文/二/1/·2") == "正文/二/1"
    assert not gold.counted("331000", "正文/二")


@pytest.mark.parametrize(("content", "problem"), [
    ("{", "not a file of annotations"), ('{"quantities": []}', "not a file of annotations"),
    ('{"pairs": [{"a_region": "1"}]}', "not a file of annotations"), ("[]", "not a file of annotations"),
])
def test_bad_annotations(database: Path, tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KbError, match=problem) as error:
        evaluate(database, path)
    assert "\n" not in str(error.value)


def test_bad_databases(gold: Path, tmp_path: Path) -> None:
    with pytest.raises(KbError, match="no such database"):
        evaluate(tmp_path / "none.db", gold)
    other = tmp_path / "text.db"
    other.write_text("not a database, but long enough to be read as one", encoding="utf-8")
    with pytest.raises(KbError, match="not a database that kb build made"):
        evaluate(other, gold)
    gold.with_name("paths.tsv").write_text("331000 正文/一 1\n", encoding="utf-8")
    with pytest.raises(KbError, match="paths.tsv:1"):
        evaluate(other, gold)
