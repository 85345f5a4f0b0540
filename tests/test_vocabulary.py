"""Regions and agencies: the data against what GB/T 2260 says of itself, and spellings against canonical names."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.models import KbError
from kb.vocabulary import agencies, regions, table

HERE = Path(__file__).parent


# Regions

def test_every_place_stands_under_the_place_its_code_says() -> None:
    for code, place in regions.regions().items():
        assert re.fullmatch(r"\d{6}", code)
        assert place.level == ("province" if code.endswith("0000") else "prefecture" if code.endswith("00") else "county")
        expected = {"province": None, "prefecture": code[:2] + "0000", "county": code[:4] + "00"}[place.level]
        assert place.parent_code == expected


def test_china_and_zhejiang_are_complete() -> None:
    levels = Counter(place.level for place in regions.regions().values())
    assert levels == {"province": 34, "prefecture": 333, "county": 90}
    cities = regions.children("330000")
    assert [city.name for city in cities] == ["杭州市", "宁波市", "温州市", "嘉兴市", "湖州市", "绍兴市", "金华市", "衢州市",
                                              "舟山市", "台州市", "丽水市"]
    assert [len(regions.children(city.code)) for city in cities] == [13, 10, 12, 7, 5, 6, 9, 6, 4, 9, 9]


@pytest.mark.parametrize(("name", "code"), [
    ("临海", "331082"), ("临海市", "331082"), ("台州", "331000"), ("浙江", "330000"), ("钱塘", "330114"),
    ("杭州市钱塘区", "330114"), ("宁波鄞州", "330212"), ("龙港市", "330383"), ("临平区", "330113"), ("吉林市", "220200"),
    ("景宁", "331127"), ("江苏泰州", "321200"), (" 慈溪 ", "330282"),
])
def test_find(name: str, code: str) -> None:
    assert regions.find(name) == code


@pytest.mark.parametrize(("name", "words"), [
    ("海南", ["460000", "632500"]), ("吉林", ["220000", "220200"]), ("临诲", ["临海"]), ("", ["''"]),
])
def test_find_says_what_it_found_instead(name: str, words: list[str]) -> None:
    with pytest.raises(KbError) as error:
        regions.find(name)
    assert all(word in str(error.value) for word in words)


@given(st.sampled_from(sorted(regions.regions())))
def test_full_name_led_by_the_places_above_finds_the_place(code: str) -> None:
    above = "".join(place.name for place in reversed(regions.ancestors(code)))
    assert regions.find(above + regions.region(code).name) == code


def test_ancestors_are_nearest_first() -> None:
    assert [place.name for place in regions.ancestors("331082")] == ["台州市", "浙江省"]
    assert regions.ancestors("330000") == ()
    assert [regions.level_order(code) for code in ("330000", "331000", "331082")] == [0, 1, 2]


@pytest.mark.parametrize("code", ["331089", "999999", "", "临海"])
def test_unknown_code(code: str) -> None:
    for function in (regions.region, regions.ancestors, regions.children, regions.own_names, regions.short):
        with pytest.raises(KbError, match="unknown region code"):
            function(code)


def test_unknown_code_names_the_nearest() -> None:
    with pytest.raises(KbError, match="did you mean 331083"):
        regions.region("331089")


@pytest.mark.parametrize(("code", "slug"), [
    ("331082", "linhai"), ("331000", "taizhou"), ("331100", "lishui"), ("330382", "yueqing"), ("330212", "yinzhou"),
    ("330800", "quzhou"), ("330683", "shengzhou"), ("330304", "ouhai"), ("331102", "liandu"), ("331122", "jinyun"),
    ("330727", "panan"), ("330726", "pujiang"), ("140400", "changzhi"), ("610000", "shaanxi"), ("140000", "shanxi"),
])
def test_slug(code: str, slug: str) -> None:
    assert regions.slug(code) == slug


def test_slugs_are_unique_and_plain() -> None:
    slugs = [regions.slug(code) for code in regions.regions()]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)?", slug) for slug in slugs)
    assert all("-" not in regions.slug(code) for code in regions.regions() if code.startswith("33"))


def test_own_names_follow_the_places_own_kind() -> None:
    assert regions.own_names("331082") == ("台州市临海市", "临海市", "临海", "全市", "我市", "本市")
    assert "全市" not in regions.own_names("330114")
    assert {"全区", "我区", "本区", "钱塘区"} <= set(regions.own_names("330114"))
    assert {"景宁畲族自治县", "全县"} <= set(regions.own_names("331127"))


@given(st.lists(st.sampled_from(sorted(regions.regions())), unique=True, max_size=12))
def test_sigla_tell_places_apart(codes: list[str]) -> None:
    sigla = regions.sigla(codes)
    assert list(sigla) == codes
    assert len(set(sigla.values())) == len(codes) and all(sigla.values())


def test_sigla_are_as_short_as_they_can_be() -> None:
    assert regions.sigla(["331000", "330114", "331082", "330112"]) == {
        "331000": "台", "330114": "钱", "331082": "临海", "330112": "临安"}
    assert regions.short("330200") == "甬"


# Agencies

def _agencies() -> list[tuple[str, list[str]]]:
    lines = (HERE / "cases" / "vocabulary" / "agencies.txt").read_text(encoding="utf-8").splitlines()
    return [(name, units.split()) for line in lines if line and not line.startswith("#")
            for name, units in [line.split(": ")]]


@pytest.mark.parametrize(("name", "units"), _agencies(), ids=[name for name, _ in _agencies()])
def test_spellings_of_one_agency_agree(name: str, units: list[str]) -> None:
    assert {unit: agencies.canonical(unit) for unit in units} == dict.fromkeys(units, name)


def test_two_agencies_never_agree() -> None:
    names = [name for name, _ in _agencies()]
    assert len(set(names)) == len(names)
    aliases = Counter(alias for row in table("agencies.tsv") for alias in row["aliases"].split("|"))
    assert not [alias for alias, count in aliases.items() if count > 1]
    canonical = Counter(row["canonical"] for row in table("agencies.tsv"))
    assert not [name for name, count in canonical.items() if count > 1]


@given(st.sampled_from(sorted(row["canonical"] for row in table("agencies.tsv"))),
       st.sampled_from(["市", "区", "县", "省", "临海市", "台州市", "浙江省"]))
def test_level_and_place_do_not_count(name: str, level: str) -> None:
    alias = next(row["aliases"] for row in table("agencies.tsv") if row["canonical"] == name).split("|")[0]
    if not alias.startswith("*"):
        assert agencies.canonical(level + alias) == name


def test_a_merged_body_is_neither_of_its_parts() -> None:
    assert agencies.canonical("区经信科技局") not in ("经信", "科技")
    assert agencies.functions("经信科技") == ("经信", "科技")
    assert agencies.functions("自然资源和规划") == ("自然资源和规划",)
    assert agencies.canonical("县发改经信局") == agencies.canonical("县经信和发展改革局")


def test_known_or_not() -> None:
    assert agencies.is_known("区资规分局") and agencies.is_known("各镇（街道）") and agencies.is_known("区经信科技局")
    assert not agencies.is_known("区建投集团")


@given(st.text(max_size=20))
def test_any_text_has_a_name(unit: str) -> None:
    assert isinstance(agencies.canonical(unit), str)
