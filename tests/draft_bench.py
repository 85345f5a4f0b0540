"""The bench of the check: drafts with known defects (tests/cases/drafts), and how a check is scored against them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path

from kb.draft.check import check
from kb.draft.findings import Finding, rules
from kb.draft.reading import read_draft
from kb.draft.shelf import Library

HERE = Path(__file__).parent / "cases" / "drafts"
CASES = tuple(path.stem for path in sorted(HERE.glob("*.tsv")))


@dataclass(frozen=True)
class Row:
    """A defect (or, with the rule ``-``, a clean passage) at an address; an empty address is any."""

    rule: str
    address: str
    quote: str

    @property
    def severity(self) -> str:
        return rules()[self.rule].severity

    def meets(self, finding: Finding) -> bool:
        """Whether the finding tells of this defect."""
        if finding.rule != self.rule or self.address not in ("", finding.address):
            return False
        quotes = [quote for quote in (finding.quote, finding.base_quote) if quote]
        return any(self.quote in quote or quote in self.quote for quote in quotes)

    def touches(self, finding: Finding) -> bool:
        """Whether the finding disturbs this clean passage."""
        return bool(finding.quote) and finding.address == self.address and (
            finding.quote in self.quote or self.quote in finding.quote and len(finding.quote) < 3 * len(self.quote))


@dataclass(frozen=True)
class Case:
    """A draft with its table; ``against`` are documents of the corpus."""

    name: str
    path: Path
    against: tuple[str, ...]
    region: str | None
    on: dt.date
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, name: str) -> Case:
        text = (HERE / f"{name}.tsv").read_text("utf-8")
        head = dict(re.findall(r"^# (against|region|on): (.*)$", text, re.M))
        rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith(("#", "rule\t"))]
        return cls(name, HERE / f"{name}.md", tuple(head.get("against", "").split()), head.get("region"),
                   dt.date.fromisoformat(head.get("on", "2022-12-31")), tuple(Row(*row) for row in rows))

    @property
    def defects(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.rule != "-")

    @property
    def clean(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.rule == "-")


@dataclass
class Result:
    """What a check got right and wrong."""

    defects: tuple[Row, ...]
    missed: list[Row] = field(default_factory=list)
    wrong: list[Finding] = field(default_factory=list)
    disturbed: list[Row] = field(default_factory=list)


def score(case: Case, library: Library, directory: Path) -> Result:
    """Check the case's draft; a .docx is made in ``directory`` where the case asks for one."""
    draft = read_draft(draft_file(case, directory), case.region)
    findings = check(draft, library, case.against, case.on).findings
    result = Result(case.defects)
    free = list(findings)
    for row in case.defects:
        hit = next((finding for finding in free if row.meets(finding)), None)
        if hit is None:
            result.missed.append(row)
        else:
            free.remove(hit)
    result.wrong = free
    result.disturbed = [row for row in case.clean if any(row.touches(finding) for finding in free)]
    return result


def draft_file(case: Case, directory: Path) -> Path:
    """The draft's file: as it lies there, or made into a .docx."""
    spec = HERE / f"{case.name}.docx.md"
    if not spec.exists():
        return case.path
    from draft_docx import write_docx

    path = directory / f"{case.name}.docx"
    write_docx(spec.read_text("utf-8"), path)
    return path
