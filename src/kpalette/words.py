"""Numbers with the nouns that they count."""


def plural(number: int, noun: str) -> str:
    """Return a noun as it follows a number.

    Examples
    --------
    >>> plural(1, "colour"), plural(0, "colour")
    ('colour', 'colours')
    """
    return noun if number == 1 else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """Return a number with the noun that is counted, in the plural if need be.

    Examples
    --------
    >>> counted(1, "colour"), counted(2500, "colour")
    ('1 colour', '2,500 colours')
    """
    return f"{number:,} {plural(number, noun)}"
