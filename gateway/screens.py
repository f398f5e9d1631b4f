"""Screens: tokens with which a display on a wall may read one tenant's numbers, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

COOKIE = "salespulse_screen"
COOKIE_S = 400 * 86_400


class Screens:
    """Tokens, held as digests so that looking one up tells nothing about the others by its timing."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        """``tokens``: token → tenant. None: everybody may read."""
        self._tenants = {_digest(token): tenant for token, tenant in tokens.items()}

    @property
    def is_open(self) -> bool:
        """Whether everybody may read, because no token is configured."""
        return not self._tenants

    def tenant(self, token: str | None) -> str | None:
        """Whose numbers a token may read; None for one that is unknown."""
        return None if token is None else self._tenants.get(_digest(token))


def bearer(authorization: str | None) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
