"""Screen tokens: with one a wall reads its tenant's numbers, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from gateway.screens import COOKIE
from stream.board.board import Board
from tests.wallboard.serving import Hung

TOKEN = "a-screen-in-the-hall"
BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """Two tenants; a screen may see one."""
    with (
        Hung({"acme": Board(), "globex": Board()}, tokens={TOKEN: "acme"}) as hung,
        httpx.Client(base_url=hung.url, timeout=20) as client,
    ):
        yield client


def test_without_a_token_nothing_is_read(http: httpx.Client) -> None:
    for path in (
        "/v1/values",
        "/v1/stream",
        "/v1/sources",
        "/v1/reference?table=roster",
        "/v1/leaderboard?kpi=revenue",
    ):
        assert http.get(path).status_code == 401, path
        assert http.get(path, headers={"authorization": "Bearer another"}).status_code == 401, path
    assert http.get("/").status_code == 200, "the page itself holds no number"


def test_a_token_reads_one_tenant(http: httpx.Client) -> None:
    assert http.get("/v1/values", headers=BEARER).status_code == 200
    assert http.get("/v1/values?tenant=globex", headers=BEARER).status_code == 403


def test_a_token_becomes_a_cookie_that_scripts_and_other_sites_never_see(http: httpx.Client) -> None:
    refused = http.post("/v1/screen", headers={"authorization": "Bearer another"})
    assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)
    answer = http.post("/v1/screen", headers=BEARER)
    assert answer.status_code == 204
    for attribute in (f"{COOKIE}={TOKEN}", "HttpOnly", "SameSite=strict", "Path=/"):
        assert attribute in answer.headers["set-cookie"]
    assert http.get("/v1/values").status_code == 200
    assert http.get("/v1/values?tenant=globex").status_code == 403
    with http.stream("GET", "/v1/stream") as stream:
        assert stream.status_code == 200


def test_no_token_is_needed_where_there_are_none() -> None:
    with Hung({"acme": Board()}) as hung:
        assert httpx.get(f"{hung.url}/v1/values").status_code == 200
        assert httpx.post(f"{hung.url}/v1/screen").status_code == 204
