"""``kb draft``: new, check, accept, redline. Thin commands; what they need is loaded when they run."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kb.models import KbError

if TYPE_CHECKING:
    from kb.draft.findings import Severity
    from kb.draft.report import Told
    from kb.draft.shelf import Library

_DRAFTS: Final = (".docx", ".docm", ".md", ".txt", ".html", ".htm", ".pdf", ".doc")
_LEVELS: Final = ("red", "orange", "yellow", "grey")
_COLOURS: Final = {"red": "red", "orange": "magenta", "yellow": "yellow", "grey": "bright_black"}

_DB = click.option("--db", type=click.Path(path_type=Path), default=None,
                   help="Database to compare with; kb.db where there is one.")
_CORPUS = click.option("--corpus", type=click.Path(path_type=Path), default=None,
                       help="Directory of documents to compare with, where there is no database.")


@click.group("draft")
def draft() -> None:
    """Write a county document after its parents, check it, show it as a redline (拟稿、校稿)."""


def _library(db: Path | None, corpus: Path | None) -> Library:
    from kb.draft.shelf import open_library

    if db is not None and not db.is_file():
        raise KbError("there is no database", file=db, mend="run kb build")
    if corpus is not None and db is None:
        return open_library(None, corpus)
    return open_library(db or Path("kb.db"), corpus or Path("corpus"))


# --- new -------------------------------------------------------------------------------------------------------------

@draft.command("new")
@click.option("--region", required=True, help="The place that issues it: a name or a code of GB/T 2260.")
@click.option("--parent", "parents", multiple=True, required=True,
              help="Its parent: id, number or place; the first gives the order. Several are possible.")
@click.option("--siblings", default="auto", show_default=True,
              help="Sister documents for the notes: auto, none, or ids parted by commas.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="draft.docx or draft.md.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@_DB
@_CORPUS
def new_command(region: str, parents: tuple[str, ...], siblings: str, output: Path, force: bool, db: Path | None,
                corpus: Path | None) -> None:
    """A scaffold in the parent's order, localised, with notes at each clause."""
    from kb.corpus import write_whole
    from kb.draft import scaffold
    from kb.draft.reading import region_code

    if output.suffix.lower() not in (".docx", ".md"):
        raise KbError(f"a draft cannot be written as {output.suffix or '(no ending)'}", file=output,
                      mend="use .docx or .md")
    if output.exists() and not force:
        raise KbError("the file exists", file=output, mend="name another, or give --force")
    code = region_code(region)
    assert code is not None
    names = [name.strip() for name in siblings.split(",") if name.strip()]
    made = scaffold.scaffold(_library(db, corpus), code, parents, siblings if names in (["auto"], ["none"]) else names)
    if output.suffix.lower() == ".md":
        data = scaffold.as_markdown(made).encode()
    else:
        data = scaffold.as_docx(made, dt.datetime.now().replace(microsecond=0))
    write_whole(output, data)
    click.echo(f"{output}：{made.document.title}")
    for line in scaffold.summary(made):
        click.echo(line)


# --- check -----------------------------------------------------------------------------------------------------------

@draft.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--against", multiple=True, help="A document to compare with: id, number or place. Found if not given.")
@click.option("--region", default=None, help="The draft's place, where it does not tell.")
@click.option("--report", "reports", multiple=True, type=click.Path(path_type=Path, dir_okay=False),
              help="Write the report here: .html, .md, .json, .docx or .xlsx. Several are possible.")
@click.option("--fail-on", type=click.Choice(_LEVELS), default=None,
              help="Exit with 1 if a finding is of this severity or worse.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), default=None,
              help="The day on which an undated draft is judged; today if not given.")
