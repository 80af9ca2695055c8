"""The headline of the open benchmark: bytes at equal looks, as tables."""

from __future__ import annotations

from benchmarks.colors import groups_of
from benchmarks.equal_looks import HIGH, LOW, mean, rates, smallest
from benchmarks.markdown import Document, number, plural, table
from benchmarks.rivals.writers import BASE


def short(document: Document) -> list[str]:
    """Return the table of docs/benchmarks.md: the means for each folder, and who is smallest."""
    groups = groups_of(document)
    found = {group: rates(document, group) for group in groups}
    best = {group: smallest(found[group]) for group in groups}
    optimized = {group: rates(document, group, "oxipng") for group in groups}
    head = ["bytes at equal looks"]
    for group in groups:
        head += [group, "after oxipng", f"smallest on, of {len(pictures(document, group))}"]
    rows = []
    for name in ordered(document, groups[0]):
        cells = [shown(document, name)]
        for group in groups:
            cells += [
                marked(found[group], name),
                marked(optimized[group], name),
                str(len(best[group].get(name, []))),
            ]
        rows.append(cells)
    return table(head, rows)


def full(document: Document) -> list[str]:
    """Return the section of the page."""
    told = document["runs"]["files"]["plan"]
    lines = [
        "## Bytes at equal looks",
        "",
        f"How many more bytes than `{BASE}` each program's files have at the same SSIMULACRA2, "
        f"from {LOW:g} to {HIGH:g} (BD-rate): +20 % is a fifth more, and less than 0 is fewer. Of "
        f"k = {', '.join(map(str, told['file_ks']))} and each way to dither, what gives the fewest "
        "bytes for at least these looks counts. The mean over pictures is geometric; *best* and "
        "*worst* are the pictures with the fewest and the most bytes against kpalette's; "
        "*smallest on* counts the pictures of which no other program's files are smaller. "
        "*oxipng*: all files after `oxipng -o 4`, which tells an encoder from colours. The crates "
        "of imagequant and quantette "
        "have no encoder: theirs are as many bits as the palette needs, no row filtered, "
        "libdeflate at level 10; and they take no alpha, so have fewer pictures, in brackets. "
        f"FLIP: the same by that measure, of at most {told['by_flip']} pictures of each folder.",
    ]
    for group in groups_of(document):
        lines += ["", f"### {group}", "", *of_group(document, group)]
    return lines


def of_group(document: Document, group: str) -> list[str]:
    written, optimized = rates(document, group), rates(document, group, "oxipng")
    by_flip = rates(document, group, by="flip")
    best, best_optimized = smallest(written), smallest(optimized)
    n = len(pictures(document, group))
    head = ["written by", "mean", "best", "worst", f"smallest on, of {n}"]
    head += ["oxipng: mean", f"oxipng: smallest on, of {n}", "FLIP: mean"]
    rows = []
    for name in ordered(document, group):
        found = written.get(name, {})
        few = f" [{len(found)}]" if found and len(found) < len(written[BASE]) else ""
        ends = [
            f"{signed(found[image])} {image}" if found and name != BASE else "–"
            for image in (
                [pick(found, key=found.__getitem__) for pick in (min, max)] if found else ["", ""]
            )
        ]
        rows.append(
            [
                shown(document, name) + few,
                percent(found),
                *ends,
                str(len(best.get(name, []))),
                percent(optimized.get(name)),
                str(len(best_optimized.get(name, []))),
                percent(by_flip.get(name)),
            ]
        )
    alone = [image for image in pictures(document, group) if image not in written.get(BASE, {})]
    note = (
        ["", f"Not comparable: {', '.join(alone)} {plural('picture', len(alone))}."]
        if alone
        else []
    )
    return [*table(head, rows), *note]


def pictures(document: Document, group: str) -> list[str]:
    return [name for name, about in document["pictures"].items() if about["group"] == group]


def ordered(document: Document, group: str) -> list[str]:
    """Return the writers that were measured, those with the fewest bytes first."""
    measured = {cell["writer"] for cell in document["files"]}
    found = rates(document, group)
    last = [name for name in document["writers"] if name in measured and name not in found]
    return sorted(found, key=lambda name: mean(found[name].values())) + last


def shown(document: Document, name: str) -> str:
    return f"**{name}**" if document["writers"][name]["ours"] else name


def percent(found: dict[str, float] | None) -> str:
    return signed(mean(found.values())) if found else "–"


def marked(found: dict[str, dict[str, float]], name: str) -> str:
    """Return a writer's mean, and the number of pictures if these are fewer than the base's."""
    by_image = found.get(name, {})
    few = f" (of {len(by_image)})" if 0 < len(by_image) < len(found.get(BASE, {})) else ""
    return percent(by_image) + few


def signed(share: float) -> str:
    return f"{number(100 * share, '+.1f')} %"
