"""How certain a written constraint is: one definition for all rules.

The confidence is the probability that at most a share `schemas.tolerated_rate` of later valid values break the constraint, given
what was seen (docs/methods.md, 2.1). A constraint that reaches `schemas.confidence` is enforceable, any other is provisional.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from scipy.special import betainc, betaln

from pipelines.runtime.settings_sections import SchemaSettings

Status = Literal["enforceable", "provisional"]
ENFORCEABLE: Status = "enforceable"
PROVISIONAL: Status = "provisional"
PURE_TYPE, PURE_IDENTIFIER, PURE_TEXT, PURE_UNION = 0.996, 0.98, 0.9, 0.9
"""Prior probability that a property of all values seen is one of the program (docs/methods.md, 2.4).

Of a type, format or sign; of the characters of texts that machines make, and of those that people may type; and of the types of
a parameter that already has several, where another one is less of a surprise.
"""
ALPHA, BETA = 0.5, 2.0
"""Parameters of the Beta prior of the share of violations of any other property."""
OPEN = 0.5
"""Prior probability that a set has further members than those seen (docs/methods.md, 2.2)."""
MAX_TIMES = 1e6
"""Most times as much evidence as there is that a provisional constraint is said to wait for."""
STEPS = 16
"""Bisections of that factor: it is then exact to a thousandth, and later rounded up to two digits."""


class Standard(NamedTuple):
    """The standard that constraints are held to.

    Attributes:
        rate: Share of later valid values that may break it.
        confidence: Probability of that from which it is enforceable.
    """

    rate: float
    confidence: float


class Claim(Protocol):
    """A statement of a constraint about later values, with its evidence."""

    @property
    def proof(self) -> str:
        """The kind of derivation."""

    @property
    def n(self) -> int:
        """The number of values."""

    def risk(self) -> float:
        """Returns the probability that the next valid value breaks the constraint."""

    def confidence(self, rate: float, times: float = 1.0) -> float:
        """Returns the probability that at most a share `rate` of later values break it.

        Args:
            rate: The share, above 0.
            times: As if there were so many times as many values of so many times as many clients.
        """


def effective_number(n: int, clients: int, settings: SchemaSettings) -> float:
    """Returns how many independent values `n` values of some clients are worth.

    Values of one client are alike. n / (1 + (n / clients - 1) * correlation): Kish, "Survey Sampling", 1965.
    """
    return n / (1 + max(n / max(clients, 1) - 1, 0) * settings.client_correlation)


@dataclass(frozen=True, slots=True)
class Property:
    """All values have a property: a type, a format, characters.

    docs/methods.md, 2.4.

    Attributes:
        effective: The number of independent values.
        pure: Prior probability that the property always holds.
    """

    n: int
    effective: float
    pure: float = PURE_TYPE
    proof: str = "fleet prior"

    def risk(self) -> float:
        """See `Claim.risk`."""
        return self._impure(self.effective) * ALPHA / (self.effective + ALPHA + BETA)

    def confidence(self, rate: float, times: float = 1.0) -> float:
        """See `Claim.confidence`."""
        n = self.effective * times
        return 1 - self._impure(n) * (1 - float(betainc(ALPHA, BETA + n, rate)))

    def _impure(self, n: float) -> float:
        """Returns the posterior probability that the property does not always hold."""
        seen = (1 - self.pure) * math.exp(betaln(ALPHA, BETA + n) - betaln(ALPHA, BETA))
        return seen / (self.pure + seen)


@dataclass(frozen=True, slots=True)
class AlwaysPresent:
    """A field or member was present in all of `n` requests or objects.

    The share of those without it has the posterior Beta(1, n + 1) of a uniform prior (docs/methods.md, 2.4).
    """

    n: int
    proof: str = "Beta posterior"

    def risk(self) -> float:
        """See `Claim.risk`."""
        return 1 / (self.n + 2)

    def confidence(self, rate: float, times: float = 1.0) -> float:
        """See `Claim.confidence`."""
        return -math.expm1((self.n * times + 1) * math.log1p(-rate))


@dataclass(frozen=True, slots=True)
class ClosedSet:
    """A set of values has no further members of a share above the tolerated one.

    With probability `OPEN` there are further members, whose share is that of the rarest known one times a number that is
    exponentially distributed with mean 1; none was among `effective` values (docs/methods.md, 2.2).

    Attributes:
        effective: The number of independent values.
        rarest: How many of them are the rarest member; above 0.
    """

    n: int
    effective: float
    rarest: float
    proof: str = "closed set"

    def risk(self) -> float:
        """See `Claim.risk`."""
        return self._open(self.rarest) * self.rarest / (self.rarest + 1) / self.effective

    def confidence(self, rate: float, times: float = 1.0) -> float:
        """See `Claim.confidence`."""
        n, rarest = self.effective * times, self.rarest * times
        return 1 - self._open(rarest) * math.exp(-(rarest + 1) / rarest * n * rate)

    def _open(self, rarest: float) -> float:
        """Returns the posterior probability that there are further members."""
        unseen = OPEN / (rarest + 1)
        return unseen / (1 - OPEN + unseen)


def state_claim(claim: Claim, standard: Standard) -> dict[str, Any]:
    """Returns the evidence of a constraint as it is stored.

    Returns:
        `risk`, `confidence` (not rounded up), `proof` and `status`; of a provisional constraint also `waits_for`, the number of
        values from which it would be enforceable if they were like those seen, where there is such a number.
    """
    confidence = min(max(claim.confidence(standard.rate), 0.0), 1.0)
    stated = {
        "risk": float(f"{claim.risk():.3g}"),
        "confidence": math.floor(confidence * 1e6) / 1e6,
        "proof": claim.proof,
    }
    if confidence >= standard.confidence:
        return {**stated, "status": ENFORCEABLE}
    waits = values_to_wait_for(claim, standard)
    return {**stated, "status": PROVISIONAL, **({} if waits is None else {"waits_for": waits})}


def values_to_wait_for(claim: Claim, standard: Standard) -> int | None:
    """Returns the number of values that would make a constraint enforceable.

    Rounded up to two digits; None if `MAX_TIMES` as many are not enough.
    """
    low, high = 1.0, MAX_TIMES
    if claim.confidence(standard.rate, high) < standard.confidence:
        return None
    for _ in range(STEPS):
        middle = math.sqrt(low * high)
        if claim.confidence(standard.rate, middle) < standard.confidence:
            low = middle
        else:
            high = middle
    values = math.ceil(high * claim.n)
    unit: int = 10 ** max(len(str(values)) - 2, 0)
    return -(-values // unit) * unit
