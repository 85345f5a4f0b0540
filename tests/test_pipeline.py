"""The build as a whole: what must come out of the five documents, and what happens when something goes wrong."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kb import pipeline
from kb.models import KbError

KB = [sys.executable, "-m", "kb"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}


def rows(db: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with sqlite3.connect(db) as connection:
        return list(connection.execute(sql, values))


DIFFERENCES = """
    select a.path, b.path, f.type, f.a_quote, f.b_quote, f.a_value, f.b_value, f.unit from differences f
    join alignments l on l.id = f.alignment_id
    join clauses a on a.id = l.a_clause_id join clauses b on b.id = l.b_clause_id
    join documents da on da.id = a.document_id join documents db on db.id = b.document_id
    where da.region_code = ? and db.region_code = ?"""


def test_certificates_in_one_piece_or_in_batches(built: Path) -> None:
    found = [row for row in rows(built, DIFFERENCES, "331000", "331082")
             if row[:3] == ("正文/二/（三）", "正文/二/（三）", "procedure")]
    assert any("整体发证" in str(row[3]) and "分批发证" in str(row[4]) for row in found)


def test_share_of_land_revenue_under_different_headings(built: Path) -> None:
    found = [row for row in rows(built, DIFFERENCES, "330114", "331082")
             if row[:3] == ("正文/四/（一）", "正文/二/（十五）", "number")]
    assert any((row[5], row[6], row[7]) == (1.0, 0.5, "%") and "土地出让收入" in str(row[3]) + str(row[4])
               for row in found), found


def test_tax_per_mu_in_the_targets(built: Path) -> None:
    found = [row for row in rows(built, DIFFERENCES, "331000", "331082")
             if row[:3] == ("附件/二", "附件/二", "target")]
    assert any((row[5], row[6]) == (28.0, 20.3) and "亩均税收" in str(row[3]) for row in found), found


def test_one_third_in_words_or_digits_is_no_difference(built: Path) -> None:
    for row in rows(built, DIFFERENCES, "331000", "331082"):
        assert not ("三分之一" in str(row[3]) and "1/3" in str(row[4])), row


def test_quotes_stand_in_their_clauses_at_their_spans(built: Path) -> None:
    sql = """select f.{s}_quote, substr(c.text, f.{s}_start + 1, f.{s}_end - f.{s}_start) from differences f
             join alignments l on l.id = f.alignment_id join clauses c on c.id = l.{s}_clause_id"""
    for side in "ab":
        found = rows(built, sql.format(s=side))
        assert found and all(quote == cut for quote, cut in found)


@pytest.mark.parametrize("table", ["quantities", "responsibilities", "citations"])
def test_statements_stand_in_their_clauses_at_their_spans(built: Path, table: str) -> None:
    quote = "unit" if table == "responsibilities" else "quote"
    found = rows(built, f"select s.{quote}, substr(c.text, s.start + 1, s.end - s.start) from {table} s "
                        "join clauses c on c.id = s.clause_id")
    assert found and all(quoted == cut for quoted, cut in found)


def test_the_upper_document_is_always_a(built: Path) -> None:
    order = {"province": 0, "prefecture": 1, "county": 2}
    sql = """select distinct ra.level, ra.code, rb.level, rb.code from alignments l
             join clauses a on a.id = l.a_clause_id join documents da on da.id = a.document_id
             join regions ra on ra.code = da.region_code join clauses b on b.id = l.b_clause_id
             join documents db on db.id = b.document_id join regions rb on rb.code = db.region_code"""
    found = rows(built, sql)
    assert len(found) == 10
    assert all((order[str(a)], str(x)) < (order[str(b)], str(y)) for a, x, b, y in found)


def test_documents_that_are_only_cited_stand_as_missing_parents(built: Path) -> None:
    found = dict(rows(built, "select doc_number, region_code from documents where in_corpus = 0"))  # type: ignore[arg-type]
    assert found["浙政发〔2021〕31号"] == "330000"
    assert found["杭政函〔2021〕92号"] == "330100"
    assert found["甬政办发〔2021〕6号"] == "330200"


def test_every_clause_stands_in_the_concordance(built: Path) -> None:
    """Itself, or, for a sub-heading without a counterpart of its own, with the clause it stands under."""
    present = set(rows(built, "select c.document_id, c.path from concordance r join clauses c on c.id = r.clause_id"))
    for document, path, kind in rows(built, "select document_id, path, kind from clauses where trim(text) <> ''"):
        above = str(path).rpartition("/")[0]
        assert kind == "signature" or (document, path) in present or (
            kind in ("heading", "subitem") and (document, above) in present), (document, path)


def test_an_unchanged_corpus_builds_nothing_and_equal_builds_are_equal(corpus: Path, built: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.db"
    assert pipeline.build(corpus, again).built
    before = again.stat().st_mtime_ns
    assert not pipeline.build(corpus, again).built
    assert again.stat().st_mtime_ns == before
    dumps = []
    for path in (built, again):
        with sqlite3.connect(path) as connection:
            dumps.append(list(connection.iterdump()))
    assert dumps[0] == dumps[1]


def test_a_changed_document_builds_again(corpus: Path, tmp_path: Path) -> None:
    copy = tmp_path / "corpus"
    shutil.copytree(corpus, copy)
    for name in ("cixi-2021-31.md", "yinzhou-2021.md", "qiantang-2022-14.md"):
        (copy / name).unlink()
    db = tmp_path / "kb.db"
    assert pipeline.build(copy, db).built
    file = copy / "linhai-2022-22.md"
    file.write_text(file.read_text(encoding="utf-8").replace("20.3万元", "21.3万元"), encoding="utf-8")
    assert pipeline.build(copy, db).built
    assert rows(db, "select 1 from quantities where value = 21.3")


# What goes wrong leaves the old database as it was.

@pytest.fixture
def place(corpus: Path, tmp_path: Path) -> Path:
    """A directory with a corpus of two documents and a finished database."""
    copy = tmp_path / "corpus"
    shutil.copytree(corpus, copy)
    for name in ("cixi-2021-31.md", "yinzhou-2021.md", "qiantang-2022-14.md"):
        (copy / name).unlink()
    pipeline.build(copy, tmp_path / "kb.db")
    return tmp_path


def left_as_it_was(place: Path, before: bytes) -> None:
    assert (place / "kb.db").read_bytes() == before
    assert sorted(path.name for path in place.iterdir()) == ["corpus", "kb.db"]


def run(place: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*KB, *arguments], cwd=place, capture_output=True, text=True, timeout=120,
                          env=ENVIRONMENT, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(("edit", "words"), [
    (lambda text: text.replace("---\n", "---\ntitle: [\n", 1), ["linhai-2022-22.md", "YAML"]),
    (lambda text: text.replace("331082", "999999", 1), ["linhai-2022-22.md", "999999"]),
    (lambda text: text.replace("id: linhai-2022-22", "id: taizhou-2021-27", 1), ["taizhou-2021-27"]),
    (lambda text: "没有题头\n", ["linhai-2022-22.md"]),
], ids=["not YAML", "no such region", "two documents with one id", "no front matter"])
def test_a_bad_document_is_one_line_and_changes_nothing(place: Path, edit: object, words: list[str]) -> None:
    file = place / "corpus" / "linhai-2022-22.md"
    file.write_text(edit(file.read_text(encoding="utf-8")), encoding="utf-8")  # type: ignore[operator]
    before = (place / "kb.db").read_bytes()
    done = run(place, "build")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1 and all(word in done.stderr for word in words), done.stderr
    left_as_it_was(place, before)


def test_a_full_disk(place: Path) -> None:
    before = (place / "kb.db").read_bytes()
    limit = 64 * 1024
    done = run(place, "build", "--force", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 2, done.stderr
    assert "kb.db" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    left_as_it_was(place, before)


def test_interrupted_in_mid_build(place: Path) -> None:
    before = (place / "kb.db").read_bytes()
    process = subprocess.Popen([*KB, "build", "--force"], cwd=place, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stderr is not None
    process.stderr.readline()               # the first stage has begun
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=120)[1]
    assert process.returncode == 2, rest
    assert "interrupted" in rest.splitlines()[-1] and "Traceback" not in rest
    left_as_it_was(place, before)


def test_a_file_that_is_no_database_of_kb_is_never_replaced(corpus: Path, tmp_path: Path) -> None:
    note = tmp_path / "notes.txt"
    note.write_text("不要覆盖我", encoding="utf-8")
    with pytest.raises(KbError, match="not a database of kb"):
        pipeline.build(corpus, note)
    assert note.read_text(encoding="utf-8") == "不要覆盖我"


def test_an_empty_corpus(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    with pytest.raises(KbError, match="no document"):
        pipeline.build(tmp_path / "corpus", tmp_path / "kb.db")
    assert not (tmp_path / "kb.db").exists()


def test_one_document_alone(corpus: Path, tmp_path: Path) -> None:
    copy = tmp_path / "corpus"
    copy.mkdir()
    (copy / "sources").symlink_to(corpus / "sources")
    shutil.copy(corpus / "cixi-2021-31.md", copy)
    report = pipeline.build(copy, tmp_path / "kb.db")
    assert (report.documents, report.alignments) == (1, 0) and (tmp_path / "kb.db").stat().st_size


def test_a_document_without_numbers_is_kept_and_said(corpus: Path, tmp_path: Path) -> None:
    copy = tmp_path / "corpus"
    shutil.copytree(corpus, copy)
    for file in copy.glob("*.md"):
        if file.name != "cixi-2021-31.md":
            file.unlink()
    (copy / "plain.md").write_text(
        "---\ntitle: 关于放假的通知\nid: plain\nregion_code: '331000'\n---\n\n# 关于放假的通知\n\n各单位：\n\n今日放假。\n", encoding="utf-8")
    report = pipeline.build(copy, tmp_path / "kb.db")
    assert any("plain.md" in warning for warning in report.warnings)
    assert rows(tmp_path / "kb.db", "select 1 from clauses where text like '%今日放假%'")
