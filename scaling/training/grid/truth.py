"""Does a fit find the truth? The irreducible loss of a walk is known, and so is its best error."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling.laws.fit import fit_error_law, fit_loss_law
from scaling.training.errors import GridError
from scaling.training.plan.spec import Spec
from scaling.training.text.choices import open_tasks
from scaling.training.text.walks import make_walk

SHORTEST = 10  # tokens per parameter that a fit takes; below it a run ends before it has settled
RESAMPLES = 1000
LEVEL = 0.95
SEED = 0  # of the resamples


def select_fit_runs(table: pd.DataFrame, source: str, shortest: float = SHORTEST) -> pd.DataFrame:
    """Select the runs of one source that a fit takes, from a table of `collect`.

    They are the first seed's runs of at least `shortest` tokens per parameter, as asked in the
    specification: more seeds in one column would weigh it up.

    Raises
    ------
    GridError
        If the table is none that a grid was gathered into.
    """
    absent = {"dataset", "multiplier", "seed", "loss"} - set(table)
    if absent:
        raise GridError(f"the table has no column {min(absent)}: it must come from a grid of ours")
    own = table[(table["dataset"] == source) & (table["multiplier"] >= shortest)]
    return own[own["seed"] == own["seed"].min()].reset_index(drop=True)


def _interval(runs: pd.DataFrame) -> tuple[float, float]:
    """Interval of E, in nats: the tied law fitted to runs drawn with replacement."""
    n = len(runs)
    draws = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    many = fit_loss_law(runs["N"], runs["D"], runs["loss"], weights=draws.astype(float))
    lo, hi = np.nanquantile(many.law.E, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(lo), float(hi)


def hold_against_truth(
    table: pd.DataFrame, spec: Spec, *, shortest: float = SHORTEST
) -> pd.DataFrame:
    """Fit each walk's runs and hold the irreducible loss against the entropy.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A table of `scaling.training.grid.grid.collect`.
    spec : Spec
        What was trained.
    shortest : float, default 10
        Fewest tokens per parameter that the fit takes.

    Returns
    -------
    DataFrame
        One row a walk: ``source``, ``n_runs``, ``E_true``, ``E`` (fitted, nats), ``lo``, ``hi``
        (95 %, runs resampled), ``error`` (a fraction, signed), ``inside``, ``best_run`` (the least
        loss, nats, which is what one knows of E without a law), ``gap_share`` (the error over the
        distance from the best run to the truth), ``alpha``, ``rms`` (of the residuals, a fraction
        of the loss), ``status``.

    Raises
    ------
    GridError
        If the specification has no walk, or the table no runs of one.

    Notes
    -----
    The interval takes the runs for draws from a population and the law for true. Where the law
    bends away from the runs it is too narrow: leave sizes out, and see how far E moves.
    """
    if not spec.walks:
        raise GridError("sources: no walk among them, so nothing is known to hold a fit against")
    rows = []
    for name, source in spec.walks.items():
        runs = select_fit_runs(table, name, shortest)
        if runs.empty:
            raise GridError(f"the table has no runs of {name} with {shortest:g} tokens or more")
        truth = make_walk(source).entropy
        fit = fit_loss_law(runs["N"], runs["D"], runs["loss"])
        best = float(runs["loss"].min())
        lo, hi = _interval(runs)
        rows.append(
            {
                "source": name,
                "n_runs": len(runs),
                "E_true": truth,
                "E": float(fit.law.E),
                "lo": lo,
                "hi": hi,
                "error": float(fit.law.E / truth - 1),
                "inside": lo <= truth <= hi,
                "best_run": best,
                "gap_share": float(abs(fit.law.E - truth) / (best - truth)),
                "alpha": float(fit.law.alpha),
                "rms": float(np.sqrt(np.mean((fit.residuals / runs["loss"]) ** 2))),
                "status": str(fit.status),
            }
        )
    return pd.DataFrame(rows)


def leave_out(runs: pd.DataFrame, column: str) -> pd.Series:
    """Fit E without the runs of each value of a column, as one width or one multiplier.

    Parameters
    ----------
    runs : DataFrame of shape (n_runs, n_columns)
        With ``N``, ``D``, ``loss`` and `column`.
    column : str
        What is left out, value by value.

    Returns
    -------
    Series of float
        E in nats, by the value left out.
    """
    values = np.unique(runs[column])
    weights = (runs[column].to_numpy() != values[:, None]).astype(float)
    fit = fit_loss_law(runs["N"], runs["D"], runs["loss"], weights=weights)
    return pd.Series(fit.law.E, index=pd.Index(values, name=column))


def hold_errors_against_truth(table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Fit each task's error law and hold what it says of a perfect model against the best error.

    A perfect model's loss is the entropy E of the walk, so the law's error there,
    ``epsilon - k exp(-gamma E)``, should be the lowest that is possible.

    Parameters
    ----------
    table, spec
        As in `hold_against_truth`.

    Returns
    -------
    DataFrame
        One row a walk and task: ``source``, ``task``, ``best`` (the lowest possible error),
        ``chance``, ``reached`` (the lowest of the runs), ``at_E`` (the law's error at E),
        ``difference`` (``at_E - best``), ``line`` (the same of a straight line in the loss), all
        fractions, ``epsilon``, ``status``.
    """
    rows = []
    for name, source in spec.walks.items():
        runs = select_fit_runs(table, name)
        truth = make_walk(source).entropy
        for task_name, task in open_tasks(spec, name).items():
            errors = runs[f"err_{task_name}"]
            fit = fit_error_law(runs["loss"], errors)
            at_truth = float(fit.law.predict(truth))
            line = float(np.polyval(np.polyfit(runs["loss"], errors, 1), truth))
            rows.append(
                {
                    "source": name,
                    "task": task_name,
                    "best": task.best_error,
                    "chance": task.chance_error,
                    "reached": float(errors.min()),
                    "at_E": at_truth,
                    "difference": at_truth - task.best_error,
                    "line": line - task.best_error,
                    "epsilon": float(fit.law.epsilon),
                    "status": str(fit.status),
                }
            )
    return pd.DataFrame(rows)


def summary_line(table: pd.DataFrame, against: pd.DataFrame) -> str:
    """Say in one line how far the fits are from the truth."""
    worst, inside = against["error"].abs().max(), int(against["inside"].sum())
    return f"grid: runs={len(table)} E_error_max={worst:.4f} inside={inside}/{len(against)}"
