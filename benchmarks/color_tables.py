"""Colours at the same k, as tables of the open benchmark's page."""

from __future__ import annotations

import statistics

from benchmarks.colors import BESIDE, MEASURES, Measure, Row, groups_of, rows
from benchmarks.markdown import Document, bold, number, table
from benchmarks.weaknesses import OURS


def lines(document: Document) -> list[str]:
    plan = document["runs"]["colors"]["plan"]
    lines = [
        "## Colours at the same k",
        "",
        "Palettes are rounded to 8 bits. MSE is summed over channels in 8-bit sRGB, and not told "
        "of what is dithered, which raises it. SSIMULACRA2: more is better, 100 is no difference. "
        f"These and FLIP are of at most {plan['looks']} pictures of each folder. Each: the mean, "
        "the worst picture, and the number of pictures on which no other is better. In brackets: "
        f"so many pictures only, of what takes more than {BESIDE * plan['slow']:g} s beside "
        "others; *balanced* is then the mean of kpalette's balanced effort on the same, in sRGB "
        "for MSE and in Oklab for looks. What has more colours than k is told with their number, "
        "and best on none. pngquant's colours are libimagequant's. Transparent pictures lie over "
        "white.",
    ]
    for group in groups_of(document):
        for dithered in (False, True):
            for k in plan["ks"]:
                found = color_table(document, group, k, dithered=dithered)
                if found:
                    title = f"{group}, {'' if dithered else 'not '}dithered, k = {k}"
                    lines += ["", f"### {title}", "", *found]
    return lines


def color_table(document: Document, group: str, k: int, *, dithered: bool) -> list[str]:
    measures = MEASURES[1:] if dithered else MEASURES
    by = {m.key: rows(document, group, k, m, dithered=dithered) for m in measures}
    names = [name for name in document["rivals"] if any(name in found for found in by.values())]
    most = max((len(row.values) for row in by[measures[0].key].values()), default=0)
    head = ["method"]
    for measure in measures:
        head += [measure.name, "worst", "best on"]
    made = []
    for name in names:
        row = by[measures[0].key].get(name)
        label = bold(document, name)
        if row is not None and row.colors > k:
            label += f", {row.colors} colours"
        if row is not None and len(row.values) < most:
            label += f" [{len(row.values)}]"
        cells = [label]
        for measure in measures:
            one = by[measure.key].get(name)
            cells += (
                ["–"] * 3
                if one is None
                else [
                    number(one.mean, measure.form)
                    + beside(measure, one, by[measure.key].get(OURS[measure.key, dithered])),
                    number(one.worst, measure.form),
                    str(one.best_on),
                ]
            )
        made.append(cells)
    return table(head, made) if made else []


def beside(measure: Measure, row: Row, ours: Row | None) -> str:
    """Return the mean of ours over a row's pictures, if ours has more."""
    if ours is None or not row.values.keys() < ours.values.keys():
        return ""
    mean = statistics.fmean(ours.values[image] for image in row.values)
    return f" (balanced {number(mean, measure.form)})"
