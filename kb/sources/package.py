"""The container of an Office file (.docx, .docm), opened with suspicion: what it claims is checked before anything is
inflated, and no XML part may define an entity.

Only the parts that a reader asks for are inflated, so pictures cost nothing, and macros are never read.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

from lxml import etree

from kb.models import KbError

#: A long policy document with a hundred pages of tables has an XML part of 5 MB.
MAX_FILE: Final = 50_000_000           # bytes of a file that is read at all
MAX_PART: Final = 24_000_000           # bytes of one XML part, inflated
MAX_TOTAL: Final = 400_000_000         # bytes of all parts, inflated (pictures are among them)
MAX_RATIO: Final = 250                 # inflated to packed; repetitive tables reach 60, a bomb has 1,000
MAX_ENTRIES: Final = 5_000
MAX_TAGS: Final = 800_000              # of one part; a paragraph of prose has about forty
_RATIO_FROM: Final = 1_000_000         # bytes below which the ratio does not matter

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TRANSITIONAL: Final = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT: Final = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_REL: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def is_old_office(data: bytes) -> bool:
    """Whether ``data`` is an OLE compound file: .doc, or an Office file with a password."""
    return data.startswith(_OLE)


def is_encrypted(data: bytes) -> bool:
    """Whether an OLE compound file wraps an encrypted Office file."""
    return is_old_office(data) and "EncryptedPackage".encode("utf-16-le") in data


class Package:
    """An Office file. ``names`` are its parts; ``macros`` says that it carries some."""

    def __init__(self, data: bytes, path: Path) -> None:
        """Raises KbError for what is no Office file, is damaged, encrypted, or larger than the limits above."""
        self.path = path
        _check_signature(data, path)
        _check_directory(data, path)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, struct.error, NotImplementedError) as error:
            raise _damaged(path) from error
        self._sizes = {entry.filename: entry for entry in entries}
        self.names = frozenset(self._sizes)
        total = sum(entry.file_size for entry in entries)
        if total > MAX_TOTAL:
            raise KbError(f"the file unpacks to {total // 1_000_000} MB; the limit is {MAX_TOTAL // 1_000_000} MB",
                          file=path, mend="take out pictures and embedded files")
        self.macros = any(name.lower().endswith("vbaproject.bin") for name in self.names)

    def xml(self, name: str) -> Any | None:
        """Root element of the part ``name``, or None where there is none. Strict and transitional files give the same
        names. Raises KbError for a part that is damaged, too large, or defines entities."""
        entry = self._sizes.get(name)
        if entry is None:
            return None
        if entry.flag_bits & 1:
            raise KbError("the file is protected by a password", file=self.path, mend="save it without a password")
        if entry.file_size > MAX_PART:
            raise KbError(f"its text takes {entry.file_size // 1_000_000} MB; the limit is {MAX_PART // 1_000_000} MB",
                          file=self.path, place=name, mend="split the document")
        if entry.file_size > _RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise KbError("packed more than 250 to 1, as no document is (a zip bomb)", file=self.path, place=name,
                          mend="save the document again in Word or WPS")
        try:
            with self._zip.open(entry) as part:
                data = part.read(MAX_PART + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError,
                RuntimeError) as error:
            raise _damaged(self.path, name) from error
        return self._parse(data.replace(_STRICT, _TRANSITIONAL), name)

    def _parse(self, data: bytes, name: str) -> Any:
        for encoding in ("ascii", "utf-16-le", "utf-16-be"):
            if "<!DOCTYPE".encode(encoding) in data or "<!ENTITY".encode(encoding) in data:
                raise KbError("it defines entities, as no Office program does", file=self.path, place=name,
                              mend="save the document again in Word or WPS")
        if data.count(b"<") > MAX_TAGS:
            raise KbError(f"its text has more than {MAX_TAGS:,} tags", file=self.path, place=name,
                          mend="split the document")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
                                 remove_comments=True, remove_pis=True)
        try:
            return etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise _damaged(self.path, name) from error

    def main_part(self) -> str:
        """Name of the document's text. Raises KbError for an Office file that is no Word document."""
        target = self.related("", "/officeDocument") or "word/document.xml"
        if target not in self.names:
            raise KbError("it holds no text document", file=self.path, mend="save it as a Word document (.docx)")
        return target

    def related(self, part: str, kind: str) -> str | None:
        """Name of the part that ``part`` ('' for the file) names as its relation of the ``kind`` (end of the type)."""
        folder, name = posixpath.split(part)
        rels = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        for rel in () if rels is None else rels.iter(_REL):
            if rel.get("Type", "").endswith(kind) and rel.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, rel.get("Target", "")))
                return target.lstrip("/")
        return None


def _check_signature(data: bytes, path: Path) -> None:
    if len(data) > MAX_FILE:
        raise KbError(f"the file has {len(data) // 1_000_000} MB; the limit is {MAX_FILE // 1_000_000} MB", file=path,
                      mend="take out pictures and embedded files")
    if is_encrypted(data):
        raise KbError("the file is protected by a password", file=path, mend="save it without a password")
    if is_old_office(data):
        raise KbError("this is an old Office file, not .docx", file=path, mend="name it .doc, or save it as .docx")
    if not data.startswith(b"PK"):
        raise KbError("this is no .docx file (not a zip)", file=path, mend="save it as .docx in Word or WPS")


def _check_directory(data: bytes, path: Path) -> None:
    """Read the end record by hand: a directory of a million entries would take zipfile seconds."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 66_000))
    if at < 0 or at + 22 > len(data):
        raise _damaged(path)
    entries, size = struct.unpack("<HI", data[at + 10:at + 16])
    if entries > MAX_ENTRIES or size > 1000 * MAX_ENTRIES:
        raise KbError(f"it has more than {MAX_ENTRIES} parts, as no document has", file=path,
                      mend="save the document again in Word or WPS")


def _damaged(path: Path, part: str | None = None) -> KbError:
    return KbError("the file is damaged or cut off", file=path, place=part,
                   mend="copy it again, or open and save it in Word or WPS")
