"""The command line: thin commands over the stages. Exit codes: 0 fine, 1 findings, 2 cannot."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from kb import database, evaluate, pipeline, render, terminal
from kb.draft.commands import draft
from kb.models import KbError
from kb.sources import importing
from kb.vocabulary import regions

CORPUS = click.option("--corpus", type=click.Path(path_type=Path), default=Path("corpus"), show_default=True,
                      help="Directory with one Markdown file a document.")
DB = click.option("--db", type=click.Path(path_type=Path), default=Path("kb.db"), show_default=True,
                  help="The database.")


class _Group(click.Group):
    """Turns what a user can mend into one line on standard error and exit code 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except KbError as error:
            _fail(str(error))
        except BrokenPipeError:         # kb search … | head
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise KbError("interrupted", mend="nothing is half-written; run the command again") from None
        except MemoryError:
            raise KbError("out of memory", mend="give it fewer documents at a time") from None
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise KbError(error.strerror or str(error), file=error.filename,
                          mend="check the path and its rights") from error


def _fail(line: str) -> None:
    click.echo(f"kb: {line}", err=True)
    sys.exit(2)


@click.group(cls=_Group)
@click.version_option(package_name="policy-kb", prog_name="kb")
def main() -> None:
    """Chinese policy documents as numbered clauses, aligned and compared (政策条文对勘)."""


@main.command("build")
@CORPUS
@DB
@click.option("--force", is_flag=True, help="Build even if nothing has changed.")
@click.option("--encoder", metavar="PATH_OR_NAME", default=None,
              help="Align with this sentence-transformers model too (pip install 'policy-kb[encoder]').")
def build_command(corpus: Path, db: Path, force: bool, encoder: str | None) -> None:
    """Parse, align, extract, compare; write the database.

    A failed or interrupted build leaves the old database as it was; of an unchanged corpus nothing is built.
    """
    _build(corpus, db, force, encoder)


def _build(corpus: Path, db: Path, force: bool, encoder: str | None = None) -> None:
    report = pipeline.build(corpus, db, force=force, encoder=encoder, progress=_progress)
    if not report.built:
        click.echo(f"{db}：语料未变，无需重建")
        return
    for warning in report.warnings:
        click.echo(f"注意：{warning}", err=True)
    size = db.stat().st_size / 1e6
    click.echo(f"{db}：{report.documents} 份文件，{report.clauses} 条条文，{report.alignments} 组对应，"
               f"{report.differences} 处差异，{size:.1f} MB")


def _progress(stage: str, items: Sequence[object]) -> Iterator[object]:
    if sys.stderr.isatty():
        with click.progressbar(items, label=stage, file=sys.stderr, show_pos=True) as bar:
            yield from bar
    else:
        click.echo(f"{stage}：{len(items)} 项", err=True)
        yield from items


@main.command()
@CORPUS
@DB
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True,
              help="Port; 0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--metadata", type=click.Path(path_type=Path), default=None,
              help="Datasette's metadata; datasette-metadata.json beside the corpus if not given.")
@click.option("--open", "open_browser", is_flag=True, help="Open the site in a browser.")
def serve(corpus: Path, db: Path, port: int, host: str, metadata: Path | None, open_browser: bool) -> None:
    """Build if the corpus is newer, then serve the site with Datasette."""
    from datasette.cli import cli as datasette

    if corpus.is_dir() or not db.exists():
        _build(corpus, db, force=False, encoder=pipeline.encoder_of(db))
    found = metadata or corpus.resolve().parent / "datasette-metadata.json"
    if not found.is_file():
        raise KbError("there is no metadata for Datasette", file=found, mend="name it with --metadata")
    arguments = ["serve", str(db), "--metadata", str(found), "--host", host, "--port", str(port)]
    datasette.main(arguments + (["--open"] if open_browser else []), prog_name="datasette", standalone_mode=False)


@main.command()
@click.argument("words", nargs=-1, required=True)
@DB
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Clauses at most.")
def search(words: tuple[str, ...], db: Path, limit: int) -> None:
    """Clauses that contain WORDS: all of them; "…" for a phrase, OR, -WORD to leave out. 繁體亦可。"""
    query = " ".join(words)
    with contextlib.closing(database.open_read(db)) as connection:
        hits = database.search(connection, query, None)
        wider = None
        if not hits:
            wider, hits = database.nearest(connection, query, limit)
    if wider is not None:
        click.echo(f"没有条文含有“{query}”；放宽后：")
    elif not hits:
        click.echo(f"没有条文含有“{query}”")
    for hit in hits[:limit]:
        _echo(terminal.hit_lines(hit, _mark))
    if len(hits) > limit:
        click.echo(f"共 {len(hits)} 条，只列前 {limit} 条（--limit 可改）")


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _mark(text: str) -> str:
    return click.style(text, fg="yellow", bold=True) if sys.stdout.isatty() else f"【{text}】"


@main.command()
@click.argument("place")
@click.argument("label", required=False)
@DB
def show(place: str, label: str | None, db: Path) -> None:
    """One clause with its counterparts: kb show 临海 二（三）. Without LABEL the document's outline."""
    with contextlib.closing(database.open_read(db)) as connection:
        if label is None:
            head = database.document(connection, place)
            _echo(terminal.outline_lines(head, database.outline(connection, head.id)))
        else:
            _echo(terminal.clause_lines(database.clause(connection, place, label)))


@main.command()
@click.argument("a")
@click.argument("a_label")
@click.argument("b")
@click.argument("b_label")
@DB
def explain(a: str, a_label: str, b: str, b_label: str, db: Path) -> None:
    """Why two clauses are aligned, or not: kb explain 台州 二（十五） 钱塘 四（一）."""
    with contextlib.closing(database.open_read(db)) as connection:
        _echo(pipeline.explain(connection, (a, a_label), (b, b_label)))


@main.command()
@click.argument("a")
@click.argument("b")
@DB
@click.option("--format", "form", type=click.Choice(["text", "md", "html", "json", "csv"]), default="text",
              show_default=True, help="How to write it.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
def compare(a: str, b: str, db: Path, form: str, output: Path | None) -> None:
    """Two documents clause by clause with what really differs: kb compare 台州 临海."""
    with contextlib.closing(database.open_read(db)) as connection:
        text = render.comparison(database.comparison(connection, a, b), form)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        # Excel takes a CSV without a byte order mark for the local code page.
        output.write_text(text, encoding="utf-8-sig" if form == "csv" else "utf-8", newline="")


@main.command("eval")
@click.argument("gold", type=click.Path(path_type=Path))
@DB
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def eval_command(gold: Path, db: Path, as_json: bool) -> None:
    """Score the database against annotations: precision, recall and F1."""
    scores = evaluate.evaluate(db, gold)
    click.echo(evaluate.as_json(scores) if as_json else evaluate.as_text(scores))


@main.command("import")
@click.argument("pages", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), default=Path("corpus"), show_default=True,
              help="The corpus directory.")
@click.option("--region", default=None, help="Region code (GB/T 2260) or name, where the page does not tell.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write all cuts and changes here.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
def import_command(pages: tuple[Path, ...], into: Path, region: str | None, report: Path | None, force: bool) -> None:
    """Turn pages as obtained (.txt, .html, .docx, .doc, .pdf) into corpus/<id>.md.

    Prints what was cut, changed and not found.
    """
    code = None if region is None else region if region.isdigit() else regions.find(region)
    importing.import_pages(pages, into, force, report, code, click.echo)


main.add_command(draft)
