"""Rows of an export become events, or a line that says which row is bad and why."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.importer.events import BadRow, EventMaker, Identities, MadeEvent
from cli.importer.mapping import BadMapping, load_mapping
from cli.importer.rows import opened

MAPPING = """
source: crm/test
time_zone: Europe/Berlin
currency: EUR
files:
  - events:
"""
WON = """
      - type: sales.deal.won
        id: "won-{deal}"
        subject: "{account}"
        time: "{closed}"
        skip_when_empty: [closed]
        data:
          deal: "{deal}"
          rep: "{rep}"
          amount_minor: {column: amount, as: money, decimal: ",", thousands: "."}
          currency: EUR
"""
HEADER = "deal;account;rep;closed;amount\n"


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """A function from mapping text and CSV text to what the importer makes of them."""

    def made(events: str, rows: str, *, top: str = MAPPING, encoding: str = "utf-8") -> list[MadeEvent | BadRow]:
        plan, export_file = tmp_path / "plan.yaml", tmp_path / "export.csv"
        plan.write_text(top + events)
        export_file.write_bytes(rows.encode(encoding))
        mapping = load_mapping(plan)
        section = mapping.section_for(export_file)
        with opened(export_file, section) as export:
            maker = EventMaker(
                mapping, section, export, file=export_file, tenant=mapping.tenant or "default", identities=Identities()
            )
            return list(maker.made())

    return made


def events_of(made: list[MadeEvent | BadRow]) -> list[dict[str, Any]]:
    assert all(isinstance(one, MadeEvent) for one in made), made
    return [json.loads(one.raw) for one in made if isinstance(one, MadeEvent)]


def faults_of(made: list[MadeEvent | BadRow]) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in made if isinstance(one, BadRow)]


SEMICOLONS = MAPPING.replace("  - events:", '  - delimiter: ";"\n    events:')


def test_a_row_becomes_an_event_with_exact_money_and_local_time(make: Any) -> None:
    (won,) = events_of(make(WON, HEADER + "D-1;A-1;R-4;2026-07-01 10:00:00; 1.234,50 \n", top=SEMICOLONS))
    assert won == {
        "specversion": "1.0",
        "type": "sales.deal.won",
        "source": "crm/test",
        "backfill": True,
        "id": "won-D-1",
        "subject": "A-1",
        "time": "2026-07-01T08:00:00Z",
        "data": {"deal": "D-1", "rep": "R-4", "amount_minor": 123450, "currency": "EUR"},
    }


def test_empty_cells_are_left_out_and_rows_without_a_condition_column_make_no_event(make: Any) -> None:
    made = events_of(
        make(
            WON,
            HEADER + "D-1;A-1;;2026-07-01 10:00:00;5\nD-2;A-1;R-1;;7\n\nD-3;A-1;R-1;2026-07-02;0,5\n",
            top=SEMICOLONS,
        )
    )
    assert [event["id"] for event in made] == ["won-D-1", "won-D-3"]
    assert "rep" not in made[0]["data"]
    assert made[1]["time"] == "2026-07-01T22:00:00Z"


def test_bad_rows_are_named_by_the_line_they_begin_on(make: Any) -> None:
    rows = (
        'D-1;A-1;"two\nlines";2026-07-01 10:00:00;5\n'
        "D-2;A-1;R-1;yesterday;5\n"
        "D-3;A-1;R-1;2026-07-01 10:00:00;5,001\n"
        "D-4;A-1;R-1\n"
        "D-5;A-1;R-1;2026-07-01 10:00:00;-5\n"
        "D-6;;R-1;2026-07-01 10:00:00;5\n"
        "D-1;A-1;R-1;2026-07-01 10:00:00;6\n"
    )
    made = make(WON, HEADER + rows, top=SEMICOLONS)
    faults = dict(faults_of(made))
    assert list(faults) == [4, 5, 6, 7, 8, 9]
    assert "'yesterday' is no time in the form iso" in faults[4]
    assert "'5,001' has more than the 2 decimals of EUR" in faults[5]
    assert "has 3 columns, the header has 5" in faults[6]
    assert "invalid_data" in faults[7]
    assert "files[0].events[0].subject: is empty" in faults[8]
    assert "already used on line 2 with other content" in faults[9]
    assert len(made) == 7


def test_a_repeated_row_is_no_fault(make: Any) -> None:
    row = "D-1;A-1;R-1;2026-07-01 10:00:00;5\n"
    assert len(events_of(make(WON, HEADER + row + row, top=SEMICOLONS))) == 2


TOUCH = """
      - type: sales.touch.logged
        id: "touch-{_row}"
        subject: "{account}"
        time: {column: at, formats: ["%d.%m.%Y %H:%M"], time_zone: America/New_York}
        only_when: {state: [done]}
        data:
          rep: "{rep}"
          kind: {column: kind, map: {Phone: call, No: email, "01": chat}}
          automated: {column: auto, as: boolean, default: false}
          duration_s: {column: length, as: integer}
