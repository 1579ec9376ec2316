"""Bounds on the size of a YAML text, checked before it is loaded.

Loading recurses and writes aliases out, so the check reads nothing but the parser's events. They come from libyaml's
state machine, which recurses nowhere and builds nothing; the scan stops at the first bound that is exceeded. An alias
costs as many nodes as its anchor holds, and so does a merge key (`<<`): an alias bomb is a sum here, not a tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

HAND_WRITTEN_MAX_BYTES = 1 << 20
"""Largest file of settings or decisions, bytes: people write them, and some thousand entries are 100 kB."""


class Bounds(NamedTuple):
    """Bounds on nesting and size.

    Attributes:
        depth: Levels of lists and mappings.
        nodes: Values and keys with all aliases written out.
    """

    depth: int
    nodes: int


HAND_WRITTEN_BOUNDS = Bounds(depth=50, nodes=200_000)
"""For settings and decisions, which are nested four levels deep.

A file of `HAND_WRITTEN_MAX_BYTES` without aliases has fewer nodes.
"""


@dataclass(slots=True)
class _Scan:
    """State of the scan of one text.

    Attributes:
        nodes: Nodes so far.
        open: Anchor of each open list or mapping, and the number of nodes before it.
        anchors: Nodes below each anchor; None while its list or mapping is open.
    """

    nodes: int = 0
    open: list[tuple[str | None, int]] = field(default_factory=list)
    anchors: dict[str, int | None] = field(default_factory=dict)


def find_exceeded_bound(text: str | bytes, bounds: Bounds) -> str | None:
    """Describes the first bound that a YAML text exceeds, or returns None.

    A text that is not YAML also gives None: reporting it is the loader's part.
    """
    scan = _Scan()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reason = _count_event(scan, event, bounds)
            if reason is not None:
                mark = event.start_mark
                return f"{reason} (line {mark.line + 1})" if mark is not None else reason
    except (yaml.YAMLError, ValueError):
        return None
    return None


def _count_event(scan: _Scan, event: yaml.Event, bounds: Bounds) -> str | None:
    if isinstance(event, yaml.CollectionStartEvent):
        scan.open.append((event.anchor, scan.nodes))
        scan.nodes += 1
        if event.anchor is not None:
            scan.anchors[event.anchor] = None  # still open: an alias to it from inside would be a cycle
        if len(scan.open) > bounds.depth:
            return f"lists and mappings are nested more than {bounds.depth} levels deep"
    elif isinstance(event, yaml.CollectionEndEvent):
        anchor, before = scan.open.pop()
        if anchor is not None:
            scan.anchors[anchor] = scan.nodes - before
    elif isinstance(event, yaml.ScalarEvent):
        scan.nodes += 1
        if event.anchor is not None:
            scan.anchors[event.anchor] = 1
    elif isinstance(event, yaml.AliasEvent):
        name = str(event.anchor)
        nodes = scan.anchors.get(name, 1)  # an alias without an anchor is an error of the loader
        if nodes is None:
            return f"the alias *{name[:40]} refers to a list or mapping that contains it"
        scan.nodes += nodes
    if scan.nodes > bounds.nodes:
        return f"holds more than {bounds.nodes:,} values and keys, aliases written out"
    return None
