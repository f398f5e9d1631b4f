"""Desks of letters: one where no keys are configured, one of two tenants and an operator."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.keyring import Publisher
from tests.gateway.letters.post_office import Desk

KEYS = {
    "acme-key": Publisher("acme", may_backfill=False),
    "globex-key": Publisher("globex", may_backfill=True),
    "root-key": Publisher("ops", may_backfill=False, operator=True),
}


@pytest.fixture
async def open_desk() -> AsyncIterator[Desk]:
    """No keys are configured."""
    made = Desk({})
    yield made
    await made.http.aclose()


@pytest.fixture
async def keyed() -> AsyncIterator[Desk]:
    """Two tenants and an operator."""
    made = Desk(KEYS)
    yield made
    await made.http.aclose()
