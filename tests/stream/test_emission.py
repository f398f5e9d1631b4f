"""What ACCOUNTS remembers of tenants while it gathers their cells."""

from __future__ import annotations

from stream.accounts.emission import TENANTS_MAX, Emission

NOW_MS = 1_772_445_600_000


def touch(emission: Emission, tenant: str) -> None:
    """An ordinary touch of a tenant."""
    emission.gather_touch(tenant, "crm", NOW_MS, NOW_MS, False, ("touches", "rep", "R-1", "call", 1, 1))


def test_a_tenant_that_was_forgotten_takes_the_place_of_another() -> None:
    emission = Emission()
    for number in range(TENANTS_MAX + 1):
        touch(emission, f"t-{number}")
    assert "t-0" not in emission.newest_ms
    touch(emission, "t-0")
    assert next(iter(emission.newest_ms)) == "t-2"
    assert list(emission.newest_ms)[-1] == "t-0"
    assert len(emission.newest_ms) == TENANTS_MAX
