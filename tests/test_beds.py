"""The test beds: what the generator says is true must be true of the documents that it makes."""

from __future__ import annotations

import re
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.models import Alignment, Document, KbError, Provision, Span
from kb.parse import parse

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

import quality  # noqa: E402
from beds import laws, oddities, wording  # noqa: E402
from beds.amounts import Reported, _count  # noqa: E402
from beds.blocks import Draft  # noqa: E402
from beds.derived import EDITS, Derived, derive  # noqa: E402
from beds.files import HERE, lines, table, variants  # noqa: E402
from beds.score import Result, Truth, result, scores, unit_paths  # noqa: E402

TEXT = (Path(__file__).parent / "cases" / "beds" / "document.md").read_text("utf-8")
DOCUMENT = Document("pingyang-2021-5", "平阳县人民政府关于推进河道保洁和农村供水的若干意见", "330326", TEXT,
                    issuer="平阳县人民政府")
GOLD = Path(__file__).parent / "gold" / "laws"
KINDS = [(kind, strength) for kind, strengths in EDITS.items() for strength in strengths]

derived = st.builds(lambda pair, seed: derive(DOCUMENT, *pair, seed), st.sampled_from(KINDS), st.integers(0, 40))


def words(text: str) -> str:
    return re.sub(r"\W", "", text)


def own(provisions: Sequence[Provision]) -> dict[str, Provision]:
    return {p.path: p for p in provisions if p.text and p.kind not in ("part", "signature")}


def test_an_unedited_draft_is_the_document() -> None:
    draft = Draft(DOCUMENT)
    draft.renumber()
    assert draft.render() == TEXT
    assert list(draft.paths().values()) == [p.path for p in parse(DOCUMENT).provisions]
    assert draft.run_on == {("附件", "item")}


@settings(deadline=None, max_examples=40)
@given(derived)
def test_true_addresses_are_in_both_documents(one: Derived) -> None:
    for (a, b), relation in one.truth.pairs.items():
        assert a in own(one.a)
        assert b in own(one.b)
        assert relation in ("equivalent", "partial", "either", "debatable")
    assert [p.path for p in parse(one.document).provisions] == [p.path for p in one.b]


@settings(deadline=None, max_examples=40)
@given(derived)
def test_what_is_not_edited_is_equivalent_word_for_word(one: Derived) -> None:
    a, b = own(one.a), own(one.b)
    for path in a.keys() - one.edited - one.dropped:
        counterparts = [there for (here, there), relation in one.truth.pairs.items()
                        if here == path and relation != "debatable"]
        assert counterparts == [one.counterparts[path]]
        assert one.truth.pairs[path, counterparts[0]] == "equivalent"
        assert words(a[path].heading + a[path].text) == words(b[counterparts[0]].heading + b[counterparts[0]].text)


@settings(deadline=None, max_examples=40)
@given(derived)
def test_nothing_is_without_a_source_and_only_the_dropped_without_a_counterpart(one: Derived) -> None:
    true = [pair for pair, relation in one.truth.pairs.items() if relation != "debatable"]
    assert {b for _, b in true} == own(one.b).keys()
    assert own(one.a).keys() - {a for a, _ in true} == one.dropped


@settings(deadline=None, max_examples=20)
@given(derived)
def test_the_same_arguments_give_the_same_document(one: Derived) -> None:
    again = derive(DOCUMENT, one.kind, one.strength, one.seed)
    assert (again.document, again.truth, again.amounts) == (one.document, one.truth, one.amounts)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(list(EDITS["amounts changed"])), st.integers(0, 40))
def test_changed_amounts_are_all_that_differs(strength: str, seed: int) -> None:
    one = derive(DOCUMENT, "amounts changed", strength, seed)
    a, b = own(one.a), own(one.b)
    rest_a, rest_b = {p: c.text for p, c in a.items()}, {p: c.text for p, c in b.items()}
    for change in reversed(one.amounts):
        quote, new = change.a_span.of(a[change.a_path].text), change.b_span.of(b[change.b_path].text)
        assert quote != new
        assert re.sub(r"[\d.]", "", quote) == re.sub(r"[\d.]", "", new)
        rest_a[change.a_path] = rest_a[change.a_path][:change.a_span.start] + rest_a[change.a_path][change.a_span.end:]
        rest_b[change.b_path] = rest_b[change.b_path][:change.b_span.start] + rest_b[change.b_path][change.b_span.end:]
    assert rest_a == rest_b


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(list(EDITS["split in two"])), st.integers(0, 40))
def test_two_halves_make_the_whole(strength: str, seed: int) -> None:
    one = derive(DOCUMENT, "split in two", strength, seed)
    a, b = own(one.a), own(one.b)
    assert one.edited
    for path in one.edited:
        halves = [there for (here, there), relation in one.truth.pairs.items()
                  if here == path and relation != "debatable"]
        assert len(halves) == 2
        whole = words(wording.split_tail(a[path].text)[0])
        parts = [words(b[half].heading + wording.split_tail(b[half].text)[0]) for half in halves]
        assert whole == parts[0].removeprefix(words(a[path].heading)) + _without_its_heading(parts[1])


