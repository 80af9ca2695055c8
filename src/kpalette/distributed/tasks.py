"""Task graphs: one task per tile, whose errors name the tile, and a tree that merges results.

Graphs are made in waves, so that neither the client nor the scheduler ever has the tasks of all
tiles of an image.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import dask
from dask.base import tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph
from dask.task_spec import Alias, List, Task, TaskRef

from kpalette.distributed.errors import reading

Key: TypeAlias = "str | tuple[Any, ...]"
Item = TypeVar("Item")

#: Results that one task merges: this bounds its memory, whatever the source's size.
FAN_IN = 8
#: Tiles of a wave. Two waves are on a cluster at a time.
WAVE = 4096


def in_waves(items: Iterable[Item], size: int = 1) -> Iterator[list[Item]]:
    """Yield lists of items that are at most `WAVE` tiles, at `size` tiles an item."""
    rest = iter(items)
    while wave := list(islice(rest, max(1, WAVE // size))):
        yield wave


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
        The name of each result's tile. What other results need has none.
    """
    wanted = {key for node in results.values() for key in node.dependencies} - set(results)
    graph = {**(_optimized(collection, wanted) if wanted else {}), **results}
    users = Counter(key for node in graph.values() for key in node.dependencies)
    for key in names:
        graph[key] = _fused(key, graph, users, wanted)
    owners = _owners(graph, names)
    named = {key: _naming(graph[key], owner) for key, owner in owners.items()}
    return Tasks(named, dict(names))


def _optimized(collection: Any, keys: set[Key]) -> dict[Key, Any]:
    """Return the tasks of a collection that keys need, as Dask's array or bag optimizes them."""
    with dask.config.set({"optimization.fuse.active": None}):  # False leaves another kind of graph
        graph = collection.__dask_optimize__(collection.__dask_graph__(), list(keys))
    return dict(graph.to_dict() if isinstance(graph, HighLevelGraph) else graph)


def _fused(key: Key, graph: Mapping[Key, Any], users: Counter[Key], wanted: set[Key]) -> Any:
    """Return a result's task with the chain of tasks before it that nothing else needs."""
    chain = [graph[key]]
    before = list(chain[0].dependencies & wanted)
    while len(before) == 1 and users[before[0]] == 1:
        node: Any = graph.get(before[0])
        if type(node) not in (Task, Alias):
            break
        chain.insert(0, node)
        before = list(node.dependencies)
    return Task.fuse(*chain, key=key) if len(chain) > 1 else chain[0]


def _naming(node: Any, owner: str | None) -> Any:
    if type(node) is not Task:  # a container or a literal, which cannot fail
        return node
    named = copy.copy(node)
    named.func = Named(node.func, owner or f"several tiles (task {node.key})")
    return named


@dataclass(frozen=True)
class Batch:
    """Does the work of several tasks one after another, and folds their results as they come."""

    nodes: list[Any]
    fold: Callable[[Iterable[Any]], Any]

    def __call__(self) -> Any:
        """Return what the fold returns."""
        return self.fold(node() for node in self.nodes)


@dataclass(frozen=True)
class Folded:
    """A task's function, and the fold of its result."""

    func: Callable[..., Any]
    fold: Callable[[Iterable[Any]], Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the fold returns."""
        return self.fold([self.func(*args, **kwargs)])


def batched(tasks: Tasks, fold: Callable[[Iterable[Any]], Any], size: int) -> Tasks:
    """Fold results: of several neighbours in one task, if they need no other tasks.

    Parameters
    ----------
    tasks : Tasks
    fold : function
        Takes an iterator of results, of which one is in memory at a time.
    size : int
        The most results of a batch.
    """
    graph = dict(tasks.graph)
    names: dict[Key, str] = {}
    alone = []
    for key, where in tasks.names.items():
        if type(graph[key]) is Task and not graph[key].dependencies:
            alone.append(key)
        else:
            graph[key] = copy.copy(graph[key])
            graph[key].func = Folded(graph[key].func, fold)
            names[key] = where
    for group in _groups(alone, size):
        nodes = [graph.pop(key) for key in group]
        graph[group[0]] = Task(group[0], Batch(nodes, fold))
        rest = f", or one of the next {len(group) - 1}" if len(group) > 1 else ""
        names[group[0]] = tasks.names[group[0]] + rest
    return Tasks(graph, names)


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
        for group in _groups(layer, FAN_IN):
            key = (f"merge-{token}", depth, len(above))
            graph[key] = Task(key, merge, List(*(TaskRef(each) for each in group)))
            above.append(key)
        layer = above
        depth += 1
    return Delayed(layer[0], graph)


def _groups(keys: list[Key], size: int) -> Iterator[list[Key]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
