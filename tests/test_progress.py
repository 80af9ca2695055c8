"""The line that says how far something is."""

import re

import pytest

from kpalette import progress


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\r") if line.strip()]


def test_a_line_with_the_time_left(clock, capsys) -> None:
    with progress.ProgressLine("photos", 1200) as line:
        clock[0] += 60
        line.update(400)
        clock[0] += 7200
        line.update(1200)
    said = capsys.readouterr()
    assert lines(said.err) == [
        "photos: 0 of 1,200 [0:00]",
        "photos: 400 of 1,200 [1:00, 2:00 left]",
        "photos: 1,200 of 1,200 [2:01:00]",
    ]
    assert said.out == ""


def test_nothing_is_left_of_it(clock, capsys) -> None:
    with progress.ProgressLine("frames") as line:
        clock[0] += 1
        line.label = "a much longer label"
        line.update(3)
        clock[0] += 1
        line.label = "f"
        line.update(4)
    screen = [" "] * 80
    for part in re.split(r"\r", capsys.readouterr().err):
        screen[: len(part)] = part
    assert "".join(screen).strip() == ""


def test_it_is_not_written_too_often(clock, capsys) -> None:
    with progress.ProgressLine("photos", 10**6) as line:
        for done in range(1000):
            clock[0] += progress.PAUSE / 100
            line.update(done)
    assert len(lines(capsys.readouterr().err)) <= 12


@pytest.mark.parametrize("shown", [False, True])
def test_items_come_as_they_are(shown: bool, capsys) -> None:
    assert list(progress.counted([3, 1, 2], "items", shown=shown)) == [3, 1, 2]
    said = capsys.readouterr().err
    assert ("items: 0 of 3" in said) == shown
    assert said.endswith("\n") == shown
    assert ("items: 3 of 3" in said) == shown
