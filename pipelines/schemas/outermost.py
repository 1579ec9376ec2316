"""The outermost values of each slice of a batch: what `seen.Outermost` keeps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.schemas.batch_texts import Numbers
from pipelines.schemas.batches import Codes
from pipelines.schemas.seen import OUTERMOST


def outermost(
    size: Numbers, text: Codes, begins: Codes, digest: Callable[[int], str], sign: int = 1
) -> Codes:
    """Places of the `OUTERMOST` largest of each slice, NaN left out; of equal sizes those of the largest digest.

    `begins` are those of the slices; `sign` is -1 where sizes are negated, so that the smallest digests count.
    """
    ends = np.append(begins[1:], len(size))
    stays = ~np.isnan(size)
    for place in np.flatnonzero(ends - begins > OUTERMOST):
        begin, end = begins[place], ends[place]
        here = size[begin:end]
        if np.isnan(here[0]):  # all of a kind have a size, or none
            continue
        least = np.partition(here, len(here) - OUTERMOST)[len(here) - OUTERMOST]
        above, level = here > least, np.flatnonzero(here == least)
        room = OUTERMOST - int(above.sum())
        if len(level) > room:
            digests = [digest(one) for one in text[begin + level]]
            level = level[sorted(range(len(level)), key=digests.__getitem__, reverse=sign > 0)[:room]]
        above[level] = True
        stays[begin:end] = above
    return np.flatnonzero(stays)
