"""Which intervals do others give a prediction? Two bootstraps and Student's t, of the tied law.

All three fit the tied law by least squares on the log loss and read their width off its residuals,
so that four runs, which leave none, give no interval. Of a run each adds the noise, which is its
residuals once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from scaling.forecast.design import LEAST_MINOR
from scaling.forecast.intervals import LEVEL
from scaling.laws.fit import fit_loss_law
from scaling.laws.law import LossLaw

Array = NDArray[np.float64]
Ends = tuple[Array, Array]  # lower and upper, of shape (n_losses, n_targets)
N_DRAWS = 200
N_PARAMETERS = 4
CHUNK = 4_000  # fits at once
LEAST_VALUE = 1e-9  # singular value, of the largest, below which nothing is known
LARGEST = 5.0  # residual of a log loss: fits at once share a scale, so none may be absurd
LEAST_FREE = 1e-6  # one minus the leverage of a run: less leaves it no residual


fit_law = partial(fit_loss_law, objective="log")


@dataclass(frozen=True)
class TiedFits:
    """The tied law fitted to some losses of the same runs.

    Parameters
    ----------
    N, D : ndarray of shape (n_runs,)
        Parameters and tokens of the runs.
    losses : ndarray of shape (n_losses, n_runs)
        Nats per token.
    targets : tuple of ndarray of shape (n_targets,)
        Parameters and tokens of the runs asked for.
    """

    N: Array
    D: Array
    losses: Array
    targets: Ends

    @cached_property
    def laws(self) -> list[LossLaw]:
        """A law for each row of losses."""
        batch = fit_law(self.N, self.D, self.losses).law
        coefficients = (getattr(batch, field.name) for field in fields(batch))
        return [LossLaw(*row) for row in zip(*coefficients, strict=True)]

    @cached_property
    def fitted(self) -> Array:
        """Losses of the runs by the laws, of shape (n_losses, n_runs)."""
        return np.array([law.predict(self.N, self.D) for law in self.laws])

    @cached_property
    def predicted(self) -> Array:
        """Losses of the targets, of shape (n_losses, n_targets)."""
        return np.array([law.predict(*self.targets) for law in self.laws])

    @cached_property
    def residuals(self) -> Array:
        """Residuals of the log loss, of shape (n_losses, n_runs)."""
        return np.log(self.losses / self.fitted)

    @cached_property
    def _parts(self) -> tuple[Array, Array, Array, Array]:
        """Singular parts of the slopes of the log loss by the coefficients, and their scale."""
        slopes = [law.jacobian(self.N, self.D) for law in self.laws] / self.fitted[..., None]
        scale = np.linalg.norm(slopes, axis=1, keepdims=True)
        return (*np.linalg.svd(slopes / scale, full_matrices=False), scale)

    @cached_property
    def adjusted(self) -> Array:
        """Residuals over the root of one minus the leverage, as large as the noise is.

        Of shape (n_losses, n_runs); 0 where a run has all the leverage.
        """
        left = 1.0 - (self._parts[0] ** 2).sum(axis=-1)
        known = left > LEAST_FREE
        return np.where(known, self.residuals / np.sqrt(np.where(known, left, 1.0)), 0.0)

    @cached_property
    def leverage(self) -> Array:
        """Variance of the log loss of a target in units of the noise's, (n_losses, n_targets)."""
        _, values, directions, scale = self._parts
        slopes = [law.jacobian(*self.targets) for law in self.laws] / self.predicted[..., None]
        along = (slopes / scale) @ directions.swapaxes(-1, -2)
        varied = values[:, -1:] > LEAST_VALUE * values[:, :1]
        kept = np.where(varied, values, 1.0)[:, None]
        return np.where(varied, ((along / kept) ** 2).sum(axis=-1), np.inf)


def identifies(counts: NDArray[np.int64], N: Array, D: Array) -> NDArray[np.bool_]:
    """Say which resamples hold the tied law: four runs that differ, and not on a line.

    Parameters
    ----------
    counts : ndarray of shape (n_draws, n_runs)
        How often each run is drawn.
    """
    kept, logs = counts > 0, np.column_stack([np.log(N), np.log(D)])
    number = kept.sum(axis=1)
    off = kept[..., None] * (logs - (kept @ logs / number[:, None])[:, None])
    least = np.linalg.eigvalsh(off.swapaxes(1, 2) @ off)[:, 0]
    _, place = np.unique(logs.round(6), axis=0, return_inverse=True)
    at_place = place.reshape(-1, 1) == np.arange(len(N))
    n_places = (kept.astype(int) @ at_place > 0).sum(axis=1)
    found: NDArray[np.bool_] = (n_places >= N_PARAMETERS) & (least >= LEAST_MINOR**2)
    return found