def _without_its_heading(text: str) -> str:
    """A half's heading is made of its first words, which then stand twice."""
    return next((text[size:] for size in range(16, 5, -1) if text[:size] == text[size:2 * size]), text)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(list(EDITS["merged"])), st.integers(0, 40))
def test_a_merged_clause_holds_both(strength: str, seed: int) -> None:
    one = derive(DOCUMENT, "merged", strength, seed)
    a, b = own(one.a), own(one.b)
    for path in one.edited:
        there, = (there for (here, there), relation in one.truth.pairs.items()
                  if here == path and relation != "debatable")
        assert words(wording.split_tail(a[path].text)[0]) in words(b[there].text)
        assert a[path].path != there or len(own(one.b)) < len(own(one.a))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([pair for pair in KINDS if pair[0].startswith("moved")]), st.integers(0, 40))
def test_what_moves_is_equivalent_at_its_new_place(pair: tuple[str, str], seed: int) -> None:
    one = derive(DOCUMENT, *pair, seed)
    for a, b in one.moved:
        assert one.truth.pairs[a, b] == "equivalent"
        if pair[0] == "moved to another section":
            parents = {p.path: p.parent for p in (*one.a, *one.b)}
            assert parents[a] != parents[b]


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(list(EDITS["reworded"])), st.integers(0, 40))
def test_rewording_keeps_names_amounts_and_who_is_in_charge(strength: str, seed: int) -> None:
    one = derive(DOCUMENT, "reworded", strength, seed)
    a, b = own(one.a), own(one.b)
    for here, there in one.counterparts.items():
        if here in a:
            assert sorted(re.findall(r"\d+", a[here].text)) == sorted(re.findall(r"\d+", b[there].text))
            assert wording.split_tail(a[here].text)[1] == wording.split_tail(b[there].text)[1]
            assert set(re.findall("《.*?》", a[here].text)) == set(re.findall("《.*?》", b[there].text))


def test_another_place_takes_its_agencies_and_level_along() -> None:
    one = derive(DOCUMENT, "another place", "names, agencies, level", 1)
    assert one.document.region_code != DOCUMENT.region_code
    assert "平阳" not in one.document.text + one.document.title + str(one.document.issuer)
    assert "全县" not in one.document.text
    assert "市水利局" in one.document.text
    assert "平政发" not in one.document.text


@pytest.mark.parametrize(("strength", "path"), [
    ("numbers run on or begin anew", "附件/二/1"), ("levels shifted", "正文/二/1"), ("brackets and commas", "附件/二/4")])
def test_other_numbering_gives_other_addresses(strength: str, path: str) -> None:
    one = derive(DOCUMENT, "numbered otherwise", strength, 0)
    assert path in {p.path for p in one.b}
    assert set(one.truth.pairs.values()) <= {"equivalent", "debatable"}


def test_lists_are_of_their_form() -> None:
    assert len(variants("rewordings.txt")) >= 150
    assert len(variants("rewordings.txt")) == len(lines("rewordings.txt"))
    for word, others in variants("rewordings.txt").items():
        assert others
        assert word not in others
    for row in table("restructurings.tsv"):
        groups = re.compile(row["pattern"]).groups
        assert all(int(number) <= groups for number in re.findall(r"\\(\d)", row["replacement"]))


@pytest.mark.parametrize(("before", "after"), [
    ("由县水利局负责设计审查。", "县水利局负责设计审查。"),
    ("按投资额的40%给予补助，", "给予投资额40%的补助，"),
    ("每年新增供水站3个。", "供水站每年增加3个。"),
    ("采取“由县水利局负责设计审查。”的方式。", "采取“由县水利局负责设计审查。”的方式。"),
    ("在水质达标的前提下，允许村级供水站并网。", "只要水质达标，即村级供水站并网可予允许。"),
    ("按投资额的40%给予补助,最高补助50万元,", "给予投资额40%的补助,补助以50万元为限,"),
])
def test_sentences_turned_round(before: str, after: str) -> None:
    class Always:
        def random(self) -> float:
            return 0.0

    assert wording.reword(before, Always(), 0, 1) == after  # type: ignore[arg-type]


# --- counting --------------------------------------------------------------------------------------------------

