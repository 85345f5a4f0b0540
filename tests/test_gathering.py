from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb import database
from kb.database.finding import Condition, conditions, find, similar, suggestions
from kb.database.gathering import deadline
from kb.fulltext import parse
from kb.models import Quantity


@pytest.fixture(scope="module")
def db(built: Path) -> Iterator[sqlite3.Connection]:
    connection = database.open_read(built)
    yield connection
    connection.close()


def quantity(text: str, quote: str, kind: str = "target") -> Quantity:
    start = text.index(quote)
    return Quantity(quote, start, start + len(quote), "亩均税收", "min", 28, "万元", kind, 280_000, "元")


@pytest.mark.parametrize(("text", "due"), [
    ("到2023年底，亩均税收达到28万元。", "到2023年底"), ("到2022年，投资增长10%；到2023年底，亩均税收达到28万元。", "到2023年底"),
    ("到2023年底完成改造。\n亩均税收达到28万元。", None), ("亩均税收达到28万元，到2023年底验收。", None)])
def test_an_amount_is_due_by_the_date_before_it(text: str, due: str | None) -> None:
    dates = [quantity(text, date, "date") for date in ("到2022年", "到2023年底") if date in text]
    assert deadline(quantity(text, "28万元"), text, dates) == due


def test_highlights_take_no_clause_twice_and_begin_with_the_base(db: sqlite3.Connection) -> None:
    rows = db.execute("""select h.rank, h.clause_id, h.document_id, h.difference_id, f.a_document_id, d.rowid
        from highlights h join differences f on f.id = h.difference_id join documents d on d.id = h.document_id
        order by h.id""").fetchall()
    assert len({r[0] for r in rows}) >= 10
    for rank in {r[0] for r in rows}:
        mine = [r for r in rows if r[0] == rank]
        assert len(mine) >= 2 and [r[5] for r in mine] == sorted(r[5] for r in mine)
        assert mine[0][4] in {r[2] for r in mine}


def test_what_the_build_counted_is_so(db: sqlite3.Connection) -> None:
    facts = database.build_facts(db)
    for table, condition in (("documents", "in_corpus = 1"), ("clauses", "text <> ''"), ("alignments", "1"),
                             ("differences", "1"), ("quantities", "1")):
        assert int(facts[table]) == db.execute(f"select count(*) from {table} where {condition}").fetchone()[0]
    assert db.execute("""select count(*) from alignments a where a.differences <>
        (select count(*) from differences f where f.alignment_id = a.id)""").fetchone()[0] == 0
    assert db.execute("""select sum(alignments), sum(differences) from document_pairs""").fetchone() == (
        int(facts["alignments"]), int(facts["differences"]))
    assert db.execute("""select count(*) from indicators i where quantities <>
        (select count(*) from quantities q where q.indicator_id = i.id)""").fetchone()[0] == 0


def test_stored_stretches_give_both_texts_again(db: sqlite3.Connection) -> None:
    """What stands between the stretches that differ is the same on both sides."""
    for a, b in (("taizhou-2021-27", "linhai-2022-22"), ("linhai-2022-22", "taizhou-2021-27")):
        for pair in database.comparison(db, a, b).pairs:
            if pair.relation == "equivalent":
                left, right, x, y = "", "", 0, 0
                for s in pair.segments:
                    left, right = left + pair.a.text[x:s.a.start], right + pair.b.text[y:s.b.start]
                    x, y = s.a.end, s.b.end
                assert left + pair.a.text[x:] == right + pair.b.text[y:]


@pytest.mark.parametrize(("typed", "text", "found"), [
    ("税收 地区:临海", "税收", [("region", "临海")]), ("地区：“临海市” year:2022 税收", "税收", [("region", "临海市"), ("year", "2022")]),
    ("责任单位：市经信局", "责任单位：市经信局", []), ("地区:", "地区:", []), ("", "", [])])
def test_conditions_are_parted_from_the_words(typed: str, text: str, found: list[tuple[str, str]]) -> None:
    assert conditions(typed) == (text, tuple(Condition(*pair) for pair in found))


def test_facets_count_what_they_lead_to(db: sqlite3.Connection) -> None:
    found = find(db, parse("企业"), limit=1)
    for field in ("region", "level", "year", "validity", "part"):
        assert sum(n for _, n in found.facets[field]) == found.total
        for value, count in found.facets[field]:
            assert find(db, parse("企业"), [Condition(field, value)]).total == count, (field, value)
    for value, count in found.facets["agency"]:
        assert find(db, parse("企业"), [Condition("agency", value)]).total >= count


def test_pages_of_hits_hold_every_hit_once(db: sqlite3.Connection) -> None:
    total = find(db, parse("企业")).total
    for order in ("", "document", "date"):
        seen = [hit.clause.id for at in range(0, total, 20)
                for hit in find(db, parse("企业"), offset=at, order=order).hits]
        assert len(seen) == len(set(seen)) == total


def test_every_clause_is_most_like_itself(db: sqlite3.Connection) -> None:
    for identity, text in db.execute("select id, text from clauses where length(text) > 80 order by id limit 40").fetchall():
        best = similar(db, text, 3)
        assert identity in {one.clause.id for one in best} and best[0].score > 0.9


def test_suggestions_stand_in_the_corpus(db: sqlite3.Connection) -> None:
    for typed in ("亩均税受", "腾龙换鸟", "专项径费", "饕餮盛宴"):
        for better in suggestions(db, parse(typed)):
            assert database.count(db, parse(better)) > 0
    assert suggestions(db, parse("亩均税受"))[0] == "亩均税收" and suggestions(db, parse("饕餮盛宴")) == []
