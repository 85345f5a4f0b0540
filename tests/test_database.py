from __future__ import annotations

import hashlib
import random
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sample
from sqlite_utils import Database

from kb import database
from kb.fulltext import fold, literal
from kb.models import KbError

#: Tables and columns that researchers' queries rely on.
CONTRACT = """
regions: code name level parent_code
documents: id region_code title kind issuer doc_number signed_on published_on effective_on expires_on validity
    source_file source_sha256 chars in_corpus
clauses: id document_id path label parent_id ordinal depth kind heading text start end
citations: id clause_id cited_title cited_number cited_document_id relation
responsibilities: id clause_id unit agency role
quantities: id clause_id quote start end indicator bound value value_to value_from unit kind
alignments: id a_clause_id b_clause_id relation score a_start a_end b_start b_end
differences: id alignment_id type a_quote b_quote a_value b_value unit direction salience summary
concordance: id row row_label clause_id document_id
clauses_fts: heading text
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "kb.db"
    database.write(path, sample.content())
    return path


@pytest.fixture
def db(file: Path) -> Iterator[sqlite3.Connection]:
    connection = database.open_read(file)
    yield connection
    connection.close()


def labels(hits: list[database.Hit]) -> list[str]:
    return [f"{hit.document.bare} {hit.clause.label}" for hit in hits]


def test_tables_of_the_contract(db: sqlite3.Connection) -> None:
    for name, columns in re.findall(r"^(\w+): ((?:.|\n )+)", CONTRACT, re.M):
        present = {row[1] for row in db.execute(f"pragma table_info({name})")}
        assert set(columns.split()) <= present, name


def test_rows_point_to_rows(db: sqlite3.Connection) -> None:
    assert db.execute("pragma foreign_key_check").fetchall() == []
    assert db.execute("pragma integrity_check").fetchone()[0] == "ok"


def test_every_view_can_be_read(db: sqlite3.Connection) -> None:
    for (name,) in db.execute("select name from sqlite_master where type = 'view'").fetchall():
        assert db.execute(f"select count(*) from {name}").fetchone()[0] > 0, name


def test_quotes_can_be_cut_out_again(db: sqlite3.Connection) -> None:
    for text, body, start, end in db.execute(
            "select c.text, d.text, c.start, c.end from clauses c join documents d on d.id = c.document_id"):
        assert body[start:end] == text
    rows = db.execute("""select c.text, t.quote, t.start, t.end from clauses c
        join (select clause_id, quote, start, "end" from quantities
              union all select clause_id, quote, start, "end" from citations) t on t.clause_id = c.id""").fetchall()
    assert rows and all(text[start:end] == quote for text, quote, start, end in rows)


def test_equal_content_gives_equal_files(file: Path, tmp_path: Path) -> None:
    database.write(tmp_path / "again.db", sample.content())
    again = (tmp_path / "again.db").read_bytes()
    assert hashlib.sha256(again).digest() == hashlib.sha256(file.read_bytes()).digest()


def test_sqlite_utils_sees_the_index_as_that_of_clauses(file: Path) -> None:
    opened = Database(file)
    assert opened.table("clauses").detect_fts() == "clauses_fts"
    opened.close()


@pytest.mark.parametrize(("query", "expected"), [
    ("专项经费", ["临海 二（十五）"]), ("專項經費", ["临海 二（十五）"]), ("飞", ["台州 附件三"]),
    ("“产业飞地”，腾出", ["台州 附件三"]), ("50万元", ["台州 二（九）"]), ("工业APP", ["临海 二（十五）"]),
    ("费用增收。在不改变", ["台州 二（六）", "临海 二（六）"]), ("亩均税收 -28万", ["鄞州 一", "临海 附件二"]),
    ("腾笼换鸟 攻坚行动", ["台州 序"]), ("从来没有的话", []), ("", [])])
def test_search(db: sqlite3.Connection, query: str, expected: list[str]) -> None:
    assert sorted(labels(database.search(db, query))) == sorted(expected)


def test_whole_words_rank_first(db: sqlite3.Connection) -> None:
    hits = database.search(db, "税收")
    assert [hit.whole for hit in hits] == sorted((hit.whole for hit in hits), reverse=True)
    assert labels(hits)[0] == "台州 二（九）"  # in the others it is the tail of 亩均税收, one word of the field


def test_marks_of_a_hit_across_heading_and_text(db: sqlite3.Connection) -> None:
    hit = database.search(db, "增收。在不")[0]
    assert [s.of(hit.clause.heading) for s in hit.heading_marks] == ["增收。"]
    assert [s.of(hit.clause.text) for s in hit.text_marks] == ["在不"]


def test_search_is_exact(db: sqlite3.Connection) -> None:
    """Every string of the clauses, cut at random, is found in exactly the clauses that contain it."""
    whole = {row[0]: fold(row[1] + row[2]) for row in db.execute("select id, heading, text from clauses")}
    draw = random.Random(7)
    for length in (1, 2, 3, 4, 8):
        for _ in range(100):
            text = draw.choice([t for t in whole.values() if len(t) > length])
            at = draw.randrange(len(text) - length)
            string = text[at:at + length]
            got = {hit.clause.id for hit in database.search(db, literal(string), None)}
            assert got == {number for number, t in whole.items() if string in t}, string


def test_nearest_reading(db: sqlite3.Connection) -> None:
    wider, hits = database.nearest(db, "专项经费盘活企业")
    assert wider is not None and labels(hits) == ["临海 二（十五）"]
    assert database.nearest(db, "饕餮") == (None, [])


@pytest.mark.parametrize("label", ["二（六）", "二(六)", "正文/二/（六）", "二 （六）", "二/(六)"])
@pytest.mark.parametrize("place", ["临海", "临海市", "331082", "linhai-2022-22", "临政发〔2022〕22号", "临政发[2022]22"])
def test_a_clause_by_any_of_its_names(db: sqlite3.Connection, place: str, label: str) -> None:
    view = database.clause(db, place, label)
    assert (view.document.id, view.clause.path) == (sample.LINHAI, "正文/二/（六）")
    assert [(c.document.bare, c.clause.label, c.differences) for c in view.counterparts] == [("台州", "二（六）", 1)]


@pytest.mark.parametrize(("place", "label", "said"), [
    ("临海", "二（七）", "二（六）"), ("温州", "一", "台州"), ("浙政发〔2021〕31号", "一", "not in the corpus")])
def test_what_is_not_there_is_said_in_one_line(db: sqlite3.Connection, place: str, label: str, said: str) -> None:
    with pytest.raises(KbError, match=re.escape(said)) as caught:
        database.clause(db, place, label)
    assert "\n" not in str(caught.value)


def test_comparison_in_the_order_of_the_base(db: sqlite3.Connection) -> None:
    found = database.comparison(db, "台州", "临海")
    assert [pair.a.label for pair in found.pairs] == ["二（六）", "附件二"]
    assert [c.label for c in found.only_a] == ["序", "二（九）", "附件三"]
    assert [c.label for c in found.only_b] == ["二（十五）"]
    for pair in found.pairs:
        for d in pair.differences:
            assert (d.a_span.of(pair.a.text), d.b_span.of(pair.b.text)) == (d.a_quote, d.b_quote)


def test_comparison_turned_round(db: sqlite3.Connection) -> None:
    there, back = database.comparison(db, "台州", "临海"), database.comparison(db, "临海", "台州")
    assert [(p.a.id, p.b.id) for p in there.pairs] == [(p.b.id, p.a.id) for p in back.pairs]
    mine, theirs = there.pairs[0].differences[0], back.pairs[0].differences[0]
    assert (mine.a_quote, mine.direction) == (theirs.b_quote, "looser") and theirs.direction == "stricter"
    assert (there.only_a, there.only_b) == (back.only_b, back.only_a)


def test_a_document_is_not_compared_with_itself(db: sqlite3.Connection) -> None:
    with pytest.raises(KbError, match="with itself"):
        database.comparison(db, "台州", "taizhou-2021-27")


def test_documents_that_are_only_cited(db: sqlite3.Connection) -> None:
    cited = {d.id: (d.region_code, d.doc_number) for d in database.documents(db, cited=True) if not d.in_corpus}
    assert cited == {
        "浙政发-2021-31": ("330000", "浙政发〔2021〕31号"), "甬政办发-2021-6": ("330200", "甬政办发〔2021〕6号"),
        "临市委-2019-68": ("331082", "临市委〔2019〕68号")}
    assert [d.id for d in database.documents(db)] == [sample.TAIZHOU, sample.YINZHOU, sample.LINHAI]
    targets = db.execute("select document_id, basis_document_id from basis order by id").fetchall()
    assert targets == [(sample.TAIZHOU, "浙政发-2021-31"), (sample.LINHAI, "浙政发-2021-31"),
                       (sample.LINHAI, sample.TAIZHOU)]


def test_an_empty_corpus_is_a_database_too(tmp_path: Path) -> None:
    database.write(tmp_path / "kb.db", database.Content((), {}))
    connection = database.open_read(tmp_path / "kb.db")
    assert database.documents(connection, cited=True) == [] and database.search(connection, "税") == []
    connection.close()


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "kb.db"
    path.write_bytes(b"mine")
    with pytest.raises(KbError, match="exists"):
        database.write(path, sample.content())
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize("damage", ["absent", "text", "foreign"])
def test_what_is_no_database_of_kb(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "kb.db"
    if damage == "text":
        path.write_text("not a database, but long enough to be taken for one" * 100)
    elif damage == "foreign":
        other = sqlite3.connect(path)
        other.execute("create table t (x)")
        other.close()
    with pytest.raises(KbError, match="run kb build"):
        database.open_read(path)


def test_a_full_disk_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is allowed a few pages only, as on a full disk."""
    real = database.write.__globals__["connect_new"]

    def small(path: Path) -> Database:
        db = real(path)
        db.execute("pragma max_page_count = 20")
        return db  # type: ignore[no-any-return]
    monkeypatch.setitem(database.write.__globals__, "connect_new", small)
    with pytest.raises(KbError, match="full.*free some space"):
        database.write(tmp_path / "kb.db", sample.content())