def exact(a: Sequence[Provision], b: Sequence[Provision]) -> tuple[Alignment, ...]:
    """A stand-in that aligns what is the same word for word, each clause once."""
    left = list(own(b).values())
    rows = []
    for one in own(a).values():
        two = next((p for p in left if (p.heading, p.text) == (one.heading, one.text)), None)
        if two:
            left.remove(two)
            rows.append(row(one, two))
    return tuple(rows)


def row(one: Provision, two: Provision, relation: str = "equivalent") -> Alignment:
    return Alignment(one.document_id, one.path, two.document_id, two.path, relation, 1.0,  # type: ignore[arg-type]
                     Span(0, len(one.text)), Span(0, len(two.text)))


def everything(a: Sequence[Provision], b: Sequence[Provision]) -> tuple[Alignment, ...]:
    return tuple(row(one, two) for one in own(a).values() for two in own(b).values())


@settings(deadline=None, max_examples=20)
@given(derived)
def test_who_says_the_truth_scores_one_and_who_says_nothing_scores_nought(one: Derived) -> None:
    a, b = own(one.a), own(one.b)
    said = [row(a[x], b[y], "partial" if relation == "partial" else "equivalent")
            for (x, y), relation in one.truth.pairs.items() if relation != "debatable"]
    for rows, wanted in ((said, 1.0), ([], 0.0)):
        scored = scores([result(rows, one.a, one.b, one.truth, ("a", "b"))])
        assert (scored.any.recall, scored.any.false) == (wanted, 0)
        if "equivalent" in one.truth.pairs.values():
            assert scored.equivalent.f1 == wanted


def test_articles_take_their_items_and_sections_do_not() -> None:
    text = "# x\n\n第一条 应当：\n\n（一）登记；\n\n（二）免疫。\n\n# 附件\n\n一、概况\n\n略。\n\n（一）范围。全县。\n"
    units = unit_paths(parse(Document("x", "x", "", text)).provisions)
    assert units["正文/第一条/（二）"] == "正文/第一条"
    assert units["附件/一/（一）"] == "附件/一/（一）"


@pytest.mark.parametrize(("relation", "found", "equivalent", "related"), [
    ("equivalent", "equivalent", (1, 0, 0), (1, 0, 0)),
    ("equivalent", "partial", (0, 0, 1), (1, 0, 0)),
    ("partial", "equivalent", (0, 1, 0), (1, 0, 0)),
    ("either", "equivalent", (0, 0, 0), (1, 0, 0)),
    ("debatable", "equivalent", (0, 0, 0), (0, 0, 0)),
    ("debatable", "", (0, 0, 0), (0, 0, 0)),
    ("none", "partial", (0, 0, 0), (0, 1, 0)),
    ("partial", "", (0, 0, 0), (0, 0, 1)),
    ("not annotated", "equivalent", (0, 0, 0), (0, 0, 0)),
])
def test_counting(relation: str, found: str, equivalent: tuple[int, ...], related: tuple[int, ...]) -> None:
    pairs = {} if relation in ("none", "not annotated") else {("x", "y"): relation}
    complete = frozenset() if relation == "not annotated" else frozenset({"x"})
    got = {("x", "y"): (found, 1.0)} if found else {}
    scored = scores([Result("a", "b", got, Truth(pairs, complete))])  # type: ignore[arg-type]
    assert (scored.equivalent.hits, scored.equivalent.false, scored.equivalent.missed) == equivalent
    assert (scored.any.hits, scored.any.false, scored.any.missed) == related


def test_amounts_told_once_twice_and_never() -> None:
    from kb.models import Difference

    a, b = "补助50万元，配备2名", "补助80万元，配备3名"

    def told(start: int, end: int, values: tuple[float, float] | None) -> Difference:
        span = Span(start, end)
        return Difference("number", span.of(a), span.of(b), span, span, 1, "", *(values or (None, None)))

    money, men = (Span(2, 6), Span(2, 6)), (Span(9, 11), Span(9, 11))
    assert _count((told(0, 6, (50, 80)), told(9, 11, None)), [money, men], a, b) == Reported(2, 2, 0, 1, 0)
    assert _count((told(0, 11, (50, 80)), told(0, 11, (2, 3))), [money, men], a, b) == Reported(2, 2, 0, 2, 0)
    assert _count((told(0, 6, (50, 80)), told(0, 6, (500_000, 800_000))), [money], a, b) == Reported(1, 0, 1, 1, 0)
    assert _count((told(0, 11, (50, 80)),), [money, men], a, b) == Reported(2, 2, 0, 1, 0)
    assert _count((told(6, 7, None),), [money, men], a, b) == Reported(2, foreign=1)


# --- regulations -----------------------------------------------------------------------------------------------

