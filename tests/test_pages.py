"""The pages hold together: every link and every pointer from an error to a rule leads somewhere."""

import os
import re
from pathlib import Path

from tests.source_tree import ROOT, files, package_files, text

LINK = re.compile(r"\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)")
POINTER = re.compile(r"\b(docs/[\w/-]+\.md)(?:#([\w-]+))?")
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.*?) *#*$", re.MULTILINE)
MARK = re.compile(r'<a (?:id|name)="([^"]+)"')


def anchors(page: Path) -> set[str]:
    """What a link can point at in a page: its headings as a forge spells them, and marks set by hand."""
    prose = FENCED.sub("", text(page))
    spelled = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(prose))
    return {*spelled, *MARK.findall(prose)}


def leads_nowhere(target: Path, anchor: str) -> bool:
    """Whether a path from the root, with an anchor or an empty one, is not there or leads out of the repository."""
    if ".." in target.parts or not (ROOT / target).exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = []
    for page in (path for path in files() if path.suffix == ".md"):
        for place, anchor in LINK.findall(FENCED.sub("", text(page))):
            target = Path(os.path.normpath(page.parent / place)) if place else page
            if leads_nowhere(target, anchor):
                broken.append(f"{page}: {place}#{anchor}")
    assert not broken


def test_every_rule_that_code_points_at_is_on_its_page() -> None:
    pointers = {(str(path), *found) for path in package_files() for found in POINTER.findall(text(path))}
    assert not sorted(
        f"{where}: {page}#{anchor}" for where, page, anchor in pointers if leads_nowhere(Path(page), anchor)
    )
