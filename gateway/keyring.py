"""Who may publish: API keys and what each stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

DEFAULT_TENANT = "default"


class KeyGrant(Protocol):
    """What the settings say about an API key."""

    @property
    def tenant(self) -> str: ...

    @property
    def may_backfill(self) -> bool: ...

    @property
    def operator(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Publisher:
    """Whose events a request carries, whether history may be among them, and whether every letter may be seen."""

    tenant: str
    may_backfill: bool
    operator: bool = False


class Keyring:
    """API keys, held as digests so that looking one up tells nothing about the others by its timing."""

    def __init__(self, api_keys: Mapping[str, KeyGrant], *, allow_backfill: bool) -> None:
        self._grants = {
            _digest(key): Publisher(grant.tenant, grant.may_backfill, grant.operator) for key, grant in api_keys.items()
        }
        self._allow_backfill = allow_backfill
        self._anyone = None if api_keys else Publisher(DEFAULT_TENANT, allow_backfill)

    @property
    def is_open(self) -> bool:
        """Whether anybody may publish, as the default tenant, because no key is configured."""
        return self._anyone is not None

    def lets_backfill(self, tenant: str) -> bool:
        """Whether the workers take a tenant's history."""
        return self._allow_backfill or any(
            grant.may_backfill for grant in self._grants.values() if grant.tenant == tenant
        )

    def publisher(self, authorization: str | None) -> Publisher | None:
        """Who sends a request with this `Authorization` header; None if it has to be refused."""
        if self._anyone is not None:
            return self._anyone
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return self._grants.get(_digest(key.strip()))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
