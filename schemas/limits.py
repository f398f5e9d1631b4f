"""The envelope's limits, one place for both paths."""

from __future__ import annotations

MAX_BYTES = 65_536
MAX_DEPTH = 32
REVISION_MAX = 2**31 - 1
TENANT_MAX = 64
TENANT_PATTERN = r"[A-Za-z0-9._-]{1,64}"

TIME_MIN_MS = -2_208_988_800_000
"""1900-01-01T00:00:00Z."""
TIME_MAX_MS = 32_503_680_000_000
"""3000-01-01T00:00:00Z, exclusive: further is a mistake, and no calendar function must meet year 10,000."""
