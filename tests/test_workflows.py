"""Workflows run actions of others at a commit: a tag could be moved to other code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WORKFLOWS = sorted((Path(__file__).parents[1] / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)+|\./\.github/workflows/\w+\.yml")


def actions(text: str) -> list[str]:
    """Return what each step uses, with the comment after it."""
    return re.findall(r"^[\s-]*uses:\s*(.+?)\s*$", text, re.MULTILINE)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    found = actions(path.read_text())
    assert found
    assert [one for one in found if not PINNED.fullmatch(one)] == []


def test_an_action_has_one_version() -> None:
    used = {action for path in WORKFLOWS for action in actions(path.read_text())}
    assert len({action.split("@")[0] for action in used}) == len(used)


def test_a_tag_is_found() -> None:
    text = (
        "    steps:\n      - uses: actions/checkout@v5\n      - name: a\n        uses: a/b@main\n"
    )
    assert actions(text) == ["actions/checkout@v5", "a/b@main"]
    assert not any(map(PINNED.fullmatch, actions(text)))