def draw_resamples(N: Array, D: Array, n_draws: int, rng: np.random.Generator) -> Array:
    """Draw as many runs as there are, again where the law is not held: (n_draws, n_runs).

    Raises
    ------
    ValueError
        All runs together do not hold it.
    """
    n_runs, kept = len(N), np.zeros((0, len(N)), dtype=np.int64)
    if not identifies(np.ones((1, n_runs), dtype=np.int64), N, D).item():
        raise ValueError(f"N and D must differ in {N_PARAMETERS} runs off a line, got {N}, {D}")
    while len(kept) < n_draws:
        drawn = rng.integers(n_runs, size=(n_draws, n_runs, 1))
        counts = (drawn == np.arange(n_runs)).sum(axis=1)
        kept = np.concatenate([kept, counts[identifies(counts, N, D)]])
    return kept[:n_draws].astype(float)


def refit(fits: TiedFits, losses: Array, weights: Array | None = None) -> Array:
    """Losses of the targets by laws fitted to losses of shape (n_losses, n_draws, n_runs).

    Returns
    -------
    ndarray of shape (n_losses, n_draws, n_targets)
    """
    flat = losses.reshape(-1, losses.shape[-1])
    rows = None if weights is None else weights.reshape(flat.shape)
    predicted = []
    for start in range(0, len(flat), CHUNK):
        part = slice(start, start + CHUNK)
        own = None if rows is None else rows[part]
        law = fit_law(fits.N, fits.D, flat[part], weights=own).law
        predicted.append(law.predict(*fits.targets))
    return np.concatenate(predicted).reshape(*losses.shape[:2], -1)


def bootstrap_runs(
    fits: TiedFits, rng: np.random.Generator, *, of_a_run: bool = False, n_draws: int = N_DRAWS
) -> Ends:
    """Percentile bootstrap: the runs are drawn again, and the law is fitted to what was drawn.

    Parameters
    ----------
    fits : TiedFits
        Fits to the runs as they are.
    rng : numpy.random.Generator
        Draws runs.
    of_a_run : bool
        Add a residual of the fit, drawn at random, to each prediction.
    n_draws : int
        Resamples that hold the law.
    """
    draws = draw_resamples(fits.N, fits.D, n_draws * len(fits.losses), rng)
    weights = draws.reshape(len(fits.losses), n_draws, -1)
    losses = np.broadcast_to(fits.losses[:, None], weights.shape)
    return _find_ends(fits, refit(fits, losses, weights), rng if of_a_run else None)


def bootstrap_signs(
    fits: TiedFits, rng: np.random.Generator, *, of_a_run: bool = False, n_draws: int = N_DRAWS
) -> Ends:
    """Wild bootstrap: the residuals, adjusted for leverage, are added again with random signs.

    Arguments are those of `bootstrap_runs`; Rademacher's signs.
    """
    shape = len(fits.losses), n_draws, len(fits.N)
    signs = rng.choice([-1.0, 1.0], size=shape)
    moves = np.clip(signs * fits.adjusted[:, None], -LARGEST, LARGEST)
    losses = fits.fitted[:, None] * np.exp(moves)
    return _find_ends(fits, refit(fits, losses), rng if of_a_run else None)


def _find_ends(fits: TiedFits, predicted: Array, rng: np.random.Generator | None) -> Ends:
    """Central interval of what was drawn, with residuals of runs where they are to be drawn."""
    if rng is not None:
        which = rng.integers(len(fits.N), size=predicted.shape)
        table = np.arange(len(predicted))[:, None, None]
        predicted = predicted * np.exp(fits.adjusted[table, which])
    lo, hi = np.quantile(predicted, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    return _without_residuals(fits, np.maximum(lo, 0.0), hi)


def expand_t(fits: TiedFits, rng: np.random.Generator, *, of_a_run: bool = False) -> Ends:
    """Student's t of n - 4 degrees of freedom about the log loss, by the delta method.

    ``log L_hat ± t sigma_hat sqrt(g' (J'J)^-1 g)``, with a run's noise one more under the root.
    Arguments are those of `bootstrap_runs`; nothing is drawn.
    """
    from scipy.stats import t  # here: the others do without

    dof = max(len(fits.N) - N_PARAMETERS, 1)
    sigma = np.sqrt((fits.residuals**2).sum(axis=1, keepdims=True) / dof)
    half = t.ppf((1 + LEVEL) / 2, dof) * sigma * np.sqrt(fits.leverage + of_a_run)
    with np.errstate(over="ignore"):
        lo, hi = fits.predicted * np.exp(-half), fits.predicted * np.exp(half)
    return _without_residuals(fits, np.where(hi > 0, lo, np.nan), np.where(hi > 0, hi, np.nan))


def _without_residuals(fits: TiedFits, lo: Array, hi: Array) -> Ends:
    """No interval where the fit leaves no residual."""
    known = len(fits.N) > N_PARAMETERS
    return np.where(known, lo, np.nan), np.where(known, hi, np.nan)


RIVALS: dict[str, Callable[..., Ends]] = {
    "percentile bootstrap": bootstrap_runs,
    "wild bootstrap": bootstrap_signs,
    "t(dof)": expand_t,
}
