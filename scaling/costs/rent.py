"""What does a run cost to rent? Accelerator-hours and money from FLOPs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

SECONDS = 3600.0  # of an hour


@dataclass(frozen=True)
class Rent:
    """An accelerator, how well training uses it, and its price.

    Parameters
    ----------
    price : float
        Currency per accelerator-hour, >= 0.
    peak : float
        FLOP/s, > 0.
    mfu : float
        Share of the peak that training reaches, above 0 and at most 1.
    currency : str
        A label; nothing is converted.
    about : str
        What these are, and of when.

    Raises
    ------
    ValueError
        A value breaks its rule.
    """

    price: float = 2.5
    peak: float = 989e12
    mfu: float = 0.4
    currency: str = "$"
    about: str = "H100, BF16; on demand 1.99 to 5.00 an hour by provider in May 2026"

    def __post_init__(self) -> None:
        """Refuse what is no price."""
        if not 0 <= self.price < math.inf:
            raise ValueError(f"price must be finite and 0 or more an hour, got {self.price:g}")
        if not 0 < self.peak < math.inf:
            raise ValueError(f"peak must be finite and above 0 FLOP/s, got {self.peak:g}")
        if not 0 < self.mfu <= 1:
            rule = "mfu must be a share of the peak, above 0 and at most 1, as 0.4"
            raise ValueError(f"{rule}, got {self.mfu:g}")

    def hours(self, flops: float) -> float:
        """Accelerator-hours of so much compute."""
        return flops / (self.peak * self.mfu * SECONDS)

    def money(self, flops: float) -> float:
        """Its price."""
        return self.price * self.hours(flops)

    def flops_of_hours(self, hours: float) -> float:
        """Compute of so many accelerator-hours."""
        return hours * self.peak * self.mfu * SECONDS

    def flops_of_money(self, money: float) -> float:
        """Compute that money rents; infinite where it costs nothing."""
        return self.flops_of_hours(money / self.price) if self.price else math.inf

    def report(self) -> dict[str, Any]:
        """It in plain values."""
        return {
            "price_per_hour": self.price,
            "currency": self.currency,
            "peak_flops_per_second": self.peak,
            "mfu": self.mfu,
            "about": self.about,
        }

    def in_words(self) -> str:
        """Say what it is, at which price."""
        return (
            f"{self.peak:.3g} FLOP/s at {100 * self.mfu:.3g}%, "
            f"{self.currency}{self.price:.2f} an hour ({self.about})"
        )
