"""Real data: the Olist export by `import`, mangled, through Kafka, with workers killed ten times meanwhile.

Leads and wins by source, month and rep must equal an independent query over the CSV files.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from random import Random

import duckdb
import pytest

from tests.end_to_end.live import STAGES, Live, until_equal

pytestmark = pytest.mark.takes(60)
MAPPING = Path(__file__).with_name("olist.yaml")
LEADS, DEALS = "olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv"
REPEATED, REVISED = 0.05, 0.02
KILLS = 10
CHUNK = 250

Numbers = dict[tuple[str, str, str], float]


def configuration() -> bytes:
    """The tenant's zone is that of the export, so that months are the export's."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": "settings",
            "source": "test",
            "type": "sales.tenant.configured",
            "time": "2017-01-01T00:00:00Z",
            "subject": "default",
            "data": {"time_zone": "America/Sao_Paulo", "base_currency": "BRL"},
        }
    ).encode()


def mangled(lines: list[bytes], seed: int) -> list[bytes]:
    """Shuffled, 5 % repeated, 2 % first sent wrong and later revised."""
    random = Random(seed)
    placed: list[tuple[float, bytes]] = []
    for line in lines:
        at, sent = random.random(), line
        if random.random() < REVISED:
            placed.append((at, wrong(line)))
            sent, at = json.dumps(json.loads(line) | {"revision": 1}).encode(), random.uniform(at, 1.0)
        placed.append((at, sent))
        if random.random() < REPEATED:
            placed.append((random.random(), sent))
    return [line for _, line in sorted(placed, key=lambda one: one[0])]


def wrong(line: bytes) -> bytes:
    """The same event with another month, rep, source or amount."""
    event = json.loads(line)
    event["time"] = f"2018-01{event['time'][7:]}"
    event["data"] |= {"rep": "somebody", "source": "a mistake"}
    if "amount_minor" in event["data"]:
        event["data"]["amount_minor"] = 99_999_999
    return json.dumps(event).encode()


def by_query(folder: Path) -> Numbers:
    """What DuckDB says of the CSV files: leads and wins by source and month, wins and revenue by rep and month."""
    leads = f"read_csv('{folder / LEADS}', all_varchar = true)"
    deals = f"read_csv('{folder / DEALS}', all_varchar = true)"
    facts = f"""
        with lead as (
            select mql_id, first_contact_date[:7] as month, coalesce(nullif(origin, ''), '_none') as source from {leads}
        ), won as (
            select won_date[:7] as month, coalesce(source, '_none') as source, sr_id as rep,
                   cast(round(cast(declared_monthly_revenue as decimal(18, 2)) * 100) as bigint) as minor
            from {deals} left join lead using (mql_id)
        ), fact as (
            select 'new_leads' as kpi, month, source, '_none' as rep, 1 as amount from lead
            union all select 'deals_won', month, source, rep, 1 from won
            union all select 'revenue', month, source, rep, minor from won
        ), wide as (
            select kpi, 'month:' || month as win, source, rep, amount from fact
            union all select kpi, 'all', source, rep, amount from fact
        )
        select kpi, 'company' as scope, win, sum(amount) from wide group by all
        union all select kpi, 'source:' || source, win, sum(amount) from wide group by all
        union all select kpi, 'rep:' || rep, win, sum(amount) from wide group by all
    """
    answer = duckdb.sql(facts)
    assert answer is not None
    return {(kpi, scope, window): float(amount) for kpi, scope, window, amount in answer.fetchall() if amount}


def by_api(live: Live) -> Numbers:
    wanted = ("new_leads", "deals_won", "revenue")
    values = live.values(kpi=",".join(wanted))
    return {
        (value["kpi"], value["scope"], value["window"]): value["value"]
        for value in values
        if value["value"]
        and (value["window"] == "all" or value["window"].startswith("month:"))
        and not value["scope"].startswith("team:")
    }


@pytest.mark.timeout(900)
def test_olist_equals_the_query_although_workers_are_killed(kafka: str, shared: Path, tmp_path: Path) -> None:
    folder, exported = shared / "data" / "olist", tmp_path / "olist.ndjson"
    command = [sys.executable, "-m", "cli.main", "import", str(folder / LEADS), str(folder / DEALS)]
    subprocess.run([*command, "--mapping", str(MAPPING), "--out", str(exported)], check=True, capture_output=True)
    lines = exported.read_bytes().splitlines()
    assert len(lines) == 8_842
    published = [configuration(), *mangled(lines, seed=1)]
    killed: list[int] = []
    with Live(kafka) as live:
        turns = cycle(STAGES)

        def kill(done: float) -> None:
            while len(killed) < int(done * KILLS):
                killed.append(live.kill_at_work(next(turns)))

        asyncio.run(live.publish(published, chunk=CHUNK, turn=kill))
        assert len(set(killed)) == KILLS
        expected = by_query(folder)
        assert expected["new_leads", "company", "all"] == 8_000
        assert expected["deals_won", "company", "all"] == 842
        until_equal(lambda: by_api(live), expected)
