"""The board's page of alerts speaks of people by their names."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.wall.boards import alerts_page
from schemas.alert import AlertRecord


def alert(scope: str, title: str, text: str) -> AlertRecord:
    return AlertRecord("acme", "rep_stall", scope, "firing", "warning", "lead", 1, 1, 1, title=title, text=text)


def test_a_rep_is_named_and_everybody_else_goes_by_id() -> None:
    alerts = [
        alert("rep:R-1", "Rep stall: R-1", "R-1 of team Rhine has done nothing since 09:10; R-1 is due"),
        alert("rep:R-9", "Rep stall: R-9", "R-9 has done nothing"),
        alert("publisher:crm", "Source silent: crm", "crm was last heard at 09:10"),
        alert("company", "Behind target: The company", "The company is at 70 %"),
    ]
    (page,) = alerts_page(alerts, {"R-1": "Ada Aydin"})
    assert [(row["title"], row["who"]) for row in page["rows"]] == [
        ("Rep stall", "Ada Aydin"),
        ("Rep stall", "R-9"),
        ("Source silent", "crm"),
        ("Behind target", "The company"),
    ]
    assert page["rows"][0]["text"] == "Ada Aydin of team Rhine has done nothing since 09:10; R-1 is due"
    assert page["rows"][3]["text"] == "The company is at 70 %"


def test_without_alerts_there_is_no_page() -> None:
    assert alerts_page([], {}) == []


def test_where_more_are_open_than_fit_those_of_a_kind_are_one_row() -> None:
    stalls = [alert(f"rep:R-{n}", f"Rep stall: R-{n}", f"R-{n} has done nothing") for n in range(9)]
    stalls[4] = replace(stalls[4], since_ms=-1)
    silent = replace(alert("publisher:crm", "Source silent: crm", "crm was last heard"), alert="source_silent")
    done = replace(alert("rep:R-10", "Rep stall: R-10", "R-10 has done nothing"), state="acknowledged")
    (page,) = alerts_page([silent, *stalls, done], {"R-4": "Ada Aydin"})
    assert page["of"] == 11
    assert [(row["title"], row["who"], row["state"]) for row in page["rows"]] == [
        ("Source silent", "crm", "firing"),
        ("Rep stall", "9 reps", "firing"),
        ("Rep stall", "R-10", "acknowledged"),
    ]
    group = page["rows"][1]
    assert (group["of"], group["text"]) == (9, "Ada Aydin has done nothing"), "who has stalled longest is told"
    assert [member["who"] for member in group["members"]] == ["Ada Aydin", *(f"R-{n}" for n in range(9) if n != 4)]
    assert group["members"][0]["id"] == stalls[4].id
