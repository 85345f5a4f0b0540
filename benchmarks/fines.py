"""Fines of the same offence across cities, as a matrix; and how many of its cells are right, by reading.

    python benchmarks/fines.py --laws DIR_OR_TAR                    the matrices of both topics, and the score
    python benchmarks/fines.py --laws DIR_OR_TAR --sample 50        cells taken at random with their text, to be judged

Amounts are those that the program extracts; an offence is what stands between 违反…规定 and the 的 before who fines.
Judged cells (tests/gold/judged_fines.tsv) are matched by topic, place, article, who and amount: a cell that is no
longer found, or with another amount or beside other offences, counts as wrong.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from beds.laws import law, unpacked

from kb.extract import statements
from kb.models import Document, Provision, Quantity
from kb.parse import parse
from kb.text import normalise
from kb.tokens import bag, tokens

TOPICS = {"养犬": ("养犬",), "文明行为": ("文明行为促进",)}
GOLD = Path(__file__).parents[1] / "tests" / "gold" / "judged_fines.tsv"
_FINE = re.compile(r"^.{0,2}(?:的)?罚款")
_OFFENCE = re.compile(r"(?:规定[,，]?|^|[。;；\n])([^。;；\n]*?)的[,，](?:由|责令|处|可以|没收|给予|依照)")
_AGAIN = re.compile("逾期|拒不|情节|警告后|造成|经|再次|仍|属|未改正|不听")     # the same offence, graver
_WHO = re.compile(r"对?(?:养犬|责任|违法)?(个人|单位|经营者|自然人)(?:养犬|饲养)?的?[^,，。;；]{0,8}$")
_CITED = re.compile(r"^(?:违反)?(?:本条例|本规定|本办法|前款)?[^,，。;；]*?规定[,，]?(?:有下列[^,，]*)?")
_DIGIT = "[一二三四五六七八九十百零]+"
_PLACE = re.compile(rf"(第{_DIGIT}条)(?:第{_DIGIT}款)?(?:第({_DIGIT})项)?")
_LIKE = 0.42        # least likeness of two offences that are one
_LIST = re.compile("下列|以下(?:行为|情形)|情形之一|行为之一")


@dataclass(frozen=True)
class Fine:
    """One fine: where, for what, for whom, how much."""

    place: str
    path: str
    offence: str
    who: str
    amount: str
    text: str


def place_of(name: str) -> str:
    """The city or province that a regulation's title begins with."""
    found = re.match(r"(.{2,7}?(?:市|省|自治区))", name)
    return found[1] if found else name[:4]


def fines(document: Document) -> Iterator[Fine]:
    """The fines of a regulation."""
    provisions = parse(document).provisions
    for provision in provisions:
        if "罚款" not in provision.text:
            continue
        children = [child for child in provisions if child.parent == provision.path and child.kind == "subsection"]
        for quantity in statements(provision, document).quantities:
            if quantity.base_unit.startswith("元") and _FINE.match(provision.text[quantity.end:quantity.end + 6]):
                yield from _of(document, provision, children, quantity)


def _of(document: Document, provision: Provision, children: Sequence[Provision], quantity: Quantity) -> Iterator[Fine]:
    text = provision.text
    start = max(text.rfind("\n", 0, quantity.start), text.rfind("。", 0, quantity.start)) + 1
    before = text[start:quantity.start]
    offences = [match[1] for match in _OFFENCE.finditer(normalise(before)) if not _AGAIN.match(match[1])]
    whole = (offences[-1] if offences else re.split("[,，]由|[,，]处", normalise(before))[0]).strip(" ,，")
    offence = _CITED.sub("", whole) or _cited(document, whole)
    who = _WHO.search(normalise(before))
    amount = written(quantity)
    if children and _LIST.search(before):
        for child in children:
            own = re.split("的?[,，;；。]", child.text)[0]
            yield Fine(place_of(document.title), child.path, own, who[1] if who else "", amount,
                       text + "／" + child.text)
        return
    yield Fine(place_of(document.title), provision.path, offence, who[1] if who else "", amount,
               text[start:quantity.end + 4])


def _cited(document: Document, reference: str) -> str:
    """What the article or item forbids that a fine only cites (违反本条例第二十二条第五项规定的)."""
    match = _PLACE.search(reference)
    if not match:
        return reference
    path = f"/{match[1]}" + (f"/（{match[2]}）" if match[2] else "")
    text = next((item.text for item in parse(document).provisions if item.path.endswith(path)), "")
    return re.split("[;；。\n]", text)[0] or reference


def written(quantity: Quantity) -> str:
    """The amount in 元: 200–500, ≤1000, 500; with 每只 where it goes by the head."""
    each = "每只" if "每只" in quantity.quote else "每次" if "每次" in quantity.quote else ""
    scale = quantity.base_value / quantity.value if quantity.value else 1
    low = f"{quantity.base_value:g}"
    if quantity.value_to is not None:
        return f"{each}{low}–{quantity.value_to * scale:g}"
    return each + {"max": "≤", "min": "≥"}.get(quantity.bound, "") + low