def test_annotations_are_complete_and_of_their_form() -> None:
    annotated = laws.read_annotations(GOLD)
    assert len(annotated) >= 12
    for pair in annotated:
        assert len(pair.truth.complete) == 25, pair.name
        assert {a for a, _ in pair.truth.pairs} <= pair.truth.complete


LAW = "# {name}\n\n2020年通过\n\n<!-- INFO END -->\n\n第一条 为了规范养犬，制定本条例。\n\n第二条 犬只应当登记：\n\n（一）免疫；\n\n（二）植入芯片。\n"
ANNOTATION = "# a: 甲/甲市.md\n# b: 乙市.md\na_path\tb_path\trelation\tstrength\tnote\n正文/第一条\t正文/第一条\tequivalent\t3\taim\n正文/第二条\t-\t-\t-\tnone\n"


@pytest.fixture(params=["directory", "archive"])
def texts(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "laws"
    (folder / "甲").mkdir(parents=True)
    (folder / "甲" / "甲市.md").write_text(LAW.format(name="甲市"), "utf-8")
    (folder / "乙市.md").write_text(LAW.format(name="乙市"), "utf-8")
    if request.param == "directory":
        return folder
    archive = tmp_path / "laws.tar.xz"
    with tarfile.open(archive, "w:xz") as out:
        out.add(folder, ".")
    return archive


def annotation(folder: Path, text: str = ANNOTATION) -> Path:
    gold = folder / "gold"
    gold.mkdir()
    (gold / "养犬-甲-乙.tsv").write_text(text, "utf-8")
    return gold


def test_regulations_are_scored_for_the_annotated_articles_alone(texts: Path, tmp_path: Path) -> None:
    found = laws.run(laws.read_annotations(annotation(tmp_path)), texts, exact)
    scored = scores(found)
    assert (scored.equivalent.hits, scored.equivalent.false, scored.equivalent.missed) == (1, 1, 0)


@pytest.mark.parametrize(("old", "new", "message"), [
    ("equivalent", "same", r"养犬-甲-乙\.tsv:4: not a_path, b_path, relation"),
    ("# b: 乙市.md\n", "", "the lines '# a:' and '# b:'"),
    ("乙市.md", "丙市.md", r"丙市\.md.*1 of 2 annotated laws are not there"),
    ("正文/第二条", "正文/第九条", r"甲/甲市\.md:正文/第九条: an annotated article is not in the text"),
])
def test_bad_annotations_and_missing_texts(texts: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(KbError, match=message):
        laws.run(laws.read_annotations(annotation(tmp_path, ANNOTATION.replace(old, new))), texts, exact)


def test_no_archive(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("no archive")
    with pytest.raises(KbError, match="cannot read the laws"):
        laws.read_texts(tmp_path / "x.tar", ["甲市.md"])
    with pytest.raises(KbError, match="cannot read the laws"), laws.unpacked(tmp_path / "x.tar"):
        pass


def test_unpacked(texts: Path) -> None:
    with laws.unpacked(texts) as folder:
        assert (folder / "甲" / "甲市.md").is_file()


# --- oddities --------------------------------------------------------------------------------------------------

def test_oddities_are_good_for_a_careful_aligner_and_bad_for_a_careless_one() -> None:
    other = replace(DOCUMENT, id="other", text=(HERE / "unrelated.md").read_text("utf-8"))
    assert [case for case in oddities.cases([DOCUMENT], exact, [other]) if not case.good] == []
    careless = {case.name: case.good for case in oddities.cases([DOCUMENT], everything)}
    assert not careless["pingyang-2021-5 against itself"]
    assert not careless["pingyang-2021-5 against rules of a library"]
    assert careless["pingyang-2021-5 against an empty document"]


# --- the report ------------------------------------------------------------------------------------------------

def test_what_is_not_given_is_said_in_one_line() -> None:
    assert [text.count("\n") for text in quality.regulations(None, {})] == [0]
    assert "--laws" in next(quality.regulations(None, {}))
    assert "--db" in next(quality.statements(None))


def test_rows_of_the_report_for_derived_documents() -> None:
    runs = [derive(DOCUMENT, "clauses dropped", "30%", seed) for seed in range(3)]
    perfect = [result(exact(one.a, one.b), one.a, one.b, one.truth, ("a", "b")) for one in runs]
    dropped = str(sum(len(one.dropped) for one in runs))
    assert list(quality._edited(runs, perfect)) == ["", "", "", dropped, "1.000", "", ""]
    careless = [result(everything(one.a, one.b), one.a, one.b, one.truth, ("a", "b")) for one in runs]
    assert list(quality._edited(runs, careless)) == ["", "", "", dropped, "0.000", "", ""]
