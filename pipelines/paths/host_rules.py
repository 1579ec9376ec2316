"""Distinct paths of hosts → what is literal and what is variable at each place of each host's tree. Value layer, numpy.

All levels are decided at once, again and again: what a pass takes for a variable is written as `{}` in the prefixes and rests of
the next, so that more paths meet and more is known. METHODS A6.1 measured that two passes are far better than one. Hosts do not
touch each other: one alone gets the rules that it gets among a thousand (docs/adr/0016).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.paths.binding import bind, read_rules
from pipelines.paths.children import count_children
from pipelines.paths.decide import decide
from pipelines.paths.forest import Integers, plant, sort_evidence, with_steps
from pipelines.paths.rule_rows import RULE_ROWS, Seen, rule_rows
from pipelines.paths.step_texts import read_texts
from pipelines.sections import PathSettings

Scorer = Callable[[Sequence[str], Sequence[str], npt.NDArray[np.float32]], npt.NDArray[np.floating]]
"""Steps, the prefixes before them and their `children.CONTEXT` (a row a step) → probability of being a variable."""


def infer_rules(
    evidence: pa.Table, known: pa.Table | None, settings: PathSettings, score: Scorer
) -> pa.Table:
    """Infers the rules of all hosts of the evidence.

    Args:
        evidence: `host, path_shape, clients, first_day, last_day`, a row a distinct path.
        known: Rules that bind (rows of path_rules), published ones and operators', which win over the classifier; None for none.
        settings: Section `paths`.
        score: The classifier.

    Returns:
        Rows of path_rules.
    """
    if not evidence.num_rows:
        return RULE_ROWS.empty_table()
    rows = with_steps(sort_evidence(evidence))
    forest, bound = plant(rows, ["guess"]), read_rules(known)
    texts = read_texts(forest.vocabulary)
    seen = Seen(_numbers(rows, "clients"), _numbers(rows, "first_day"), _numbers(rows, "last_day"))
    guess = forest.written["guess"]
    for number in range(settings.passes):
        own = guess == forest.variable if number else None
        counted = count_children(forest, texts, guess, guess, own)
        probability = score(counted.step, counted.prefix, counted.context)
        binding = bind(bound, forest, counted, texts, seen.first_day)
        decided = decide(counted, texts, probability, binding, settings)
        before, guess = (
            guess,
            np.where(decided.is_variable[counted.children.of_row], forest.variable, forest.step),
        )
        if number and np.array_equal(guess, before):
            break
    return rule_rows(forest, texts, seen, counted, decided, probability.astype(np.float64))


def _numbers(rows: pa.Table, name: str) -> Integers:
    """A column of whole numbers, or of days since 1970."""
    column = rows.column(name).combine_chunks()
    whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    return np.asarray(whole.to_numpy(zero_copy_only=False), np.int64)
