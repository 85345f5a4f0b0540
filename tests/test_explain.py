"""Why two clauses are aligned: the explanation says what the alignment says, and adds up."""

from __future__ import annotations

from functools import cache
from math import exp
from pathlib import Path

import pytest
from click.testing import CliRunner

from kb import pipeline
from kb.align import align
from kb.align.explain import explain, lines
from kb.align.model import shipped
from kb.align.units import units
from kb.cli import main
from kb.corpus import read_document
from kb.models import Document, KbError, Provision
from kb.parse import parse
from kb.vocabulary import table

CORPUS = Path(__file__).parent.parent / "corpus"
PAIR = ("taizhou-2021-27", "qiantang-2022-14")


@cache
def clauses(document: str) -> tuple[Provision, ...]:
    return parse(read_document(CORPUS / f"{document}.md")).provisions


def made(text: str, name: str) -> tuple[Provision, ...]:
    return parse(Document(id=name, title=name, region_code="330000", text=text)).provisions


def test_it_says_what_the_alignment_says() -> None:
    one, two = clauses(PAIR[0]), clauses(PAIR[1])
    heads = {unit.head.path for provisions in (one, two) for unit in units(provisions)}
    rows = [row for row in align(one, two) if {row.a_path, row.b_path} <= heads]
    for row in [*rows[:4], *rows[-4:]]:
        found = explain(one, two, row.a_path, row.b_path)
        assert (found.relation, found.score) == (row.relation, row.score)
        assert row.sentences == () or any(match in row.sentences for _, _, match in found.sentences)


def test_words_sentences_and_what_tipped_it() -> None:
    found = explain(clauses(PAIR[0]), clauses(PAIR[1]), "正文/二/（十五）", "正文/四/（一）")
    assert found.relation == "partial"
    assert "专项经费" in {word.a for word in found.words[:3]}
    (one, other, match), *_ = found.sentences
    assert "提取土地出让收入的0.5%以上" in one and "提取土地出让收入的1%以上" in other and match.score > 0.9
    assert 0 < sum(word.share for word in found.words) <= 1.0001
    assert found.rank[0][0] <= 3 and found.rank[1] == (1, found.rank[1][1])


def test_near_synonyms_are_shown_as_written() -> None:
    one = made("# 甲\n\n## 一、经费。\n\n提取土地出让收入的1%作为专项经费。\n", "one")
    two = made("# 乙\n\n## 一、基金。\n\n按土地出让金的1%设立专项基金。\n", "two")
    words = {(word.a, word.b) for word in explain(one, two, "正文/一", "正文/一").words}
    assert {("专项经费", "专项基金"), ("土地出让收入", "出让金")} <= words


@pytest.mark.parametrize(("a_path", "b_path"), [("正文/二/（十五）", "正文/四/（一）"), ("正文/二/（一）", "正文/五/（三）")])
def test_the_shares_add_up(a_path: str, b_path: str) -> None:
    found, model = explain(clauses(PAIR[0]), clauses(PAIR[1]), a_path, b_path), shipped()
    odds = model.any.constant + sum(share.odds for share in found.shares["any"])
    assert found.related == pytest.approx(1 / (1 + exp(-odds)), abs=1e-6)
    odds = model.equivalent.constant + sum(share.odds for share in found.shares["equivalent"])
    assert found.equal == pytest.approx(min(1 / (1 + exp(-odds)), found.related), abs=1e-6)


def test_a_rival_is_named() -> None:
    one = made("# 甲\n\n## 一、犬只免疫。\n\n犬只应当每年接种狂犬病疫苗。\n", "one")
    two = made("# 乙\n\n## 一、犬只免疫。\n\n犬只应当每年接种狂犬病疫苗。\n\n## 二、犬只登记。\n\n犬只应当登记。\n", "two")
    same = explain(one, two, "正文/一", "正文/一")
    assert (same.relation, same.score, same.reason, same.rivals) == ("equivalent", 1.0, "repeated", ())
    other = explain(one, two, "正文/一", "正文/二")
    assert other.relation is None
    assert [(rival.a_path, rival.b_path) for rival in other.rivals] == [("正文/一", "正文/一")]


def test_a_piece_is_explained_with_its_clause() -> None:
    found = explain(clauses("yinzhou-2021"), clauses("cixi-2021-31"), "正文/二/1/·2", "正文/二/（一）")
    assert found.a.path == "正文/二/1"


def test_what_has_no_text() -> None:
    with pytest.raises(KbError, match="三 has no text of its own.*under it"):
        explain(clauses(PAIR[0]), clauses(PAIR[1]), "附件/三", "正文/四/（一）")
    with pytest.raises(KbError, match="九九 has no text"):
        explain(clauses(PAIR[0]), clauses(PAIR[1]), "九九", "正文/四/（一）")


def test_every_piece_of_evidence_has_a_name() -> None:
    named = {row["feature"] for row in table("alignment_features.tsv")}
    assert {w.name for regression in (shipped().any, shipped().equivalent) for w in regression.weights} <= named


def test_the_command(tmp_path: Path) -> None:
    for name in PAIR:
        (tmp_path / f"{name}.md").write_bytes((CORPUS / f"{name}.md").read_bytes())
    db = tmp_path / "kb.db"
    pipeline.build(tmp_path, db)
    there, back = (CliRunner().invoke(main, ["explain", *sides, "--db", str(db)]).output for sides in (
        ("台州", "二（十五）", "钱塘", "四（一）"), ("钱塘", "四（一）", "台州", "二（十五）")))
    assert there == back
    found = explain(clauses(PAIR[0]), clauses(PAIR[1]), "正文/二/（十五）", "正文/四/（一）")
    labels = [{p.path: p.label for p in clauses(name)} for name in PAIR]
    assert there.splitlines() == list(lines(found, "台州", "钱塘", labels[0], labels[1]))
    assert "结论：部分对应" in there and "专项经费" in there and "0.5%以上" in there
    for sides in (("台州", "二（十五）", "台州", "一"), ("台州", "九九九", "钱塘", "一")):
        wrong = CliRunner().invoke(main, ["explain", *sides, "--db", str(db)])
        assert wrong.exit_code == 2 and wrong.output.startswith("kb: ") and wrong.output.count("\n") == 1
