"""The library gives what tests/golden has, which the playground's engine is held to as well."""

import json
from typing import Any

import pytest
from tools import golden

import kpalette

STORED = {
    name: json.loads((golden.GOLDEN / f"{name}.json").read_text())
    for name in ("images", *golden.FILES)
}


def named(case: dict[str, Any]) -> str:
    return "-".join(
        "+".join(map(str, value)) if isinstance(value, list) else str(value)
        for value in case.values()
    )


def test_images_are_those_of_the_formula() -> None:
    assert {name: entry["sha256"] for name, entry in STORED["images"].items()} == {
        name: golden.digest(image) for name, image in golden.PICTURES.items()
    }


@pytest.mark.parametrize("name", golden.FILES)
def test_all_cases_are_there(name: str) -> None:
    cases, _ = golden.FILES[name]
    assert [entry["case"] for entry in STORED[name]] == list(cases())


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        pytest.param(name, entry, id=f"{name}-{named(entry['case'])}")
        for name in golden.FILES
        for entry in STORED[name]
    ],
)
def test_outcome(name: str, entry: dict[str, Any]) -> None:
    assert golden.outcome(name, entry["case"]) == entry["gives"]


def test_they_cover_what_engines_could_do_differently() -> None:
    """Vivid regions, thinned colours, all colours kept, and hidden ones."""
    gives = {
        (case["image"], case["k"], case.get("space"), case.get("effort")): entry["gives"]
        for entry in STORED["quantize"]
        for case in [entry["case"]]
    }
    vivid = "#fa143c"
    assert vivid in gives["hills", 16, "oklab", None]["palette"]
    assert vivid not in gives["hills", 12, None, "fast"]["palette"]
    assert len(gives["tiles", 64, "oklab", None]["palette"]) == 24
    assert gives["tiles", 64, "oklab", None]["mse"] == 0
    assert any(color.endswith("00") for color in gives["glass", 16, "oklab", None]["palette"])
    colors = len(kpalette.ColorHistogram.from_image(golden.IMAGES["hills"]))
    assert colors >= 2 * 256 * 16, "placed by every other one at first"
