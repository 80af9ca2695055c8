"""Values with named fields, as frozen dataclasses are, without what it takes to import those.

``dataclasses``, with ``inspect`` and ``re``, takes as long as a small picture.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform

    Made = TypeVar("Made", bound="Record")
else:

    def dataclass_transform(**_):
        """Return a decorator that changes nothing: it tells type checkers of fields."""
        return lambda kind: kind


@dataclass_transform(frozen_default=True)
class Record:
    """A value whose fields are its class's annotations, in order, those of its bases first.

    Nothing is to set them but :meth:`__init__`, and what keeps something that it has found once.

    Examples
    --------
    >>> class Point(Record):
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(1) == Point(1, 0), replace(Point(1), y=2).as_dict()
    (Point(x=1, y=0), True, {'x': 1, 'y': 2})
    """

    fields: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        """Collect the names of the fields."""
        names = [name for base in cls.__mro__[:0:-1] for name in getattr(base, "fields", ())]
        cls.fields = tuple(dict.fromkeys([*names, *cls.__annotations__]))

    def __init__(self, *values: Any, **given: Any) -> None:
        names = self.fields
        if len(values) > len(names) or not given.keys() <= {*names[len(values) :]}:
            raise TypeError(f"{type(self).__name__}: expected {names}, got {values} and {given}")
        given |= zip(names, values, strict=False)
        for name in names:
            if name not in given and not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__}: expected {name}, got none")
        self.__dict__.update(given)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by their names."""
        return {name: getattr(self, name) for name in self.fields}

    def __eq__(self, other: object) -> bool:
        """Return whether another value is of this kind and has equal fields."""
        if not isinstance(other, Record) or type(other) is not type(self):
            return NotImplemented
        return self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(tuple(self.as_dict().values()))

    def __repr__(self) -> str:
        named = ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())
        return f"{type(self).__name__}({named})"


def replace(record: Made, **changes: Any) -> Made:
    """Return a record with some fields changed."""
    return type(record)(**{**record.as_dict(), **changes})
