"""A receipt counts only with our signature over it and the value."""

from __future__ import annotations

from schemas.receipt import sign, verified_ms

KEY, VALUE = b"secret", b'{"id":"1"}'


def test_what_was_signed_is_verified() -> None:
    assert verified_ms(sign(1_795_000_000_123, VALUE, KEY), VALUE, KEY) == 1_795_000_000_123


def test_anything_else_proves_nothing() -> None:
    headers = sign(1_795_000_000_123, VALUE, KEY)
    assert verified_ms(headers, VALUE + b" ", KEY) is None
    assert verified_ms(headers, VALUE, b"other") is None
    assert verified_ms(headers, VALUE, b"") is None
    assert verified_ms(headers, None, KEY) is None
    assert verified_ms(headers[:1], VALUE, KEY) is None
    assert verified_ms([("received-at", b"1795000000124"), headers[1]], VALUE, KEY) is None
    assert verified_ms([("received-at", b"-1"), headers[1]], VALUE, KEY) is None
