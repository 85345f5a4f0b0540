"""Differences of two matched phrases beyond amounts and citations, and phrases that stand on one side only.

Each pair of phrases gives at most one difference, and only where a word of substance changed: wording alone is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from os.path import commonprefix

from kb.differences.units import Side, Unit, alike
from kb.models import Difference, DifferenceType, Direction, Span
from kb.tokens import OWN_PLACE, Token, changes, forces
from kb.vocabulary import lines, table

_REWRITTEN = 0.45      # least likeness of two phrases of which one stands for the other
_GAP = 0.25            # the same where they stand in one place between matched neighbours
_STEPS = 0.18          # the same where both are one step of a procedure
_NARROW = {"appraisal": 0.06, "list": 0.25, "publicity": 0.06, "decision": 0.06, "application": 0.06, "goal": 0.08,
           "path": 0.04, "recover": 0.02, "supply": 0.12, "title": 0.06, "acceptance": 0.06, "penalty": 0.06,
           "use": 0.06, "admission": 0.1, "transfer": 0.3, "renewal": 0.45}
_SAID = 0.22           # the same in one place between matched neighbours where both name one thing
_SUBJECT = 0.4         # the same where both open with one subject
_SCOPE = 0.55          # least likeness of two phrases whose difference is one of scope
_BROAD = ("supervision", "invest", "task_force")    # kinds whose heads stand in nearly every sentence
_MINOR = 0.35          # a change of so little weight is no row of its own beside another of the same phrases
_LONG = 40             # a longer phrase is quoted by the items of its list that changed


#: A phrase that hangs on another one: only then is it a condition by itself.
_HANGS = re.compile(r"(?:的|下|外|后|时|础|据|定)$|^(?:但|除|其中)|不占|不含|不受")


@dataclass(frozen=True)
class Changed:
    """What two matched phrases do not share: tokens of either, and how far into their phrase they stand."""

    a: tuple[Token, ...]
    b: tuple[Token, ...]
    beside: frozenset[str]      # keys of tokens right beside a change

    def __bool__(self) -> bool:
        return bool(self.a or self.b)

    def without_level(self) -> Changed:
        """The same without governments addressed together (各地, 各镇)."""
        return Changed(tuple(token for token in self.a if token.kind != "level"),
                       tuple(token for token in self.b if token.kind != "level"), self.beside)

    @property
    def both(self) -> tuple[Token, ...]:
        """Tokens of both sides."""
        return self.a + self.b


@cache
def heads() -> dict[str, str]:
    """Head of a procedure -> its kind."""
    return {row["head"]: row["kind"] for row in table("procedure_heads.tsv")}


@cache
def _steps() -> dict[str, str]:
    """Head of a procedure -> the step it is."""
    return {row["head"]: row["step"] for row in table("procedure_heads.tsv")}


@cache
def _any(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{line})" for line in lines(name)))


def changed(one: Unit, other: Unit) -> Changed:
    """Tokens that one phrase has and the other has not, what never counts left out."""
    left = [token for token in one.tokens if token.key]
    right = [token for token in other.tokens if token.key]
    keys_left, keys_right = [token.key for token in left], [token.key for token in right]
    found_a: list[Token] = []
    found_b: list[Token] = []
    beside: set[str] = set()
    for tag, i, j, k, m in changes(left, right):
        if tag == "equal":
            continue
        mine = [token for token in left[i:j] if _counts(token, keys_left, keys_right)]
        theirs = [token for token in right[k:m] if _counts(token, keys_right, keys_left)]
        if not (mine or theirs) or _spelt(mine) == _spelt(theirs):
            continue
        found_a += mine
        found_b += theirs
        beside |= {token.key for token in (*left[max(0, i - 1):i], *left[j:j + 1],
                                           *right[max(0, k - 1):k], *right[m:m + 1])}
    return Changed(tuple(found_a), tuple(found_b), frozenset(beside))


def _counts(token: Token, own: Sequence[str], other: Sequence[str]) -> bool:
    """Not a particle, an amount or a citation (they have rows of their own), not only moved inside the phrase."""
    if token.kind in ("slack", "mark", "number", "document", "title", "place") or token.key == OWN_PLACE:
        return False
    if own.count(token.key) <= other.count(token.key):
        return False
    whole = "".join(other)
    return len(token.key) < 3 or token.key not in whole


def _spelt(items: Sequence[Token]) -> str:
    return "".join(sorted("".join(token.key for token in items)))


# --- one pair of phrases ---------------------------------------------------------------------------------------------

def pair_row(a: Side, b: Side, one: Unit, other: Unit, *, measured: bool) -> Difference | None:
    """The difference of two matched phrases, or None. ``measured``: an amount of theirs has a row already, then
    only a change of who decides, how strongly or on what condition is one more."""
    change = changed(one, other)
    if not change:
        return None
    kind, salience, direction = _judge(a, b, one, other, change, measured)
    if kind is None or measured and (kind in ("scope", "target", "procedure") or salience <= _MINOR):
        return None
    if kind in ("scope", "target", "authority") and preamble(a) and preamble(b) and not (
            _bodies_alone(one) and _bodies_alone(other)):
        return None
    span, opposite = _quoted(a, one, change.a), _quoted(b, other, change.b)
    return Difference(kind, span.of(a.text), opposite.of(b.text), span, opposite, salience, "", direction=direction)


def _close(a: Side, b: Side, one: Unit, other: Unit) -> bool:
    """Whether two phrases are so alike that what they do not share is a difference between them: by their words, or
    because they open with one subject (存量工业用地因…调整的, 存量工业用地在…中为…的)."""
    like = alike(one, other)
    opening = commonprefix([one.span.of(a.folded), other.span.of(b.folded)])
    return like >= _SCOPE or like >= _SUBJECT and len(re.findall("[一-鿿]", opening)) >= 4


def holds(a: Side, b: Side, one: Unit, other: Unit) -> bool:
    """Whether two matched phrases without a row say the same."""
    return _close(a, b, one, other) or not any(token.content for token in changed(one, other).both)


Verdict = tuple[DifferenceType | None, float, Direction]


def preamble(own: Side) -> bool:
    """Whether a clause is the salutation or the occasion of a document: what it cites counts, its words do not."""
    return "序" in own.provision.path.split("/")


def _judge(a: Side, b: Side, one: Unit, other: Unit, change: Changed, measured: bool) -> Verdict:
    texts = one.span.of(a.folded), other.span.of(b.folded)
    bodies = [token for token in change.both if token.kind in ("agency", "level")]
    decides = [bool(_any("approval_words.txt").search(text) and "经" in text) for text in texts]
    if bodies and (all(decides) or any(decides) and alike(one, other) >= _SCOPE):
        return "authority", 0.86 if _deliberates(change) else 0.72, "n/a"
    close = _close(a, b, one, other)
    if (found := _modality(change, close)) and (close or alike(one, other) >= _REWRITTEN or not _duties(change)):
        return found
    steps = (kinds_of(a, one) & kinds_of(b, other)) - set(_BROAD)
    if _procedural(change) and (close or steps):
        listed = min(text.count("、") for text in texts) > 2       # one item of a list of means
        return "procedure", _weight(change, listed) if close else 0.62, "n/a"
    if bodies and not _level_on_both(change) and all(token.kind == "level" for token in bodies):
        # 各地 in a prefecture's text says no more than its absence in a county's
        change = change.without_level()
        if not change:
            return "authority", 0.12, "n/a"
        bodies = []
    if bodies and (close or _bodies_on_both(change)):
        return "authority", 0.12 if _only_level(change) else 0.5, "n/a"
    content = [token for token in change.both if token.content and not _implied(token, a, b)]
    if not content:
        return None, 0.0, "n/a"
    limits = any(own.statements.quantities and any(
        quantity.kind == "threshold" and unit.start <= quantity.start < unit.end
        for quantity in own.statements.quantities) for own, unit in ((a, one), (b, other)))
    marked = [bool(_any("condition_marks.txt").search(text)) for text in texts]
    if close and (limits and not measured or any(marked)) or all(marked):
        return "condition", 0.62, "n/a"
    if all(_any("goal_marks.txt").search(text) for text in texts):
        return "target", 0.4, "n/a"
    if not close:
        return None, 0.0, "n/a"
    size = sum(len(token.key) for token in content)
    return "scope", round(min(0.5, 0.3 + 0.02 * size), 3), "n/a"


def _implied(token: Token, a: Side, b: Side) -> bool:
    """Whether a word goes without saying: it stands in the heading or the title that both texts come under."""
    return token.kind == "word" and (token.key in lines("trifles.txt") or all(
        token.key in own.provision.heading or token.key in own.document.title for own in (a, b)))


def _duties(change: Changed) -> bool:
    """Whether words of duty stand against each other; in phrases hardly alike they speak of two matters."""
    return any(forces().get(token.key, ("", 0))[0] == "duty" for token in change.both)


def _deliberates(change: Changed) -> bool:
    """Whether how a body decides changes, not only which level it is of: 经市政府集体研究."""
    return any(token.key in heads() or token.key == "集体" for token in change.both)


def _weight(change: Changed, listed: bool) -> float:
    """How much a change of procedure matters: what one must apply for, pass or hold before how lists are kept."""
    kinds = {heads()[key] for key in (*change.beside, *(token.key for token in change.both)) if key in heads()}
    if listed:
        return 0.6
    few = sum(token.content for token in change.both) <= 2
    return 0.84 if few and kinds & {"permit", "decision", "application"} else 0.6


def _level_on_both(change: Changed) -> bool:
    return all(any(token.kind == "level" for token in side) for side in (change.a, change.b))


def _bodies_on_both(change: Changed) -> bool:
    return bool({token.kind for token in change.a} & {token.kind for token in change.b} & {"agency", "level"})


def _only_level(change: Changed) -> bool:
    """Whether nothing but the level of government changed: 各县（市、区） and 各镇（街道）."""
    return all(token.kind == "level" or not token.content for token in change.both)


def _modality(change: Changed, plain: bool = True) -> Verdict | None:
    """A word on a scale of force against another on the same scale, or (``plain``) against the sentence without one."""
    left = {forces()[token.key][0]: forces()[token.key][1] for token in change.a if token.key in forces()}
    right = {forces()[token.key][0]: forces()[token.key][1] for token in change.b if token.key in forces()}
    for scale in sorted(left.keys() | right.keys(), key=lambda scale: (-_scales()[scale][0], scale)):
        none = _plain().get(scale) if plain else None
        one, other = left.get(scale, none), right.get(scale, none)
        if one is not None and other is not None and one != other:
            tighter = (other > one) == (_scales()[scale][1] == "stricter")
            return "modality", _scales()[scale][0], "stricter" if tighter else "looser"
    return None


@cache
def _scales() -> dict[str, tuple[float, str]]:
    """Scale -> how much a change on it matters, and what more of it means for those whom the rule binds."""
    return {row["scale"]: (float(row["salience"]), row["more"]) for row in table("force_scales.tsv")}


@cache
def _plain() -> dict[str, int]:
    return {row["scale"]: int(row["force"]) for row in table("force_words.tsv") if row["word"] == "-"}


def _procedural(change: Changed) -> bool:
    """A head of a procedure changed, or what stands right beside one did; in a phrase that changed at large a head
    among other things is no procedure."""
    if sum(len(token.key) for token in change.both) >= _LONG:
        return False
    if any(heads().get(token.key) not in (None, "path", *_BROAD) for token in change.both):
        return True
    if not any(token.kind == "word" and len(token.key) > 1 for token in change.both):
        return False
    return any(key in heads() and heads()[key] == "permit" for key in change.beside)


def _quoted(side: Side, unit: Unit, items: Sequence[Token]) -> Span:
    """The phrase; of a long list only the items that changed."""
    if not items or unit.end - unit.start <= _LONG:
        return unit.span
    first, last = min(token.start for token in items), max(token.end for token in items)
    marks = [token.start for token in unit.tokens if token.kind == "mark" and side.folded[token.start] == "、"]
    start = max((mark + 1 for mark in marks if mark < first), default=unit.start)
    end = min((mark for mark in marks if mark >= last), default=unit.end)
    return Span(start, end)


# --- rewritten phrases -----------------------------------------------------------------------------------------------

@cache
def _head() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, heads()), key=lambda head: (-len(head), head))))


def kinds_of(own: Side, unit: Unit) -> frozenset[str]:
    """Steps of a procedure that a phrase speaks of."""
    found = {_steps()[match[0]] for match in _head().finditer(own.folded, unit.start, unit.end)}
    return frozenset(found | ({"goal"} if _any("goal_marks.txt").search(own.folded, unit.start, unit.end) else set()))


def _broad_kinds(own: Side, unit: Unit) -> set[str]:
    return {heads()[match[0]] for match in _head().finditer(own.folded, unit.start, unit.end)}


def rewritten(left_side: Side, right_side: Side, a: Sequence[Unit], b: Sequence[Unit],
              gaps: Collection[tuple[int, int]], beside: Collection[tuple[int, int]]) -> list[tuple[Unit, Unit]]:
    """Pairs of left-over phrases of which one stands for the other: in the same place between matched neighbours
    (``gaps``; ``beside``: right beside one), or the same step of a procedure."""
    scored: list[tuple[float, int, int]] = []
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            score = alike(one, other)
            near = (one.index, other.index) in gaps
            kinds = (kinds_of(left_side, one) & kinds_of(right_side, other)) - set(_BROAD)
            thing = (one.index, other.index) in beside and _one_thing(one, other)
            usual = _REWRITTEN if not near else _SAID if thing else _GAP
            least = min([_NARROW.get(kind, _STEPS) for kind in kinds] + [usual])
            last = one.index + 1 == len(left_side.units) and other.index + 1 == len(right_side.units)
            if near and _bodies_alone(one) and _bodies_alone(other):
                least = 0.0             # 各县（市、区）人民政府： and 各镇人民政府、街道办事处：
            if score >= least:
                scored.append((score + 0.15 * bool(kinds) + 0.05 * near + 0.1 * last, i, j))
    scored.sort(key=lambda item: (-item[0], item[1], item[2]))
    left: set[int] = set()
    right: set[int] = set()
    found: list[tuple[Unit, Unit]] = []
    for _, i, j in scored:
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            found.append((a[i], b[j]))
    return found


def rewritten_row(a: Side, b: Side, one: Unit, other: Unit, near: bool) -> Difference | None:
    """The difference of two phrases that share their place (``near``) or kind but hardly their words."""
    texts = one.span.of(a.folded), other.span.of(b.folded)
    bodies = [token.kind for token in (*one.tokens, *other.tokens) if token.kind == "agency"]
    if preamble(a) and preamble(b) and not (_bodies_alone(one) and _bodies_alone(other)):
        return None
    if _bodies_alone(one) and _bodies_alone(other):
        if {token.key for token in one.tokens if token.key not in ("", OWN_PLACE)} == {
                token.key for token in other.tokens if token.key not in ("", OWN_PLACE)}:
            return None                     # 各镇人民政府、各街道办事处 and 各镇人民政府、街道办事处
        level = all(token.kind != "agency" for token in (*one.tokens, *other.tokens))
        return _both(a, b, one, other, "authority", 0.12 if level else 0.4)
    kind: DifferenceType
    if all(_any("approval_words.txt").search(text) and "经" in text for text in texts):
        kind, salience = "authority", 0.7
    elif all(_any("goal_marks.txt").search(text) for text in texts):
        kind, salience = "target", 0.4
    elif all(_any("condition_marks.txt").search(text) for text in texts):
        kind, salience = "condition", 0.55
    elif (kinds_of(a, one) & kinds_of(b, other)) - set(_BROAD):
        kind, salience = "procedure", 0.6
    elif len(bodies) > 1:
        kind, salience = "authority", 0.4
    elif found := _modality(changed(one, other), False):
        return _both(a, b, one, other, *found)
    elif alike(one, other) >= _SCOPE and _much_shared(one, other) or near and _one_thing(one, other):
        kind, salience = "scope", 0.36
    else:
        return None
    if preamble(a) and preamble(b) or not any(token.content for token in changed(one, other).both):
        return None
    return _both(a, b, one, other, kind, salience)


def _bodies_alone(unit: Unit) -> bool:
    """Whether a phrase names governments or agencies and nothing else."""
    kinds = {token.kind for token in unit.tokens} - {"slack", "mark", "place"}
    return bool(kinds) and kinds <= {"level", "agency"}


def _one_thing(one: Unit, other: Unit) -> bool:
    """Whether two phrases name one thing by a word of substance: 设计 in 设计能力 and 设计园区."""
    theirs = {token.key for token in other.tokens if token.kind == "word" and token.content and len(token.key) > 1}
    return any(token.key in theirs for token in one.tokens if token.kind == "word" and token.content)


def _much_shared(one: Unit, other: Unit) -> bool:
    """Whether two phrases share more than one word of substance: one alone (制造业) says little."""
    theirs = {token.key for token in other.tokens if token.content}
    shared = {token.key for token in one.tokens if token.content} & theirs
    return len(shared) > 1 or any(len(key) > 3 for key in shared)


def _both(a: Side, b: Side, one: Unit, other: Unit, kind: DifferenceType | None, salience: float,
          direction: Direction = "n/a") -> Difference | None:
    """A row that quotes both phrases whole."""
    if kind is None:
        return None
    return Difference(kind, one.span.of(a.text), other.span.of(b.text), one.span, other.span, salience, "",
                      direction=direction)


# --- on one side only ------------------------------------------------------------------------------------------------

def groups(own: Side, units: Sequence[Unit]) -> Iterator[tuple[Unit, ...]]:
    """Runs of neighbouring phrases of one sentence; who approves is a run of its own, what only frames a rule none."""
    run: list[Unit] = []
    for unit in units:
        if _frame().fullmatch(unit.span.of(own.folded)):
            continue
        if run and (unit.index != run[-1].index + 1 or unit.sentence != run[-1].sentence
                    or _approves(own, unit) or _approves(own, run[-1])):
            yield tuple(run)
            run = []
        run.append(unit)
    if run:
        yield tuple(run)


def rhetorical(own: Side) -> bool:
    """Whether a clause is of guiding ideas or principles: only aims in it can be a difference by themselves."""
    return bool(re.search(r"指导思想|总体要求|(?:基本|工作|指导)原则|^坚持", own.provision.heading))


#: Words by which a body gets a task.
_CHARGED = re.compile("负责|牵头|兼任|组建|任组长")


@cache
def _frame() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{line})" for line in lines("frame_phrases.txt")))


def _approves(own: Side, unit: Unit) -> bool:
    """Whether a phrase says whose approval is needed: 经县（市、区）政府研究同意后."""
    text = unit.span.of(own.folded)
    return bool(_any("approval_words.txt").search(text) and re.search(r"经.{0,20}(?:政府|管委会)", text))


def lone_kind(side: Side, group: Sequence[Unit], other: Side) -> tuple[DifferenceType | None, float]:
    """What a stretch on one side only is: a condition, who decides, or (None) an addition or omission; its
    salience. Zero where it says nothing of substance."""
    text = side.folded[group[0].start:group[-1].end]
    headings = side.provision.heading + other.provision.heading
    content = sum(len(token.key) for unit in group for token in unit.tokens
                  if token.kind not in ("slack", "mark", "place", "number", "force") and token.key not in headings)
    if content < 4:
        return None, 0.0
    if any(_approves(side, unit) for unit in group):
        return "authority", 0.7
    if len(group) == 1 and len(text) < _LONG and _any("condition_marks.txt").search(text) and _HANGS.search(text):
        return "condition", 0.6
    if len(group) == 1 and len(text) < _LONG and _any("goal_marks.txt").search(text):
        return "target", 0.38
    if _CHARGED.search(text) and any(token.kind in ("agency", "level") for unit in group for token in unit.tokens):
        return "authority", 0.42
    firm = any(token.kind == "force" and forces()[token.key][0] in ("ban", "duty", "charge")
               for unit in group for token in unit.tokens)
    named = any(token.kind == "quoted" for unit in group for token in unit.tokens)
    steps = any(_broad_kinds(side, unit) & {"permit", "decision", "land", "application"} for unit in group)
    return None, round(0.34 + 0.1 * firm + 0.04 * named + 0.08 * steps + min(0.04, content / 1000), 3)
