"""What a YAML text would cost, from its events alone: read before it is loaded, as loading multiplies aliases and recurses.

Events come from libyaml's state machine, which recurses nowhere and builds nothing; the scan stops at the first bound that is
passed. An alias costs what its anchor holds, a merge key (`<<`) too: an alias bomb is a sum, not a tree, here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

OWN_MAX_BYTES = 1 << 20
"""Of a file of settings or decisions: people write them, some thousand entries are 100 kB."""


class Bounds(NamedTuple):
    """How deep lists and mappings may be nested, and how many nodes a text may have with all aliases written out."""

    depth: int
    nodes: int


OWN_BOUNDS = Bounds(depth=50, nodes=200_000)
"""Of settings and decisions, which are nested four levels deep; a file of `OWN_MAX_BYTES` has fewer nodes without aliases."""


@dataclass(slots=True)
class _Scan:
    """Nodes so far; the open lists and mappings with the number of nodes before them; what each anchor holds."""

    nodes: int = 0
    open: list[tuple[str | None, int]] = field(default_factory=list)
    anchors: dict[str, int | None] = field(default_factory=dict)


def excess(text: str | bytes, bounds: Bounds) -> str | None:
    """Which bound a YAML text passes, in words; None where it passes none. What is not YAML is for the loader to report."""
    scan = _Scan()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reason = _taken(scan, event, bounds)
            if reason is not None:
                mark = event.start_mark
                return f"{reason} (line {mark.line + 1})" if mark is not None else reason
    except (yaml.YAMLError, ValueError):
        return None
    return None


def _taken(scan: _Scan, event: yaml.Event, bounds: Bounds) -> str | None:
    if isinstance(event, yaml.CollectionStartEvent):
        scan.open.append((event.anchor, scan.nodes))
        scan.nodes += 1
        if event.anchor is not None:
            scan.anchors[event.anchor] = None  # open: an alias in it would be a circle
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
        held = scan.anchors.get(name, 1)  # an alias without an anchor is an error of the loader
        if held is None:
            return f"the alias *{name[:40]} stands inside of what it names"
        scan.nodes += held
    if scan.nodes > bounds.nodes:
        return f"holds more than {bounds.nodes:,} values and keys, aliases written out"
    return None
