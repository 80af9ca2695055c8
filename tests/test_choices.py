"""What can be chosen by name is what the core's tables have, wherever it is offered or named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

import pytest

import kpalette
from conftest import noise
from kpalette import _core, choices, cli, distributed, scopes, sorting
from kpalette.cli import groups

TABLES = {"space": _core.SPACES, "effort": _core.EFFORTS, "dither": _core.DITHERS}


def test_types_are_the_tables() -> None:
    assert get_args(choices.Space) == choices.SPACES == _core.SPACES
    assert get_args(choices.Effort) == choices.EFFORTS == _core.EFFORTS
    assert get_args(choices.Dither) == choices.DITHERS == _core.DITHERS
    assert get_args(choices.Scope) == groups.SCOPES == ("auto", *scopes.SCOPES)
    assert get_args(choices.Order) == tuple(sorting.ORDERS)


@pytest.mark.parametrize("name", sorted(cli.commands.commands))
def test_commands_offer_the_tables(name: str) -> None:
    options = {option.name: option for option in cli.commands.commands[name].params}
    for key in TABLES.keys() & options.keys():
        offered = tuple(options[key].type.choices)
        assert offered == (("none",) if key == "dither" else ()) + TABLES[key]


def test_some_commands_have_them() -> None:
    offered = [
        {option.name for option in command.params} & TABLES.keys()
        for command in cli.commands.commands.values()
    ]
    assert set(TABLES) in offered


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.parametrize(
    "function", [kpalette.quantize, kpalette.quantize_animation, distributed.quantize]
)
def test_docstrings_name_the_tables(function: Callable[..., Any], key: str) -> None:
    found = re.search(rf"^ +{key} : {{(.*)}}", function.__doc__ or "", re.MULTILINE)
    if found:
        assert sorted(re.findall(r'"(.+?)"', found[1])) == sorted(TABLES[key])
    else:
        assert re.search(
            rf"^ +[a-z_, ]*{key}.*\n +See :func:", function.__doc__ or "", re.MULTILINE
        )


@pytest.mark.parametrize(("key", "table"), TABLES.items())
def test_errors_list_the_tables(key: str, table: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=rf"^{key}: expected .*{', '.join(table)}, got 'none'"):
        kpalette.quantize(noise(2, 2), 1, **{key: "none"})


def test_the_core_lists_them_as_well() -> None:
    team = _core.Team(1)
    histogram = kpalette.ColorHistogram.from_image(noise(2, 2))
    with pytest.raises(ValueError, match=r"space: expected one of oklab, srgb, .*, got 'hsv'"):
        _core.Fitter(histogram.colors, histogram.counts, "hsv", team)
    fitter = _core.Fitter(histogram.colors, histogram.counts, "oklab", team)
    with pytest.raises(ValueError, match=r"effort: expected one of fast, .*, got 'most'"):
        fitter.fit(1, "most", 0)