@click.option("--quiet", is_flag=True, help="Print the totals only.")
@_DB
@_CORPUS
def check_command(file: Path, against: tuple[str, ...], region: str | None, reports: tuple[Path, ...],
                  fail_on: str | None, day: dt.datetime | None, quiet: bool, db: Path | None,
                  corpus: Path | None) -> None:
    """Compare a draft clause by clause with its parents and say what is wrong with it."""
    from kb.draft import report as writing

    told = _told(file, against, region, day.date() if day else None, db, corpus)
    for path in reports:
        writing.write(told, path)
    if quiet:
        click.echo(f"{file}：{writing.summary(told)}")
    else:
        for line in writing.lines(told, colour=_coloured):
            click.echo(line)
    if fail_on and any(_LEVELS.index(finding.severity) <= _LEVELS.index(fail_on) for finding in told.findings):
        sys.exit(1)


def _told(file: Path, against: tuple[str, ...], region: str | None, day: dt.date | None, db: Path | None,
          corpus: Path | None) -> Told:
    from kb.draft import accept
    from kb.draft.check import check
    from kb.draft.reading import read_draft
    from kb.draft.report import Told

    library = _library(db, corpus)
    found = check(read_draft(file, region), library, against, day)
    return Told(found, *accept.parted(found.findings, accept.read(file)))


def _coloured(severity: Severity, text: str) -> str:
    return click.style(text, fg=_COLOURS[severity], bold=True) if sys.stdout.isatty() else text


# --- accept ----------------------------------------------------------------------------------------------------------

@draft.command("accept")
@click.argument("rule")
@click.argument("address")
@click.option("--why", required=True, help="The reason, for whoever reads the report.")
@click.option("--quote", default="", help="Only where the words are these.")
@click.option("--draft", "file", type=click.Path(path_type=Path), default=None,
              help="The draft; the only one in this directory if not given.")
def accept_command(rule: str, address: str, why: str, quote: str, file: Path | None) -> None:
    """Keep what RULE tells at ADDRESS (as the report writes it) for a reason; later checks honour and report it."""
    from kb.draft import accept

    file = file or _only_draft(Path())
    if not file.is_file():
        raise KbError("there is no such file", file=file, mend="name the draft with --draft")
    written = accept.add(file, accept.Acceptance(rule, address, why, quote))
    click.echo(f"{written}：{address} 的 {rule} 已保留")


def _only_draft(directory: Path) -> Path:
    found = sorted(path for path in directory.iterdir() if path.suffix.lower() in _DRAFTS and path.is_file()
                   and not path.name.startswith(("~", ".")) and path.name.upper() != "README.MD")
    checked = [path for path in found if path.with_name(path.name + ".accepted.tsv").exists()]
    for paths in (checked, found):
        if len(paths) == 1:
            return paths[0]
    raise KbError("there is no draft here" if not found else f"there are {len(found)} drafts here",
                  mend="name it with --draft")


# --- redline ---------------------------------------------------------------------------------------------------------

@draft.command("redline")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--base", required=True, help="The document to change into the draft: id, number or place.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="redline.docx")
@click.option("--region", default=None, help="The draft's place, where it does not tell.")
@click.option("--no-comments", is_flag=True, help="Leave out the findings of the check.")
@_DB
@_CORPUS
def redline_command(file: Path, base: str, output: Path, region: str | None, no_comments: bool, db: Path | None,
                    corpus: Path | None) -> None:
    """The draft as tracked changes on its base, with the findings as comments."""
    from kb.align import align
    from kb.corpus import write_whole
    from kb.draft.check import check
    from kb.draft.reading import read_draft
    from kb.draft.redline import redline
    from kb.draft.shelf import find_document
    from kb.draft.source import draft_source
    from kb.parse import parse

    if output.suffix.lower() != ".docx":
        raise KbError("a redline is a Word file", file=output, mend="name it .docx")
    library = _library(db, corpus)
    document = find_document(library, base)
    draft = read_draft(file, region)
    findings = () if no_comments else check(draft, library, [document.id]).findings
    rows = align(library.base(document.id).provisions, parse(draft.document).provisions)
    data = redline(document, draft_source(draft.document, file), rows, findings,
                   dated=dt.datetime.now().replace(microsecond=0))
    write_whole(output, data)
    click.echo(f"{output}：{document.id} → {file.name}，批注 {len(findings)} 条")
