"""Quantities of a clause: cases that a person can read, and properties that hold for any text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cn2an
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb.extract.numerals import parse, split_magnitude
from kb.extract.quantities import find
from kb.extract.units import base, units
from kb.models import Quantity
from kb.vocabulary import table

CASES = Path(__file__).parent / "cases" / "quantities"


def cases() -> Iterator[tuple[str, list[str]]]:
    """Texts of the case files with the lines expected of them."""
    for file in sorted(CASES.glob("*.txt")):
        text, expected = "", []
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("> "):
                if text:
                    yield text, expected
                text, expected = line[2:], []
            elif line and not line.startswith("#"):
                expected.append(line)
        yield text, expected


def line_of(quantity: Quantity) -> str:
    value = f"{quantity.value:.12g}"
    if quantity.value_to is not None:
        value += f"..{quantity.value_to:.12g}"
    if quantity.value_from is not None:
        value = f"{quantity.value_from:.12g}->{value}"
    return " | ".join((quantity.quote, quantity.indicator, quantity.bound, value, quantity.unit, quantity.kind))


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*case, id=case[0][:40]) for case in cases()])
def test_case(text: str, expected: list[str]) -> None:
    assert [line_of(quantity) for quantity in find(text)] == expected


def test_the_cases_are_many_enough_to_mean_something() -> None:
    assert sum(len(expected) for _, expected in cases()) >= 150
    assert sum(not expected for _, expected in cases()) >= 20


@pytest.mark.parametrize(("value", "unit", "expected"), [
    (1.3, "万亩", (13000, "亩")),
    (13000, "亩", (13000, "亩")),
    (500, "万元", (5e6, "元")),
    (2000, "元每平方米", (2000, "元/平方米")),
    (0.2, "万元/平方米", (2000, "元/平方米")),
    (2, "公顷", (30, "亩")),
    (3, "年", (36, "月")),
    (36, "个月", (36, "月")),
    (60, "家（个）", (60, "家")),
    (18, "亿美元", (1.8e9, "美元")),
    (5, "千克", (5, "千克")),
    (0.3333, "", (0.3333, "")),
])
def test_base_unit(value: float, unit: str, expected: tuple[float, str]) -> None:
    assert base(value, unit) == expected


@pytest.mark.parametrize(("one", "other"), [
    ("不低于三分之一", "不低于1/3"),
    ("盘活土地1.3万亩以上", "盘活土地13000亩以上"),
    ("最高补助500万元", "最高补助五百万元"),
    ("奖励1,000万元", "奖励１０００万元"),
    ("补助每平方米60元", "补助60元/平方米"),
    ("增长百分之十以上", "增长10%以上"),
])
def test_spelling_makes_no_difference(one: str, other: str) -> None:
    """The number's spelling, width and unit style vanish in the base value."""
    (a,), (b,) = find(one), find(other)
    assert (a.base_value, a.base_unit, a.bound) == (b.base_value, b.base_unit, b.bound)


def test_the_heading_names_what_the_text_does_not() -> None:
    (quantity,) = find("不低于30%。", heading="工业用地比例。")
    assert quantity.indicator == "工业用地比例"


def test_units_table_is_sound() -> None:
    rows = table("units.tsv")
    assert len(rows) == len(units())
    for unit in units().values():
        once = base(1, unit.written)
        assert once[0] > 0, unit
        assert base(*once) == once, unit  # the base of a base is itself


NUMBER_CHARS = st.sampled_from(
    "0123456789.,/%％‰〇零一二两三四五六七八九十百千万亿半分之第点万元亿元亩家个项年月日以上下内不低于超过达到力争到至由提高—-~、，。；（）()含“”《》〔〕"
    "号每平方米给予补助分别ABC类企业项目的和及或 \n")


@given(st.one_of(st.text(max_size=60), st.text(NUMBER_CHARS, max_size=60)))
def test_any_text_gives_quotes_that_stand_in_it(text: str) -> None:
    end = 0
    for quantity in find(text):
        assert quantity.quote == text[quantity.start:quantity.end] != ""
        assert end <= quantity.start < quantity.end <= len(text)
        end = quantity.end
        assert (quantity.value_from is not None) == (quantity.bound == "change")
        assert (quantity.value_to is not None) == (quantity.bound == "range")


@given(st.text(NUMBER_CHARS, max_size=40), st.text("甲乙丙丁", min_size=1, max_size=10))
def test_a_sentence_before_moves_the_spans_only(text: str, before: str) -> None:
    """Where a half-sentence ends nothing is read across, whatever follows."""
    moved = find(f"{before}。\n{text}")
    shift = len(before) + 2
    assert [(q.start - shift, q.end - shift, q.value, q.unit, q.bound) for q in moved] == [
        (q.start, q.end, q.value, q.unit, q.bound) for q in find(text)]


@given(st.integers(1, 10**9))
@example(543410000)
def test_chinese_numerals_round_trip(number: int) -> None:
    written = cn2an.an2cn(number)
    assert parse(written) == number
    split = split_magnitude(written)
    assert split is not None
    assert split[0] * {"": 1, "万": 10**4, "亿": 10**8}[split[1]] == pytest.approx(number)


@given(st.integers(2, 10**8))
def test_an_amount_is_found_however_its_number_is_written(number: int) -> None:
    arabic, han = find(f"最高补助{number}元。"), find(f"最高补助{cn2an.an2cn(number)}元。")
    assert [q.base_value for q in arabic] == [q.base_value for q in han] == [number]