"""


def test_value_maps_formats_and_conditions(make: Any) -> None:
    rows = (
        "account,at,state,rep,kind,auto,length\n"
        "A-1,01.02.2026 09:30,done,R-1,Phone,,90\n"
        "A-1,01.02.2026 09:31,planned,R-1,Phone,,\n"
        "A-1,01.02.2026 09:32,done,R-1,No,yes,\n"
        "A-1,01.02.2026 09:33,done,R-1,01,no,1.0\n"
        "A-1,01.02.2026 09:34,done,R-1,Fax,no,\n"
    )
    made = make(TOUCH, rows)
    good = [json.loads(one.raw)["data"] for one in made if isinstance(one, MadeEvent)]
    assert [(data["kind"], data["automated"], data.get("duration_s")) for data in good] == [
        ("call", False, 90),
        ("email", True, None),
        ("chat", False, 1),
    ]
    ((line, reason),) = faults_of(made)
    assert line == 6
    assert "'Fax' is not in the map; it has 'Phone', 'No', '01'" in reason
    assert json.loads(made[0].raw)["time"] == "2026-02-01T14:30:00Z"


def test_one_row_may_make_several_events_with_lists_and_objects(make: Any) -> None:
    several = """
      - type: sales.lead.created
        id: "lead-{id}"
        subject: "{id}"
        time: "{at}"
        data: {lead: "{id}", location: {city: "{city}", country: BR}}
      - type: sales.order.placed
        id: "order-{id}"
        subject: "{id}"
        time: "{at}"
        skip_when: {total: ["0"]}
        data:
          order: "{id}"
          currency: JPY
          lines:
            - product: "{product}"
              qty: 1
              unit_price_minor: {column: total, as: money, currency: JPY}
"""
    lead, order, lone = events_of(
        make(several, "id,at,city,product,total\n1,2026-01-01,Rio,desk,500\n2,2026-01-02,,desk,0\n")
    )
    assert lead["data"] == {"lead": "1", "location": {"city": "Rio", "country": "BR"}}
    assert order["data"]["lines"] == [{"product": "desk", "qty": 1, "unit_price_minor": 500}]
    assert lone["data"]["location"] == {"country": "BR"}


def test_bytes_of_another_encoding_spoil_only_their_row(make: Any) -> None:
    made = make(
        TOUCH, "account,at,state,rep,kind,auto,length\nA-1,01.02.2026 09:30,done,J\xf6rg,Phone,,\n", encoding="latin-1"
    )
    ((line, reason),) = faults_of(made)
    assert line == 2
    assert "another encoding?" in reason


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (
            WON.replace("{rep}", "{owner}"),
            "files[0].events[0].data.rep: there is no column 'owner'; the file has: deal",
        ),
        (
            WON.replace("type:", "typ:"),
            "files[0].events[0].typ: Extra inputs are not permitted (found 'sales.deal.won')",
        ),
        (WON.replace("as: money", "as: gold"), "files[0].events[0].data.amount_minor.as: Input should be 'text'"),
        (WON.replace("column: amount", "colum: amount"), "files[0].events[0].data.amount_minor.colum: Extra"),
        (WON.replace("{deal}", "{deal"), "has a lone brace"),
        (WON + "        id: again\n", "the key 'id' is given twice"),
    ],
)
def test_a_wrong_mapping_says_where_and_what(make: Any, events: str, expected: str) -> None:
    with pytest.raises(BadMapping) as error:
        make(events, HEADER, top=SEMICOLONS)
    assert expected in str(error.value)


def test_a_mapping_names_unknown_zones_and_missing_sections(make: Any, tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="'Mars/Base' is no time zone"):
        make(WON, HEADER, top=MAPPING.replace("Europe/Berlin", "Mars/Base"))
    with pytest.raises(BadMapping, match=r"no section of the mapping matches the name export\.csv"):
        make(WON, HEADER, top=MAPPING.replace("- events", '- match: "*.txt"\n    events'))
    with pytest.raises(BadMapping, match="can't be read"):
        load_mapping(tmp_path / "absent.yaml")


def test_the_example_of_the_page_works(make: Any) -> None:
    page = (Path(__file__).parents[2] / "docs" / "importing.md").read_text()
    example = page.split("```yaml\n")[1].split("```")[0].replace('"deals*.csv"', '"export.csv"')
    rows = next(block for block in page.split("```") if block.strip().startswith("Deal;"))
    (won,) = events_of(make("", rows.strip() + "\n", top=example))
    assert won["time"] == "2026-09-30T15:05:00Z"
    assert won["data"] == {"deal": "D-9", "lead": "L-3", "rep": "R-4", "amount_minor": 123450, "currency": "EUR"}


TYPO = """
      - type: sales.deal.won
        id: "{deal}"
        subject: "{account}"
        time: "{closed}"
        data: {deal: "{deal}", %s}
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('repp: "{rep}"', "data.repp is no field of sales.deal.won; did you mean rep?"),
        ('zzz: "{rep}"', "data.zzz is no field of sales.deal.won; it may be deal, "),
        ('splits: [{reps: "{rep}", share_bp: 10000}]', "data.splits[].reps is no field of sales.deal.won; did you"),
        ("location: {contry: DE}", "data.location.contry is no field of sales.deal.won; did you mean country?"),
    ],
)
def test_a_field_that_the_type_does_not_know_is_refused_once(make: Any, given: str, said: str) -> None:
    with pytest.raises(BadMapping) as caught:
        make(TYPO % given, "never read")
    assert f"plan.yaml: files[0].events[0]: {said}" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_type_that_is_not_taken_is_refused_once(make: Any) -> None:
    with pytest.raises(BadMapping, match=r"type sales.deal.wonn is unknown; did you mean sales.deal.won\?"):
        make(WON.replace("sales.deal.won", "sales.deal.wonn"), HEADER + "x\n" * 3)


def test_all_fields_of_a_type_are_known(make: Any) -> None:
    given = 'rep: "{rep}", splits: [{rep: "{rep}", share_bp: 10000}], location: {country: DE}, amount_minor: 1'
    rows = "deal,account,rep,closed\nD-1,A-1,R-1,2026-07-01 10:00:00\n"
    assert len(make(TYPO % f"{given}, currency: EUR", rows)) == 1
