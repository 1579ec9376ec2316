"""Precision and recall of a variant's endpoints against the true ones.

Names of variables do not matter. A found endpoint belongs to a true one if its template is the same or more specific: `/users/17`
belongs to `/users/{userId}`. So these figures measure the selection of API traffic; the number of true endpoints that were found
under exactly their template, which measures the templates, is reported as well.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.runtime.errors import InputError

Endpoint = tuple[str, str, str]
"""host, method, template."""

_VARIABLE = re.compile(r"\{[^{}/]*\}")
_NAMED = ("template", "path_template")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Counts of one variant.

    `correct` of `found` belong to a true endpoint; `recovered` of `true` were found, `exact_matches` of them under their
    template.
    """

    true: int
    found: int
    correct: int
    recovered: int
    exact_matches: int

    @property
    def precision(self) -> float | None:
        """Share of found endpoints that belong to a true one."""
        return self.correct / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of true endpoints that were found."""
        return self.recovered / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two; None if one is unknown, 0 if nothing is correct."""
        if self.precision is None or self.recall is None:
            return None
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def exact_recall(self) -> float | None:
        """Share of true endpoints that were found under exactly their template."""
        return self.exact_matches / self.true if self.true else None


def read_truth(file: Path) -> frozenset[Endpoint]:
    """Reads true endpoints from a CSV file, plain or gzip.

    Its columns are host, method and template (or path_template). With columns is_api and attack, rows that are not API calls,
    or are attacks, are left out.

    Raises:
        InputError: The file cannot be read or lacks a column.
    """
    way_out = "Give --truth a CSV with a header and columns host, method, template."
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8", newline="")
            if file.suffix == ".gz"
            else file.open(encoding="utf-8", newline="") as text
        ):
            rows = csv.DictReader(text)
            columns = rows.fieldnames or ()
            name = next((name for name in _NAMED if name in columns), None)
            if name is None or not {"host", "method"} <= set(columns):
                raise InputError(str(file), f"found columns {', '.join(columns) or 'none'}", way_out)
            return frozenset(
                _normal(row["host"], row["method"], row[name])
                for row in rows
                if row[name] and row.get("is_api", "1") == "1" and row.get("attack", "0") != "1"
            )
    except (OSError, UnicodeDecodeError, EOFError, csv.Error) as error:
        raise InputError(str(file), f"cannot be read ({error})", way_out) from error


def measure_accuracy(
    found: Iterable[tuple[str, str, str, str]], truth: frozenset[Endpoint], variants: Iterable[str]
) -> Mapping[str, Accuracy]:
    """Returns the figures of each variant.

    Args:
        found: (variant, host, method, template) of all found endpoints.
        truth: True endpoints.
        variants: Variants that get figures even if they found nothing.
    """
    patterns = _patterns(truth)
    of_variant: dict[str, set[Endpoint]] = {variant: set() for variant in variants}
    for variant, *endpoint in found:
        of_variant.setdefault(variant, set()).add(_normal(*endpoint))
    figures = {}
    for variant, endpoints in of_variant.items():
        owners = [_owner(endpoint, truth, patterns) for endpoint in endpoints]
        recovered = {owner for owner in owners if owner is not None}
        correct = sum(owner is not None for owner in owners)
        figures[variant] = Accuracy(
            len(truth), len(endpoints), correct, len(recovered), len(endpoints & truth)
        )
    return figures


def _normal(host: str, method: str, template: str) -> Endpoint:
    """Normalises letter case, names of variables and a trailing slash."""
    return host.lower(), method.upper(), _VARIABLE.sub("{}", template).rstrip("/") or "/"


def _place(endpoint: Endpoint) -> tuple[str, str, int]:
    return endpoint[0], endpoint[1], endpoint[2].count("/")


def _patterns(
    truth: frozenset[Endpoint],
) -> Mapping[tuple[str, str, int], list[tuple[re.Pattern[str], Endpoint]]]:
    """Groups true templates with variables by host, method and depth.

    Those with the most literal text come first.
    """
    out: dict[tuple[str, str, int], list[tuple[re.Pattern[str], Endpoint]]] = defaultdict(list)
    for endpoint in sorted(truth, key=lambda e: (-len(e[2].replace("{}", "")), e)):
        if "{}" in endpoint[2]:
            pattern = "[^/]+".join(map(re.escape, endpoint[2].split("{}")))
            out[_place(endpoint)].append((re.compile(pattern), endpoint))
    return out


def _owner(
    endpoint: Endpoint,
    truth: frozenset[Endpoint],
    patterns: Mapping[tuple[str, str, int], list[tuple[re.Pattern[str], Endpoint]]],
) -> Endpoint | None:
    """Returns the true endpoint to which a found one belongs."""
    if endpoint in truth:
        return endpoint
    near = patterns.get(_place(endpoint), ())
    return next((owner for pattern, owner in near if pattern.fullmatch(endpoint[2])), None)
