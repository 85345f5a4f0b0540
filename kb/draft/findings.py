"""What a check says: findings, and the table of rules that make them (vocabulary/draft_rules.tsv)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal, cast

from kb.vocabulary import table

Severity = Literal["red", "orange", "yellow", "grey"]
Need = Literal["base", "region", "sisters", "nothing"]

#: From the worst to the mildest.
SEVERITIES: Final[tuple[Severity, ...]] = ("red", "orange", "yellow", "grey")
#: A severity as a reader calls it.
SEVERITY_NAMES: Final[dict[Severity, str]] = {"red": "必改", "orange": "应核", "yellow": "宜改", "grey": "备注"}
#: What a severity means.
SEVERITY_ADVICE: Final[dict[Severity, str]] = {
    "red": "与上级文件抵触，或失去依据", "orange": "逐条核实后再定", "yellow": "文字、数字请再校",
    "grey": "与上级或同级文件不同，供参考"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its id, how much a breach matters, what it compares with, and its name for readers."""

    id: str
    severity: Severity
    needs: Need
    name: str


@cache
def rules() -> dict[str, Rule]:
    """All rules by id, in the order in which they run."""
    return {row["rule"]: Rule(row["rule"], cast(Severity, row["severity"]), cast(Need, row["needs"]), row["name"])
            for row in table("draft_rules.tsv")}


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a rule.

    ``quote`` is cut from the provision of the draft at ``address`` (empty where the draft lacks something),
    ``base_quote`` from that of ``base_document`` at ``base_address``. ``mend`` says what to write instead, where that
    is clear. ``start`` is where the quote stands in the draft's text: it orders the findings and is not reported.
    """

    rule: str
    address: str
    quote: str
    reason: str
    base_document: str = ""
    base_address: str = ""
    base_quote: str = ""
    mend: str = ""
    start: int = field(default=0, compare=False)

    @property
    def severity(self) -> Severity:
        """How much it matters, as the table of rules has it."""
        return rules()[self.rule].severity

    @property
    def name(self) -> str:
        """The rule's name for readers."""
        return rules()[self.rule].name

    def as_json(self) -> dict[str, str]:
        """The finding as the JSON report has it."""
        return {"rule": self.rule, "severity": self.severity, "address": self.address, "quote": self.quote,
                "base_document": self.base_document, "base_address": self.base_address,
                "base_quote": self.base_quote, "reason": self.reason, "mend": self.mend}
