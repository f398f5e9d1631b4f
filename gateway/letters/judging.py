"""What a letter's event is by the contract of today: one that would count, or why it wouldn't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.ingest import judge
from gateway.keyring import Publisher
from gateway.letters.letter import Letter
from gateway.letters.patching import Patch
from schemas.event import Event, decode, same_content
from schemas.verdicts import Code, Refusal
from stream.intake import FOLD_REASONS

ACCEPTABLE = "acceptable"
"""In the place of a verdict: nothing known before the fold speaks against it."""

PAGE = "docs/letters.md"


@dataclass(frozen=True)
class Rules:
    """Under whose rights letters are judged and sent. ``publisher`` None is an operator, who sends every tenant's.

    ``keeps_receipt``: a signing key proves the receipt to the workers; without one they judge by the arrival.
    """

    name: str
    publisher: Publisher | None
    keeps_receipt: bool
    lets_backfill: Callable[[str], bool]

    def receipt_of(self, letter: Letter, now_ms: int) -> int:
        """The receipt by which a worker will judge the time of a letter sent now."""
        return letter.received_ms if self.keeps_receipt else now_ms


def judge_again(letter: Letter, patch: Patch, raw: bytes, rules: Rules, now_ms: int) -> Event | Refusal:
    """The event in ``raw``, which is the letter's as patched, or why to send it would be in vain or is not allowed."""
    if not letter.has_bytes:
        return Refusal(
            Code.NOT_ANONYMOUS, f"letter {letter.address}: its bytes were not kept ({PAGE}#what-has-no-bytes)"
        )
    event = decode(raw)
    tenant = event.tenant
    publisher = rules.publisher or Publisher(tenant or letter.tenant, may_backfill=rules.lets_backfill(tenant))
    event = judge(raw, publisher, rules.receipt_of(letter, now_ms))
    if isinstance(event, Refusal):
        return event
    if letter.reason == Code.NOT_ALLOWED and rules.publisher is None and not patch.names_tenant:
        return _refusal(
            event,
            Code.NOT_ALLOWED,
            f"letter {letter.address} was refused because its tenant was in doubt; "
            f"say which it is with tenant in the patch ({PAGE}#tenants)",
        )
    return _in_vain(letter, event) or event


def _in_vain(letter: Letter, event: Event) -> Refusal | None:
    """A refusal if the fold is bound to refuse this event again, as it did the letter's."""
    before = decode(letter.raw)
    if isinstance(before, Refusal) or _identity(before) != _identity(event):
        return None
    if letter.reason == Code.CONFLICT and event.revision <= before.revision:
        return _refusal(
            event,
            Code.CONFLICT,
            f"its identity has other content at revision {before.revision}, which stands; to replace that, send this "
            f'as a higher revision: --revision next, or "revision":"next" ({PAGE}#conflicts)',
        )
    has_settled = letter.reason == Code.TOO_OLD and FOLD_REASONS[Code.TOO_OLD] in letter.told("detail")
    if has_settled and same_content(before, event):
        return _refusal(event, Code.TOO_OLD, f"{FOLD_REASONS[Code.TOO_OLD]}, for ever ({PAGE}#what-stays-refused)")
    return None


def _identity(event: Event) -> tuple[str, str, str, str]:
    return event.tenant, event.subject, event.source, event.id


def _refusal(event: Event, code: Code, text: str) -> Refusal:
    detail = f"event {event.source}#{event.id}: {text}"
    return Refusal(code, detail, event.source, event.id, event.tenant, event.subject)
