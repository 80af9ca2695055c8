"""How commands explain themselves: --help in about ten lines, --help-all in full."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import click

from kpalette.cli.mistaken import correction, file_named, likely
from kpalette.cli.options import OPTIONS, SECTIONS, declared
from kpalette.record import Record

Command: TypeAlias = Callable[..., int]


#: A name that shells complete. What is wrong with the file itself, the commands tell.
PATH = click.Path(readable=False)


class Option(click.Option):
    """An option that --help-all shows in a section, and --help only if it is a common one.

    Parameters
    ----------
    section : str
        Of `options.SECTIONS`: where --help-all shows it.
    common : bool
        Whether --help shows it, too.
    check : function, optional
        Reads its text, or those of all that are given, if it may be given again; it raises
        ValueError for what it does not take.
    choices : sequence of str, optional
        What it takes; in any case, if `any_case`.
    is_path : bool
        Whether it takes the name of a file.
    **how
        The rest of what click takes for an option.
    """

    def __init__(
        self,
        *args: Any,
        section: str = OPTIONS,
        common: bool = False,
        check: Callable[[Any], Any] | None = None,
        choices: Sequence[str] = (),
        any_case: bool = False,
        is_path: bool = False,
        **how: Any,
    ) -> None:
        if choices:
            how["type"] = click.Choice(choices, case_sensitive=not any_case)
        elif is_path:
            how["type"] = PATH
        if check is not None:
            how["callback"] = _checking(check)
        super().__init__(*args, **how)
        self.section, self.common = section, common


def _checking(check: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return what click calls with the text of an option."""

    def checked(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        try:
            return None if value is None else check(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return checked


def takes(**groups: type[Record]) -> Callable[[Command], Command]:
    """Add the options of groups to a command, which is then called with a value of each group.

    Parameters
    ----------
    **groups : subclass of Record
        Whose fields `options.option` declares, by the names of the command's parameters.

    Examples
    --------
    >>> from kpalette.cli.options import flag
    >>> class Looks(Record):
    ...     large: bool = flag("--large")
    >>> @click.command()
    ... @takes(looks=Looks)
    ... def show(looks: Looks) -> None:
    ...     print(looks.large)
    >>> show.main(["--large"], standalone_mode=False)
    True
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def called(**given: Any) -> int:
            values = {
                name: group(**{field: given.pop(field) for field in group.fields})
                for name, group in groups.items()
            }
            return command(**given, **values)

        decorated: Command = called
        for group in reversed(groups.values()):
            for field, told in reversed([*declared(group)]):
                decorated = click.option(*told.names, field, cls=Option, **told.how)(decorated)
        return decorated

    return decorate


class Explained(click.Command):
    """A command whose --help is for what it is mostly used for, and whose --help-all has all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--help-all"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_all,
                help="Show every option, more examples, and exit codes.",
            )
        )

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read the command line; say what to type in place of an option that there is not."""
        typed = [*args]
        try:
            return super().parse_args(context, args)
        except click.NoSuchOption as error:
            name = error.option_name
            advice = file_named(name, typed) or correction(name, self) or likely(error)
            raise click.UsageError(f"no option {name}{advice and f'; {advice}'}", context) from None

    @property
    def summary(self) -> str:
        """The first sentence of its help, without the full stop."""
        return " ".join((self.help or "").partition("\n\n")[0].split()).rstrip(".")

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the summary, whole: lists of commands wrap it and cut nothing off."""
        return self.summary

    def format_help(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write --help."""
        self.format_usage(context, formatter)
        formatter.write_paragraph()
        formatter.write_text(f"{self.summary}.")
        formatter.write(f"  {first_example(self)}\n")
        self.format_common(context, formatter)

    def format_common(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the common options, each with the first sentence of its help."""
        common = [
            (_short_names(record[0]), first_sentence(record[1]))
            for parameter in self.get_params(context)
            if isinstance(parameter, click.Option)
            and self.is_common(context, parameter)
            and "--help" not in parameter.opts
            and (record := parameter.get_help_record(context)) is not None
        ]
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_dl(common)

    def is_common(self, context: click.Context, parameter: click.Parameter) -> bool:
        """Return whether --help shows an option: by itself, if it is the command's own."""
        return getattr(parameter, "common", True)

    def format_all(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write --help-all."""
        super().format_help(context, formatter)

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write all options, in sections."""
        for title, records in sections(self, context).items():
            with formatter.section(title):
                formatter.write_dl(records)


class ExplainedGroup(Explained, click.Group):
    """A group of commands that explains itself so."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name of the command, the command and the rest of the command line."""
        if not args[0]:
            context.fail("expected a command or a photo, got ''")
        return super().resolve_command(context, args)

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the commands' names, in the order in which they are documented."""
        return [*self.commands]

    def format_common(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, and what tells more."""
        self.format_commands(context, formatter)
        formatter.write_paragraph()
        formatter.write_text(f"'{context.command_path} COMMAND --help' explains a command.")
        super().format_common(context, formatter)

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options and the commands."""
        super().format_options(context, formatter)
        self.format_commands(context, formatter)


def sections(command: click.Command, context: click.Context) -> dict[str, list[tuple[str, str]]]:
    """Return the options' names and helps by section, without those that have none."""
    found: dict[str, list[tuple[str, str]]] = {title: [] for title in SECTIONS}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            found[getattr(parameter, "section", OPTIONS)].append(record)
    return {title: records for title, records in found.items() if records}


def first_sentence(text: str) -> str:
    """Return the first sentence of an option's help, and its default.

    Examples
    --------
    >>> first_sentence("How many. More look better.  [default: 256]")
    'How many.  [default: 256]'
    """
    words, bracket, default = text.partition("  [")
    return re.split(r"(?<=\.) ", words)[0] + bracket + default


def _short_names(names: str) -> str:
    """Return an option's names but those after the second, with what it takes.

    Examples
    --------
    >>> _short_names("-o, --out, --output OUT"), _short_names("-f, --force")
    ('-o, --out OUT', '-f, --force')
    """
    return re.sub(r"^(\S+, [^\s,]+)(, [^\s,]+)+", r"\1", names)


def first_example(command: click.Command) -> str:
    """Return the first command line among the examples of a command's help."""
    lines = inspect.cleandoc(command.help or "").splitlines()
    return next(line.strip() for line in lines if line.startswith("  kpalette "))


def _show_all(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and isinstance(context.command, Explained):
        formatter = context.make_formatter()
        context.command.format_all(context, formatter)
        click.echo(formatter.getvalue().rstrip("\n"), color=context.color)
        context.exit()
