"""Patches: what is changed in a letter's event before it is sent. The letter itself stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.limits import REVISION_MAX
from schemas.plain_json import MalformedJson, Vast, parse

NEXT = "next"
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]", re.ASCII)
_PATH = re.compile(r"[^.\[\]]+(\[\d{1,6}\])*(\.[^.\[\]]+(\[\d{1,6}\])*)*", re.ASCII)
_MEMBERS = ("patch", "set", "event", "revision")


class Unpatchable(Exception):
    """A patch that can't be read, or not be laid on these bytes. One line: what, where, what now."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Changes in this order: ``whole`` replaces the event, ``merge`` is a JSON merge patch (RFC 7396: null takes a
    field out), ``sets`` are values by path, ``revision`` is a number or NEXT, the one after the letter's own.

    NEXT looks at nothing but the letter, so the same sending twice is the same revision twice.
    """

    whole: bytes | None = None
    merge: dict[str, Any] | None = None
    sets: tuple[tuple[str, Any], ...] = ()
    revision: int | str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the bytes stay as they came."""
        return self == Patch()

    @property
    def names_tenant(self) -> bool:
        """Whether it says whose event this is."""
        return self.whole is not None or "tenant" in (self.merge or {}) or "tenant" in dict(self.sets)

    def apply(self, raw: bytes) -> bytes:
        """The event as patched. Raises Unpatchable."""
        if self.whole is not None and not (self.merge or self.sets or self.revision is not None):
            return self.whole
        if self.is_empty:
            return raw
        event = _parsed(raw if self.whole is None else self.whole)
        if self.merge is not None:
            event = merged(event, self.merge)
        for path, value in self.sets:
            event = _with(event, path, value)
        if self.revision is not None:
            event = merged(event, {"revision": revision_after(raw) if self.revision == NEXT else self.revision})
        return encoded(event)


def patch_from(given: dict[str, Any]) -> Patch:
    """The patch that members of a JSON object spell: patch, set, event, revision. Raises Unpatchable."""
    patch, sets, event, revision = (given.get(name) for name in _MEMBERS)
    for name, found in (("patch", patch), ("set", sets), ("event", event)):
        if found is not None and not isinstance(found, dict):
            raise Unpatchable(f"{name} must be an object")
    return Patch(
        whole=None if event is None else encoded(event),
        merge=patch,
        sets=tuple((checked_path(path), value) for path, value in (sets or {}).items()),
        revision=checked_revision(revision),
    )


def checked_path(path: str) -> str:
    """A path such as data.lines[0].qty. Raises Unpatchable."""
    if _PATH.fullmatch(path) is None:
        raise Unpatchable(f'path "{path}" is none; it must be names joined by points, such as data.lines[0].qty')
    return path


def checked_revision(revision: Any) -> int | str | None:
    """A revision to set: a number, NEXT, or None. Raises Unpatchable."""
    if revision is None or revision == NEXT:
        return NEXT if revision == NEXT else None
    if isinstance(revision, bool) or not isinstance(revision, int) or not 0 <= revision <= REVISION_MAX:
        raise Unpatchable(f'revision must be "{NEXT}" or an integer from 0 to {REVISION_MAX}')
    return revision


def revision_after(raw: bytes) -> int:
    """The revision after the one that these bytes carry, 0 where none can be read."""
    try:
        found = parse(raw)
    except MalformedJson:
        return 1
    revision = found.get("revision") if isinstance(found, dict) else None
    return revision + 1 if isinstance(revision, int) and not isinstance(revision, bool) else 1


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch laid on a value, as RFC 7396 defines it."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


def encoded(event: Any) -> bytes:
    """A JSON value as bytes. Raises Unpatchable for what JSON in UTF-8 can't hold exactly."""
    if any(isinstance(value, Vast) for value in _leaves(event)):
        raise Unpatchable("the event holds a number that can't be written again exactly; give the whole event")
    try:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, UnicodeEncodeError) as exc:
        raise Unpatchable(f"the patched event is no JSON in UTF-8: {exc}") from None


def _parsed(raw: bytes) -> Any:
    try:
        return parse(raw)
    except MalformedJson as exc:
        raise Unpatchable(f"these bytes are no JSON ({exc}); give the whole event instead of a patch") from None


def _with(event: Any, path: str, value: Any) -> Any:
    """The event with a value at a path; objects on the way are made where they are missing."""
    steps: list[str | int] = [name or int(place) for name, place in _STEP.findall(path)]
    return _placed(event, steps, value, path)


def _placed(target: Any, steps: list[str | int], value: Any, path: str) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not isinstance(target, list) or step >= len(target):
            found = f"a list of {len(target)}" if isinstance(target, list) else "no list"
            raise Unpatchable(f"{path}: there is {found} where [{step}] is wanted")
        return [*target[:step], _placed(target[step], rest, value, path), *target[step + 1 :]]
    if target is not None and not isinstance(target, dict):
        raise Unpatchable(f'{path}: there is no object where "{step}" is wanted')
    found_object: dict[str, Any] = target or {}
    return found_object | {step: _placed(found_object.get(step), rest, value, path)}


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for held in value.values():
            yield from _leaves(held)
    elif isinstance(value, list):
        for held in value:
            yield from _leaves(held)
    else:
        yield value
