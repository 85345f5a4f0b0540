"""Reading .pdf: lines joined, page numbers cut, tables, spaces, and files that cannot be read.

The PDFs are written here by hand: text in a font that every reader knows (STSong-Light, not embedded), at 28 characters
a line and 22 lines a page as an official document has them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from kb.corpus import read_corpus
from kb.draft.flow import flow
from kb.models import Document, KbError
from kb.sources import import_page, pdf
from kb.sources.readers import read_page

SIZE, PITCH, LEFT, TOP, LINES, CHARS = 16.0, 28.9, 79.4, 737.0, 22, 28
Item = tuple[float, float, float, str]         # x, y from below, size, text


def width(text: str) -> float:
    """Ems: ASCII is half as wide as in the font's W array below."""
    return sum(0.5 if char.isascii() else 1.0 for char in text)


def built(pages: Sequence[Sequence[Item]], *, drawn: Sequence[str] = (), extra: str = "", image: bool = False) -> bytes:
    """A PDF of the ``pages``; ``drawn`` are drawing operators of each page, ``extra`` stands in the trailer."""
    kids = " ".join(f"{10 + 2 * number} 0 R" for number in range(len(pages)))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        3: b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>",
        4: b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) "
           b"/Ordering (GB1) /Supplement 2 >> /DW 1000 /W [1 95 500 814 939 500] /FontDescriptor 5 0 R >>",
        5: b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 "
           b"/Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
        6: b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>"
           b"\nstream\n\0\nendstream",
    }
    for number, items in enumerate(pages):
        shown = "".join(f"BT /F1 {size} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm <{text.encode('utf-16-be').hex()}> Tj ET\n"
                        for x, y, size, text in items)
        shown += drawn[number] if number < len(drawn) else ""
        shown += "q 500 0 0 700 40 40 cm /I1 Do Q\n" if image else ""
        data = zlib.compress(shown.encode())
        objects[10 + 2 * number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {11 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> /XObject << /I1 6 0 R >> >> >>").encode()
        objects[11 + 2 * number] = (f"<< /Length {len(data)} /Filter /FlateDecode >>\nstream\n".encode() + data
                                    + b"\nendstream")
    return assembled(objects, extra)


def assembled(objects: dict[int, bytes], extra: str = "") -> bytes:
    out, places = b"%PDF-1.4\n", {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start, size = len(out), max(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
    for number in range(1, size):
        out += (f"{places[number]:010d} 00000 n \n" if number in places else "0000000000 65535 f \n").encode()
    return out + f"trailer\n<< /Size {size} /Root 1 0 R {extra} >>\nstartxref\n{start}\n%%EOF\n".encode()


def broken(text: str, first: float) -> list[str]:
    """Lines of a paragraph whose first begins ``first`` ems in; no line begins with a mark that closes."""
    lines, line, room = [], "", CHARS - first
    for char in text:
        if width(line + char) > room and not (char in "，。、；：）》”,.:;)" and width(line + char) <= room + 1):
            lines.append(line)
            line, room = "", float(CHARS)
        line += char
    return [*lines, line]


def paged(document: Document) -> bytes:
    """The document as official pages: titles larger and in the middle, first lines two characters in, page numbers."""
    pages: list[list[Item]] = [[]]
    row = 0
    for block in flow(document):
        title = block.role in ("title", "subtitle")
        right = block.role in ("issuer", "date")
        indent = 0.0 if block.role in ("salutation", "attachment") or title else 2.0
        lines = [block.text[at:at + 18] for at in range(0, len(block.text), 18)] if title else broken(block.text, indent)
        row += 1 if title or block.role in ("issuer", "remark", "list") else 0     # an empty line
        for at, text in enumerate(lines):
            if row >= LINES:
                pages.append([])
                row = 0
            size = 22.0 if title else SIZE
            x = LEFT + (indent * SIZE if not at else 0.0)
            x = LEFT + (CHARS * SIZE - width(text) * size) / 2 if title else x
            x = LEFT + (CHARS - 4 - width(text)) * SIZE if right else x
            pages[-1].append((x, TOP - row * PITCH, size, text))
            row += 1
        row += 1 if title else 0
    for number, page in enumerate(pages, 1):
        page.append((480.0 if number % 2 else 90.0, 80.0, 14.0, f"— {number} —"))
    return built(pages)


@pytest.mark.parametrize("document", [item for item in read_corpus(Path(__file__).parent.parent / "corpus")
                                      if item.id.startswith(("taizhou", "cixi"))], ids=lambda document: document.id)
def test_a_document_reads_back_from_its_pages(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(paged(document))
    found = import_page(path, document.region_code)
    assert squeezed(found.document.text) == squeezed(document.text)
    assert any(change.before == "— 1 —" for change in found.changes)


def squeezed(text: str) -> list[str]:
    """Blocks without spaces: between Han characters a PDF's are typesetting."""
    return ["".join(block.split()) for block in text.split("\n\n")]


def read(data: bytes, folder: Path) -> list[str]:
    path = folder / "x.pdf"
    path.write_bytes(data)
    return [line.text for line in read_page(path).lines]


def rows(*texts: str) -> list[Item]:
    return [(LEFT, TOP - at * PITCH, SIZE, text) for at, text in enumerate(texts)]


@pytest.mark.parametrize(("text", "expected"), [
    ("到 2023 年底，力争达到 20.3 万元", "到2023年底，力争达到20.3万元"),
    ("开发 APP 和 R&D 活动", "开发 APP 和 R&D 活动"),
    ("第三条 县级以上人民政府", "第三条\u3000县级以上人民政府"),
    ("深 入 推 进", "深入推进"),
    ("Smart City 建设", "Smart City 建设"),
])
def test_spaces_that_only_set_the_text_go(text: str, expected: str, tmp_path: Path) -> None:
    assert read(built([rows(text)]), tmp_path) == [expected]


def test_what_stands_far_apart_on_a_line_stays_apart(tmp_path: Path) -> None:
    items = [(LEFT, TOP, SIZE, "慈溪市人民政府办公室"), (LEFT + 320, TOP, SIZE, "2021年4月30日印发")]
    assert read(built([items]), tmp_path) == ["慈溪市人民政府办公室\u30002021年4月30日印发"]


def test_lines_come_in_the_order_of_the_page(tmp_path: Path) -> None:
    assert read(built([[*reversed(rows("甲。", "乙。", "丙。"))]]), tmp_path) == ["甲。", "乙。", "丙。"]


def test_a_running_head_goes(tmp_path: Path) -> None:
    pages = [[(200.0, 800.0, 9.0, "仙居县人民政府公报"), *rows(f"{text}款的规定。")] for text in "甲乙丙丁"]
    assert read(built(pages), tmp_path) == [f"{text}款的规定。" for text in "甲乙丙丁"]


def grid(top: float, heights: Sequence[float], edges: Sequence[float]) -> str:
    at, out = top, ""
    bottom = top - sum(heights)
    for height in [*heights, 0.0]:
        out += f"{edges[0]} {at} m {edges[-1]} {at} l S\n"
        at -= height
    return out + "".join(f"{x} {top} m {x} {bottom} l S\n" for x in edges)


def test_a_table_goes_on_over_the_page(tmp_path: Path) -> None:
    edges = [80.0, 140.0, 340.0]
    head = [(90.0, 700.0, 12.0, "序号"), (150.0, 700.0, 12.0, "任务")]
    first = [*head, (90.0, 670.0, 12.0, "1"), (150.0, 670.0, 12.0, "开展用地专项调查，对全区工业"),
             (150.0, 655.0, 12.0, "用地精准摸底")]
    second = [*head, (90.0, 670.0, 12.0, "2"), (150.0, 670.0, 12.0, "建立机制")]
    data = built([[(80.0, 750.0, 16.0, "任务分解表如下。"), *first], second],
                 drawn=[grid(715, [25, 50], edges), grid(715, [25, 50], edges)])
    assert read(data, tmp_path) == ["任务分解表如下。", "\n".join((
        "| 序号 | 任务 |", "| --- | --- |", "| 1 | 开展用地专项调查，对全区工业用地精准摸底 |", "| 2 | 建立机制 |"))]


# --- files that cannot be read -----------------------------------------------------------------------------------------

LOCKED = "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + "ab" * 32 + "> /U <" + "cd" * 32 + "> >> /ID [<00> <00>]"


@pytest.mark.parametrize(("data", "expected"), [
    (b"\x89PNG" + bytes(100), "no PDF file"),
    (b"%PDF-1.4\n" + bytes(100), "damaged"),
    (built([rows("甲乙丙")])[:400], "damaged"),
    (built([rows("甲乙丙")], extra=LOCKED), "password"),
    (built([[]], image=True), "pictures of pages"),
    (built([[]]), "no text"),
    (built([[]] * 401), "more than 400 pages"),
    (assembled({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}), "damaged"),
], ids=["no PDF", "noise", "cut off", "password", "pictures", "empty", "pages", "a page tree in a circle"])
def test_a_bad_file_is_one_line_of_error(data: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(data)
    with pytest.raises(KbError, match=expected) as error:
        read_page(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_a_stream_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MEMORY", 400_000_000)
    bomb = zlib.compress(zlib.compress(bytes(500_000_000), 1))
    objects = {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << >> >>",
               4: f"<< /Length {len(bomb)} /Filter [/FlateDecode /FlateDecode] >>\nstream\n".encode() + bomb
               + b"\nendstream"}
    path = tmp_path / "x.pdf"
    path.write_bytes(assembled(objects))
    with pytest.raises(KbError, match="memory|damaged"):
        read_page(path)
