"""What will a grid cost? FLOPs, hours and money, before anything is trained."""

from __future__ import annotations

from typing import Any

from scaling.costs.compute import training_flops
from scaling.training.plan.cells import Cell
from scaling.training.plan.parts import Hardware


def price_cells(cells: list[Cell], hardware: Hardware | None) -> dict[str, Any]:
    """Add up what runs cost.

    Parameters
    ----------
    cells : list of Cell
        The runs.
    hardware : Hardware or None
        What trains them, for hours and money.

    Returns
    -------
    dict
        ``runs``, ``tokens``, ``C`` (``6 N D``, FLOPs), ``C_exact`` (FLOPs), ``longest`` (name of
        the largest run), ``hours`` (of one device, all runs one after the other),
        ``longest_hours`` and ``price``; the last three are None where the hardware does not say.
    """
    exact = sum(cell.C_exact for cell in cells)
    longest = max(cells, key=lambda cell: cell.C_exact)
    per_hour = hardware.flops_per_second * 3600 if hardware else None
    hours = exact / per_hour if per_hour else None
    rate = hardware.price_per_hour if hardware else None
    return {
        "runs": len(cells),
        "tokens": sum(cell.D for cell in cells),
        "C": sum(training_flops(cell.N, cell.D) for cell in cells),
        "C_exact": exact,
        "longest": longest.name,
        "hours": hours,
        "longest_hours": longest.C_exact / per_hour if per_hour else None,
        "price": hours * rate if hours is not None and rate is not None else None,
    }


def price_in_words(bill: dict[str, Any], hardware: Hardware | None) -> str:
    """Give a bill as lines to read."""
    lines = [
        f"{bill['runs']} runs, {bill['tokens']:,} tokens: 6ND {bill['C']:.3g} FLOPs, "
        f"exact {bill['C_exact']:.3g}"
    ]
    if hardware is None:
        lines.append("hours and price: not known, the specification names no hardware")
        return "\n".join(lines)
    lines.append(
        f"{bill['hours']:.2g} hours on one {hardware.name} at {hardware.flops_per_second:.2g} "
        f"FLOP/s; the longest run, {bill['longest']}, {bill['longest_hours']:.2g}"
    )
    if bill["price"] is not None:
        lines.append(f"price: {bill['price']:.2f} at {hardware.price_per_hour:g} an hour")
    return "\n".join(lines)
