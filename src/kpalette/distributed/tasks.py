"""Task graphs: one task per tile, whose errors name the tile, and a tree that merges results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import dask
from dask._task_spec import (
    Alias,
    List,
    Task,
    TaskRef,
    convert_legacy_graph,
    fuse_linear_task_spec,
)
from dask.base import tokenize
from dask.delayed import Delayed
from dask.utils import ensure_dict

from kpalette.distributed.errors import reading

Key: TypeAlias = "str | tuple[Any, ...]"

#: Results that one task merges: this bounds its memory, whatever the source's size.
FAN_IN = 8


@dataclass(frozen=True)
class Tasks:
    """Tasks that Dask can run.

    Attributes
    ----------
    graph : dict
        Dask's nodes by key.
    names : dict
        The tile or photo of each result, by key, for errors.
    """

    graph: dict[Key, Any]
    names: dict[Key, str]


@dataclass(frozen=True)
class Named:
    """A task's function, whose errors name the tile."""

    func: Callable[..., Any]
    where: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        with reading(self.where):
            return self.func(*args, **kwargs)


def needing(collection: Any, results: Mapping[Key, Any], names: Mapping[Key, str]) -> Tasks:
    """Add the tasks of a collection that results depend on; errors of each name the tile.

    Parameters
    ----------
    collection : dask collection
        It is optimized by Dask.
    results : mapping
        Dask's tasks by key. A chain of tasks that only one of them needs is fused with it, so that
        no pixels are sent between workers.
    names : mapping
        The name of each result's tile.
    """
    (optimized,) = dask.optimize(collection)
    graph = {**convert_legacy_graph(ensure_dict(optimized.__dask_graph__())), **results}
    graph = fuse_linear_task_spec({key: graph[key] for key in _owners(graph, names)}, set(names))
    for key in names:
        if isinstance(graph[key], Alias):  # Dask renames a fused chain
            graph[key] = graph.pop(graph[key].target)
    owners = _owners(graph, names)
    named = {key: _naming(key, graph[key], owner) for key, owner in owners.items()}
    return Tasks(named, dict(names))


def _naming(key: Key, node: Any, owner: str | None) -> Any:
    if type(node) is not Task:  # a container or a literal, which cannot fail
        return node
    func = Named(node.func, owner or f"several tiles (task {key})")
    return Task(key, func, *node.args, _data_producer=node.data_producer, **node.kwargs)


def _owners(graph: Mapping[Key, Any], names: Mapping[Key, str]) -> dict[Key, str | None]:
    """Return each needed task, and the name of the result that needs it; None if several do."""
    owners: dict[Key, str | None] = {}
    for result, where in names.items():
        waiting: list[tuple[Key, str | None]] = [(result, where)]
        while waiting:
            key, owner = waiting.pop()
            if key in owners:
                if owners[key] in (None, owner):
                    continue
                owner = None
            if key not in graph:  # its result is on the cluster already
                continue
            owners[key] = owner
            waiting += [(needed, owner) for needed in graph[key].dependencies]
    return owners


def merged(tasks: Tasks, merge: Callable[[list[Any]], Any]) -> Delayed:
    """Add a tree that merges all results into one.

    Eight neighbours are merged as soon as they are done, so that few wait at any time.

    Parameters
    ----------
    tasks : Tasks
        With at least one result.
    merge : function
        Merges a list of results into one.
    """
    graph = dict(tasks.graph)
    token = tokenize(list(tasks.names), merge)
    layer = list(tasks.names)
    depth = 0
    while len(layer) > 1 or depth == 0:
        above: list[Key] = []
        for group in _groups(layer):
            key = (f"merge-{token}", depth, len(above))
            graph[key] = Task(key, merge, List(*(TaskRef(each) for each in group)))
            above.append(key)
        layer = above
        depth += 1
    return Delayed(layer[0], graph)


def _groups(keys: list[Key]) -> Iterator[list[Key]]:
    for start in range(0, len(keys), FAN_IN):
        yield keys[start : start + FAN_IN]
