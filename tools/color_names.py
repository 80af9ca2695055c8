"""Derive the tables of colour names, as the header core/color_name_tables.hpp.

    python tools/color_names.py > core/color_name_tables.hpp

- Names of CSS: CSS Color Module Level 4, section 6.1. Where two name one colour, `PREFERRED` is
  what the colour is called.
- Common names: what 222,500 people called colours in R. Munroe's survey (2010), whose list is in
  the public domain (CC0), as Matplotlib has it. Left out are names that nobody wants to read beside
  a picture, names of brands, misspellings, and words that name no colour by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matplotlib.colors import CSS4_COLORS, XKCD_COLORS

PREFERRED = ("cyan", "magenta")

DISTASTEFUL = (
    "barf bile blood boring booger bruise diarrhea drab gross hospital icky nasty piss poison poo "
    "poop puke radioactive shit sick sickly slime snot toxic ugly vomit weird"
)
BRANDS = "adobe barbie barney kermit tiffany windows"
MISSPELT = (
    "burple fluro forrest lavendar liliac ocre perrywinkle siena terracota toupe urple vermillion "
    "kelley manilla liliac creme"
)
# By themselves, unlike "pale blue".
NO_COLORS = (
    "bland bluish brownish dark desert dirt dusk dust golden greenish greyish orangeish orangish "
    "pale pinkish pinky purpleish purpley purplish purply reddish rosa royal sandy sea sky swamp "
    "tealish velvet yellowish"
)


def main() -> None:
    print("// Made by tools/color_names.py, which says where these come from.")
    print("#pragma once\n\n#include <string_view>\n")
    print("namespace kpalette {\n")
    print("// rrggbb and a name, a line for each: a table of pointers would be twice as large.")
    print("// clang-format off")
    css = sorted(CSS4_COLORS.items(), key=lambda item: (item[0] not in PREFERRED, item[0]))
    table("kCssNames", dict(css))
    print()
    table("kCommonNames", dict(common()))
    print("// clang-format on\n\n}  // namespace kpalette")


def common() -> Iterator[tuple[str, str]]:
    """Return the common names that are kept, and their colours."""
    left_out = {*DISTASTEFUL.split(), *BRANDS.split(), *MISSPELT.split()}
    for name, color in sorted(XKCD_COLORS.items()):
        name = name.removeprefix("xkcd:")
        if "/" not in name and name not in NO_COLORS.split() and not left_out & {*name.split()}:
            yield name, color


def table(called: str, names: Mapping[str, str]) -> None:
    """Print a string, as many entries in a line as it has room for."""
    print(f"inline constexpr std::string_view {called} =")
    line = ""
    for name, color in names.items():
        entry = rf"{color[1:].lower()} {name}\n"
        if len(line) + len(entry) > 94:
            print(f'    "{line}"')
            line = ""
        line += entry
    print(f'    "{line}";')


if __name__ == "__main__":
    main()
