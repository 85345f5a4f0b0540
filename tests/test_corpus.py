"""corpus.py: front matter and body, read and written; every error a person can make in a file."""

from __future__ import annotations

import errno
import hashlib
import os
import string
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kb import corpus
from kb.models import Document, KbError

CORPUS = Path(__file__).parent.parent / "corpus"
SEEDS = sorted(CORPUS.glob("*.md"))
CASES = Path(__file__).parent / "cases" / "corpus"


def document(**changes: object) -> Document:
    base = Document(id="linhai-2022-1", title="临海市人民政府关于某事的意见", region_code="331082",
                    text="# 临海市人民政府关于某事的意见\n\n## 一、总则\n\n按某某办理。\n")
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_the_corpus_renders_back_byte_for_byte(path: Path) -> None:
    assert corpus.render(corpus.read_document(path)) == path.read_text(encoding="utf-8")


def test_every_document_of_the_corpus_has_its_page_untouched() -> None:
    documents = corpus.read_corpus(CORPUS)
    assert len(documents) >= 5
    assert [warning for document in documents for warning in corpus.source_warnings(document)] == []


def test_ids_are_sorted_and_files_are_named_by_id() -> None:
    documents = corpus.read_corpus(CORPUS)
    assert [item.id for item in documents] == sorted(item.id for item in documents)
    assert all(item.file is not None and item.file.stem == item.id for item in documents)


_TEXT = st.text(string.printable + "临海市“”〔〕（）：、，。　《》#-'\"|&*!%@`{}[]", max_size=30)


@given(title=_TEXT.filter(str.strip), issuer=_TEXT, reason=_TEXT, number=_TEXT)
def test_any_text_in_a_field_comes_back(tmp_path_factory: pytest.TempPathFactory, title: str, issuer: str,
                                        reason: str, number: str) -> None:
    path = tmp_path_factory.mktemp("corpus") / "a.md"
    wanted = document(title=title, issuer=issuer or None, based_on=(number,), inferred={"issuer": reason})
    corpus.write_document(wanted, path)
    assert corpus.read_document(path) == replace(wanted, file=path)
    assert corpus.render(corpus.read_document(path)).encode() == path.read_bytes()


def test_other_yaml_readers_take_the_code_for_text() -> None:
    front = corpus.render(document()).split("---\n")[1]
    assert yaml.safe_load(front)["region_code"] == "331082"


def _cases() -> list[tuple[str, str, str]]:
    """Name, file, and what the error says, from tests/cases/corpus/*.txt (file, line of equal signs, message)."""
    found = []
    for path in sorted(CASES.glob("*.txt")):
        text, _, message = path.read_text(encoding="utf-8").partition("\n==========\n")
        found.append((path.stem, text + "\n", message.strip()))
    return found


@pytest.mark.parametrize(("name", "text", "message"), _cases(), ids=[case[0] for case in _cases()])
def test_a_broken_file_is_one_line_with_place_and_mend(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / "a.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KbError) as caught:
        corpus.read_document(path)
    assert str(caught.value).replace(str(path), "a.md") == message


def test_two_documents_with_one_id(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        corpus.write_document(document(), tmp_path / name)
    with pytest.raises(KbError, match=r"b\.md:id: the id 'linhai-2022-1' is also that of .*a\.md; "):
        corpus.read_corpus(tmp_path)


def test_an_empty_and_a_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(KbError, match="the corpus has no document; import a page"):
        corpus.read_corpus(tmp_path)
    with pytest.raises(KbError, match="there is no such directory"):
        corpus.read_corpus(tmp_path / "none")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(corpus.render(document()).encode("gbk"))
    with pytest.raises(KbError, match="not UTF-8 at byte"):
        corpus.read_document(path)


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbf" + corpus.render(document()).replace("\n", "\r\n").encode())
    assert corpus.read_document(path) == replace(document(), file=path)


def test_missing_and_changed_sources_are_warnings(tmp_path: Path) -> None:
    page = tmp_path / "sources" / "page.txt"
    wanted = document(source_file="sources/page.txt", source_sha256=hashlib.sha256(b"page").hexdigest(),
                      file=tmp_path / "a.md")
    assert "is not there" in corpus.source_warnings(wanted)[0]
    page.parent.mkdir()
    page.write_bytes(b"page")
    assert corpus.source_warnings(wanted) == ()
    page.write_bytes(b"other")
    assert "has changed since" in corpus.source_warnings(wanted)[0]


def test_a_seal_tells_an_edit_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(corpus.sealed(document()), encoding="utf-8")
    assert not corpus.edited_by_hand(path)
    path.write_text(path.read_text(encoding="utf-8").replace("按某某办理", "按某某规定办理"), encoding="utf-8")
    assert corpus.edited_by_hand(path)


@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_full_disk_or_ctrl_c_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                   problem: BaseException) -> None:
    path = tmp_path / "a.md"
    corpus.write_document(document(), path)
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise problem

    monkeypatch.setattr(os, "fsync", fail)
    expected = KbError if isinstance(problem, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        corpus.write_document(document(title="另一个标题"), path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["a.md"]
