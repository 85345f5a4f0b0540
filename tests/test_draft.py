"""The check against drafts with planted defects, and the draft commands as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from draft_bench import CASES, Case, score

from kb.cli import main
from kb.draft.shelf import open_library


@pytest.mark.parametrize("name", sorted(CASES))
def test_planted_defects_are_found_and_clean_passages_stay_silent(name: str, built: Path, tmp_path: Path) -> None:
    result = score(Case.read(name), open_library(built, None), tmp_path)
    assert not [row for row in result.missed if row.severity == "red"]
    assert not [finding for finding in result.wrong if finding.severity == "red"]
    assert not result.disturbed
    assert len(result.missed) <= 0.05 * len(result.defects) and len(result.wrong) <= 0.1 * len(result.defects)


def kb(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return done.exit_code, done.output


def test_a_scaffold_is_checked_reported_and_shown_as_a_redline(built: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.md"
    code, told = kb("draft", "new", "--region", "仙居县", "--parent", "taizhou-2021-27", "-o", draft, "--db", built)
    assert code == 0 and "县经信局" in told
    text = draft.read_text(encoding="utf-8")
    draft.write_text(text.replace("不低于30%", "不低于25%"), encoding="utf-8")
    reports = [tmp_path / f"report.{form}" for form in ("json", "html", "md", "xlsx", "docx")]
    code, told = kb("draft", "check", draft, "--db", built, "--fail-on", "red",
                    *(part for report in reports for part in ("--report", report)))
    assert code == 1 and "quantity-floor" in told
    assert all(report.stat().st_size for report in reports)
    findings = json.loads(reports[0].read_text(encoding="utf-8"))["findings"]
    floor = next(finding for finding in findings if finding["rule"] == "quantity-floor")
    assert floor["severity"] == "red" and "25%" in floor["quote"] and "30%" in floor["base_quote"]
    assert kb("draft", "redline", draft, "--base", "taizhou-2021-27", "-o", tmp_path / "red.docx", "--db", built)[0] == 0


def test_a_draft_that_cannot_be_read_is_one_line(built: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.docx").write_bytes(b"no zip")
    code, told = kb("draft", "check", tmp_path / "bad.docx", "--db", built)
    assert code == 2 and len(told.strip().splitlines()) == 1 and "bad.docx" in told
