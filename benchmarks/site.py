"""Median server time of each page of the site, and its ratio to Datasette's own table page on the same data.

    python benchmarks/site.py kb.db [--rounds 30]

Pages are asked for in process (no network); the first rounds, which fill the caches, are not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from pathlib import Path
from urllib.parse import quote

from datasette.app import Datasette
from datasette.plugins import pm

import kb.site
from kb import database

ROOT = Path(__file__).resolve().parent.parent
GOAL = 50.0     # milliseconds


def pages(db: Path) -> dict[str, str]:
    with database.open_read(db) as connection:
        a, b = connection.execute(
            "select a_document_id, b_document_id from document_pairs order by equivalent desc limit 1").fetchone()
        path = connection.execute(
            "select c.path from clauses c join alignments a on a.a_clause_id = c.id where c.document_id = ? "
            "group by c.id order by count(*) desc, c.id limit 1", (a,)).fetchone()[0]
    pair = f"/compare/{quote(a)}/{quote(b)}"
    return {
        "Datasette: table": "/kb/clauses", "Datasette: view": "/kb/v_differences", "home": "/",
        "documents": "/doc", "document": f"/doc/{quote(a)}", "clause": f"/doc/{quote(a)}/{quote(path)}",
        "compare": pair, "compare, differences": pair + "?show=differences", "synopsis": "/synopsis",
        "indicators": "/indicators", "search": "/search?q=" + quote("亩均税收"),
        "search, one character": "/search?q=" + quote("企"), "search, nothing": "/search?q=" + quote("亩均税受"),
        "search, by example": "/search?like=" + quote("提取土地出让收入的一定比例作为专项经费，用于盘活工业用地。"),
        "differences": "/differences"}


async def measure(db: Path, rounds: int) -> dict[str, float]:
    if kb.site not in pm.get_plugins():
        pm.register(kb.site, name="kb")
    metadata = json.loads((ROOT / "datasette-metadata.json").read_text("utf-8"))
    datasette = Datasette([str(db)], metadata=metadata)
    await datasette.invoke_startup()
    name = next(iter(n for n in datasette.databases if n != "_internal"))
    found = {}
    for title, address in pages(db).items():
        times = []
        for round_ in range(rounds + 3):
            start = time.perf_counter()
            response = await datasette.client.get(address.replace("/kb/", f"/{name}/", 1))
            times.append(1000 * (time.perf_counter() - start))
            assert response.status_code == 200, (address, response.status_code)
            if round_ < 3:
                times.clear()
        found[title] = statistics.median(times)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("db", type=Path)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    found = asyncio.run(measure(given.db, given.rounds))
    floor = found["Datasette: table"]
    for title, milliseconds in found.items():
        over = "" if title.startswith("Datasette") or milliseconds < GOAL else f"   over {GOAL:.0f} ms"
        print(f"{title:24}{milliseconds:8.1f} ms {milliseconds / floor:8.2f} ×{over}")


if __name__ == "__main__":
    main()
