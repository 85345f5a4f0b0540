"""An old .doc (or .wps) -> .docx by LibreOffice, where it is installed, then read as such: antiword merges deleted with
inserted text and loses automatic numbers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from kb.models import KbError
from kb.sources.docx import read_docx
from kb.sources.package import MAX_FILE, is_encrypted, is_old_office
from kb.sources.page import Page

_SECONDS: Final = 90
_FIB: Final = b"\xec\xa5"       # a Word 97 text begins so; bit 8 of the flags ten bytes on says that it is encrypted


def read_doc(path: Path, data: bytes) -> Page:
    """The page at ``path``. Raises KbError where LibreOffice is not on the PATH, for a file with a password, and for
    whatever LibreOffice or the reader of .docx cannot read."""
    if data.startswith(b"PK"):      # a .docx under the old name
        return read_docx(path, data)
    return read_docx(path, to_docx(path, data))


def to_docx(path: Path, data: bytes) -> bytes:
    """``data`` as a .docx. LibreOffice runs with a profile of its own, without macros, for 90 seconds at most."""
    if len(data) > MAX_FILE:
        raise KbError(f"the file has {len(data) // 1_000_000} MB; the limit is {MAX_FILE // 1_000_000} MB", file=path,
                      mend="take out pictures and embedded files")
    if is_encrypted(data) or is_old_office(data) and _has_password(data):
        raise KbError("the file is protected by a password", file=path, mend="save it without a password")
    if data.lstrip()[:1] not in (b"{", b"<") and not is_old_office(data):
        raise KbError("this is no .doc file", file=path, mend="check how it was saved")
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        raise KbError("reading .doc takes LibreOffice, which is not on the PATH", file=path,
                      mend="install it, or save the file as .docx")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.doc"
        source.write_bytes(data)
        _run([program, f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}", "--headless", "--norestore",
              "--convert-to", "docx:MS Word 2007 XML", "--outdir", folder, str(source)], path)
        converted = source.with_suffix(".docx")
        if not converted.is_file():
            raise KbError("LibreOffice cannot read it", file=path, mend="open it in Word or WPS and save it as .docx")
        return converted.read_bytes()


def _has_password(data: bytes) -> bool:
    return any(data[at:at + 2] == _FIB and data[at + 11] & 1 for at in range(512, min(len(data) - 12, 1 << 20), 512))


def _run(command: list[str], path: Path) -> None:
    """Run LibreOffice; with it its children end."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True) as process:
        try:
            process.wait(_SECONDS)
        except BaseException as error:
            with suppress(OSError, AttributeError):     # Windows has no groups of processes
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            if isinstance(error, subprocess.TimeoutExpired):
                raise KbError(f"LibreOffice could not read it in {_SECONDS} seconds", file=path,
                              mend="open it in Word or WPS and save it as .docx") from None
            raise