def matrix(found: Sequence[Fine]) -> list[list[Fine]]:
    """Fines in rows of one offence; the offence of the longest row first."""
    rows: list[list[Fine]] = []
    found = [fine for fine in found if not re.match("违反|逾期|前款|拒不", fine.offence)]     # no offence of its own
    bags = [bag(token for token in tokens(re.sub(r"[(（][^()（）]*[)）]", "", fine.offence)) if token.kind != "slack")
            for fine in found]
    places: dict[str, set[str]] = {}
    for fine, words in zip(found, bags, strict=True):
        for word in words:
            places.setdefault(word, set()).add(fine.offence)
    many = len({fine.offence for fine in found})
    bags = [{word: weight * math.log(many / len(places[word]) + 0.5) for word, weight in words.items()}
            for words in bags]
    homes: list[list[int]] = []
    for at, fine in enumerate(found):
        best, score = None, _LIKE
        for row, members in enumerate(homes):
            same = max(_likeness(bags[at], bags[other]) for other in members)
            mine = min(_likeness(bags[at], bags[other]) for other in members)
            clash = any(found[other].place == fine.place and found[other].offence != fine.offence for other in members)
            if (value := (same + mine) / 2) >= score and not clash:
                best, score = row, value
        if best is None:
            homes.append([at])
        else:
            homes[best].append(at)
    rows = [[found[at] for at in members] for members in homes]
    return sorted(rows, key=lambda row: -len({fine.place for fine in row}))


def _likeness(one: dict[str, float], other: dict[str, float]) -> float:
    total = sum(one.values()) + sum(other.values())
    return 2 * sum(min(weight, other.get(key, 0.0)) for key, weight in one.items()) / total if total else 0.0


def cells(topic: str, rows: Sequence[Sequence[Fine]]) -> list[dict[str, str]]:
    """Every fine that stands in a row with another place's, with the row's offence in the place before it."""
    out = []
    for row in rows:
        if len({fine.place for fine in row}) < 2:
            continue
        for fine in row:
            beside = next(other for other in row if other.place != fine.place)
            out.append({"topic": topic, "place": fine.place, "path": fine.path, "who": fine.who, "amount": fine.amount,
                        "offence": fine.offence, "beside": f"{beside.place}：{beside.offence}",
                        "text": " ".join(fine.text.split())})
    return out


def read(folder: Path, words: Sequence[str]) -> list[Document]:
    """The regulations on a topic, by title."""
    files = sorted({file for word in words for file in folder.rglob(f"*{word}*.md")}, key=lambda file: file.name)
    return [law(file.name, file.read_text("utf-8", errors="replace")) for file in files]


def main() -> None:
    """Prints the matrices and the score, or a sample of cells."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    every: list[dict[str, str]] = []
    with unpacked(options.laws) as folder:
        for topic, words in TOPICS.items():
            rows = matrix([fine for document in read(folder, words) for fine in fines(document)])
            every += cells(topic, rows)
            if not options.sample:
                show(topic, rows)
    if options.sample:
        out = csv.DictWriter(sys.stdout, [*every[0], "judgement", "reason"], delimiter="\t", lineterminator="\n",
                             quoting=csv.QUOTE_NONE, quotechar=None)
        out.writeheader()
        for at in sorted(random.Random(options.seed).sample(range(len(every)), options.sample)):
            out.writerow(every[at] | {"judgement": "", "reason": ""})
        return
    score(every)


def show(topic: str, rows: Sequence[Sequence[Fine]]) -> None:
    """Prints a matrix: a line for each offence that two places or more fine."""
    shared = [row for row in rows if len({fine.place for fine in row}) > 1]
    print(f"# {topic}: {sum(map(len, rows))} fines, {len(shared)} offences fined in two places or more")
    for row in shared:
        print(row[0].offence)
        for place in dict.fromkeys(fine.place for fine in row):
            mine = [f"{fine.amount}{'（' + fine.who + '）' if fine.who else ''}" for fine in row if fine.place == place]
            print(f"    {place}\t{'；'.join(mine)}")


def score(found: Sequence[dict[str, str]]) -> None:
    """Prints the share of judged cells that are right and still found."""
    if not GOLD.exists():
        print("no cell judged")
        return
    with GOLD.open(encoding="utf-8", newline="") as lines:
        known = list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t",
                                    quoting=csv.QUOTE_NONE))
    keys = ("topic", "place", "path", "who", "amount", "offence", "beside")
    told = {tuple(cell[key] for key in keys) for cell in found}
    still = [cell for cell in known if tuple(cell[key] for key in keys) in told]
    right = sum(cell["judgement"] == "right" for cell in still)
    print(f"judged cells: {right} of {len(known)} right ({right / len(known):.3f}); {len(known) - len(still)} no "
          "longer found as judged")


if __name__ == "__main__":
    main()
