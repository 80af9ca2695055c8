"""The command reference, made from the program: `{commands}` puts all of it in place."""

from __future__ import annotations

import inspect
import re
from typing import Any

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from kpalette import cli
from kpalette.cli.help import sections

#: What is typed as it is: options, names of files and commands in quotes.
TYPED = re.compile(r"((?<![\w.])--?[a-z][\w-]*|'[^' ]+')")


class Commands(SphinxDirective):
    """A section for each command: what it does, its options in sections, and examples."""

    def run(self) -> list[nodes.Node]:
        return [
            self._section(name, command)
            for name, command in cli.commands.commands.items()
            if not command.hidden
        ]

    def _section(self, name: str, command: click.Command) -> nodes.Node:
        context = click.Context(command, info_name=f"kpalette {name}")
        section = nodes.section(ids=[f"kpalette-{name}"], names=[f"kpalette {name}"])
        self.state.document.note_explicit_target(section)
        section += nodes.title(text=f"kpalette {name}")
        section += _typed_block(command.get_usage(context).removeprefix("Usage: "))
        section += _paragraphs(inspect.cleandoc(command.help or ""))
        for title, options in sections(command, context).items():
            section += nodes.rubric(text=title)
            rows = nodes.definition_list()
            for names, text in options:
                row = nodes.definition_list_item()
                row += nodes.term("", "", nodes.literal(text=names))
                row += nodes.definition("", _paragraph(text))
                rows += row
            section += rows
        return section


def _paragraphs(text: str) -> list[nodes.Node]:
    made: list[nodes.Node] = []
    for part in re.split(r"\n\s*\n", text):
        if not part.startswith("\b"):
            made.append(_paragraph(" ".join(part.split())))
            continue
        title, *lines = part.removeprefix("\b").strip("\n").splitlines()
        made += [_paragraph(title), _typed_block("\n".join(line[2:] for line in lines))]
    return made


def _paragraph(text: str) -> nodes.paragraph:
    paragraph = nodes.paragraph()
    for i, part in enumerate(TYPED.split(text)):
        paragraph += nodes.literal(text=part) if i % 2 else nodes.Text(part)
    return paragraph


def _typed_block(text: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language="text")


class ExitCodes(SphinxDirective):
    """The table of exit codes."""

    def run(self) -> list[nodes.Node]:
        rows = nodes.definition_list()
        for code, meaning in cli.EXIT_CODES.items():
            row = nodes.definition_list_item()
            row += nodes.term("", "", nodes.literal(text=str(code)))
            row += nodes.definition("", _paragraph(meaning))
            rows += row
        return [rows]


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("commands", Commands)
    app.add_directive("exit-codes", ExitCodes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
