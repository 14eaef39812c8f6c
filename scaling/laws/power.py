"""What falls with one thing alone? Loss as a power of parameters, of tokens, or of compute."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling.laws.fit import Fit, fit_powers
from scaling.laws.fit_options import FitOptions
from scaling.laws.law import FLOPS_PER_PARAMETER_TOKEN, Parameter, Shown, as_column, read_positive
from scaling.laws.observations import read_vector

Variable = Literal["N", "D", "C"]


@dataclass(frozen=True, repr=False)
class PowerLaw(Shown):
    """Loss as a power law of one variable.

    ``L = E + A x^-alpha``, in nats per token, where x is N, D or ``C = 6 N D``.

    Parameters
    ----------
    E : float or ndarray of shape (n_fits,)
        What no more of the variable takes away, nats per token. For a law in N of runs at one D
        it holds what the tokens leave, and so is above the irreducible loss.
    A : float or ndarray of shape (n_fits,)
        Amplitude, nats per token at x = 1.
    alpha : float or ndarray of shape (n_fits,)
        Exponent of the variable.
    variable : {"N", "D", "C"}
        What x is: parameters, training tokens, or training FLOPs.

    References
    ----------
    Kaplan et al., arXiv 2001.08361, Eqs. 1.1 to 1.3, without E.
    """

    E: Parameter
    A: Parameter
    alpha: Parameter
    variable: Variable

    def predict(self, N: ArrayLike, D: ArrayLike) -> Any:
        """Predict the loss at `N` parameters and `D` tokens; see `LossSurface.predict`."""
        x = take_variable(self.variable, read_positive("N", N), read_positive("D", D))
        lift = as_column if x.ndim else np.asarray
        loss = lift(self.E) + lift(self.A) * x ** -lift(self.alpha)
        return loss if loss.ndim else float(loss)

    def jacobian(self, N: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Differentiate the prediction by (E, A, alpha): an array of shape (n_runs, 3)."""
        x = take_variable(self.variable, read_positive("N", N), read_positive("D", D))
        power = np.atleast_1d(x) ** -self.alpha
        return np.column_stack([np.ones_like(power), power, -self.A * power * np.log(x)])


def take_variable(variable: Variable, N: Any, D: Any) -> NDArray[np.float64]:
    """Take the variable from counts, as many numbers as both together have.

    Raises
    ------
    ValueError
        There is no such variable.
    """
    N, D = np.broadcast_arrays(N, D)
    if variable == "C":
        return np.asarray(FLOPS_PER_PARAMETER_TOKEN * N * D)
    if variable not in ("N", "D"):
        raise ValueError(f"variable must be 'N', 'D' or 'C', got {variable!r}")
    return np.asarray(N if variable == "N" else D)


def fit_power(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    variable: Variable = "C",
    **options: Unpack[FitOptions],
) -> Fit:
    """Fit ``L = E + A x^-alpha``, three coefficients, where x is N, D or ``C = 6 N D``.

    Parameters
    ----------
    N, D : array_like of shape (n_runs,)
        Parameters and training tokens, > 0.
    loss : array_like of shape (n_runs,) or (n_fits, n_runs)
        Losses in nats per token, > 0.
    variable : {"N", "D", "C"}
        What x is.
    **options
        By name: see `scaling.laws.fit_options.FitOptions`.

    Returns
    -------
    Fit
        ``law`` is a `PowerLaw`.

    Raises
    ------
    ValueError
        An argument breaks its rule; the message names it and the value.
    FitError
        Fewer than three runs that differ in the variable, or a loss that is not above the E held.
    """
    N, D = read_vector("N", N, positive=True), read_vector("D", D, positive=True)
    if len(D) != len(N):
        raise ValueError(f"N and D must have the same length, got {len(N)} and {len(D)}")
    x = take_variable(variable, N, D)
    law = partial(PowerLaw, variable=variable)
    return fit_powers(law, {variable: x}, ("alpha",), loss, **options)
