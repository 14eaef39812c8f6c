"""What is the law? Frozen records of the loss laws and of the error law.

Every parameter may be a float or an array of shape ``(n_fits,)``; predictions broadcast, so one
record stands for one fit or for thousands.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

# A parameter is a float, or an array of shape (n_fits,) in a batch.
Parameter = Any
FLOPS_PER_PARAMETER_TOKEN = 6.0
DIGITS = 6  # shown of a parameter: further ones are not what runs can say


class PaperParameters(NamedTuple):
    """Coefficients of the over-training form, ``L = E + (a M^eta + b M^-eta) C^-eta``."""

    E: Parameter
    a: Parameter
    b: Parameter
    eta: Parameter


class Shown:
    """A record that shows its parameters to six digits; all of them are in its attributes."""

    @property
    def coefficients(self) -> dict[str, Parameter]:
        """Its parameters by name, all that are numbers."""
        values = {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}
        return {name: value for name, value in values.items() if not isinstance(value, str)}

    def __repr__(self) -> str:
        """Such as ``LossLaw(E=1.83665, A=166.211, B=287.168, alpha=0.272851)``."""
        values = {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}
        with np.printoptions(precision=DIGITS, threshold=DIGITS):
            shown = [
                f"{name}={value}" if np.ndim(value) else f"{name}={_show(value)}"
                for name, value in values.items()
            ]
        return f"{type(self).__name__}({', '.join(shown)})"


def _show(value: Any) -> str:
    return repr(value) if isinstance(value, str) else f"{value:.{DIGITS}g}"


def as_column(parameter: Parameter) -> NDArray[np.float64]:
    """Give a batch of parameters a last axis, so that it broadcasts against runs."""
    array = np.asarray(parameter, dtype=float)
    return array[..., np.newaxis] if array.ndim else array


def read_positive(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Numbers above zero, or the one that is not is named."""
    array = np.asarray(value, dtype=float)
    if not np.all(array > 0):
        raise ValueError(f"{name} must be > 0, got {value!r}")
    return array


@dataclass(frozen=True, repr=False)
class LossSurface(Shown):
    """Loss as a power law of parameters and of tokens, with an exponent for each.

    ``L(N, D) = E + A N^-alpha + B D^-beta``, in nats per token.

    Parameters
    ----------
    E : float or ndarray of shape (n_fits,)
        Irreducible loss, nats per token.
    A, B : float or ndarray of shape (n_fits,)
        Amplitudes, nats per token at N = 1 and D = 1.
    alpha, beta : float or ndarray of shape (n_fits,)
        Exponents of N and of D.

    References
    ----------
    Hoffmann et al., arXiv 2203.15556, Eq. 2; Gadre et al., arXiv 2403.08540, Eq. 3.
    """

    E: Parameter
    A: Parameter
    B: Parameter
    alpha: Parameter
    beta: Parameter

    def predict(self, N: ArrayLike, D: ArrayLike) -> Any:
        """Predict the loss of models with `N` parameters trained on `D` tokens.

        Parameters
        ----------
        N, D : float or ndarray of shape (n_runs,)
            Parameters and training tokens, both > 0.

        Returns
        -------
        float or ndarray of shape (n_runs,), (n_fits,) or (n_fits, n_runs)
            Loss in nats per token.
        """
        N, D = read_positive("N", N), read_positive("D", D)
        lift = as_column if N.ndim or D.ndim else np.asarray
        loss = lift(self.E) + (
            lift(self.A) * N ** -lift(self.alpha) + lift(self.B) * D ** -lift(self.beta)
        )
        return loss if loss.ndim else float(loss)

    def jacobian(self, N: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Differentiate the prediction of one law by (E, A, B, alpha, beta).

        Returns
        -------
        ndarray of shape (n_runs, 5)
            One row per run, one column per parameter in the order of the record.
        """
        N, D = np.atleast_1d(read_positive("N", N)), np.atleast_1d(read_positive("D", D))
        u, v = N**-self.alpha, D**-self.beta
        return np.column_stack(
            [np.ones_like(u), u, v, -self.A * u * np.log(N), -self.B * v * np.log(D)]
        )

    def solve_D(self, N: float, loss: float) -> float:
        """Tokens at which a model of `N` parameters reaches `loss`.

        Inverts the law: ``D = ((loss - E - A N^-alpha) / B)^(-1 / beta)``.

        Raises
        ------
        ValueError
            Where no amount of data reaches `loss` at this `N`.
        """
        floor = self.E + self.A * float(read_positive("N", N)) ** -self.alpha
        if not (self.B > 0 and loss > floor):
            raise ValueError(
                f"loss={loss:g} is out of reach at N={N:g}: it must be above {floor:g}, "
                "the loss with unlimited data, of a law with B > 0"
            )
        return float(((loss - floor) / self.B) ** (-1.0 / self.beta))

    def solve_N(self, M: float, loss: float) -> float:
        """Parameters at which a model trained on ``D = M N`` tokens reaches `loss`.

        Raises
        ------
        ValueError
            Where `loss` is at or below the irreducible loss, or the law does not fall with N.
        """
        from scipy.optimize import brentq  # here: a fit and its predictions do without SciPy

        if not (loss > self.E and self.A > 0 and self.B > 0):
            raise ValueError(
                f"loss={loss:g} is out of reach at M={M:g}: it must be above the irreducible "
                f"loss E={self.E:g} of a law with A > 0 and B > 0"
            )
        log_M = np.log(float(read_positive("M", M)))

        def log_excess(log_N: float) -> float:
            from_N = np.log(self.A) - self.alpha * log_N
            from_D = np.log(self.B) - self.beta * (log_N + log_M)
            return float(np.logaddexp(from_N, from_D) - np.log(loss - self.E))

        lo, hi = -1.0, 1.0
        while log_excess(lo) < 0:
            lo *= 2.0
        while log_excess(hi) > 0:
            hi *= 2.0
        return float(np.exp(brentq(log_excess, lo, hi, xtol=1e-13)))

    def optimal_allocation(self, C: ArrayLike) -> tuple[Any, Any]:
        """Parameters and tokens that minimise the loss at `C` training FLOPs.

        With ``C = 6 N D``, ``N_opt = (G (C/6)^beta)^(1 / (alpha + beta))`` where
        ``G = alpha A / (beta B)``.

        Returns
        -------
        N_opt, D_opt : float or ndarray
            Parameters and tokens.

        References
        ----------
        Hoffmann et al., arXiv 2203.15556, Eq. 4.
        """
        product = read_positive("C", C) / FLOPS_PER_PARAMETER_TOKEN
        lift = as_column if product.ndim else np.asarray
        alpha, beta = lift(self.alpha), lift(self.beta)
        ratio = alpha * lift(self.A) / (beta * lift(self.B))
        N_opt = (ratio * product**beta) ** (1.0 / (alpha + beta))
        D_opt = product / N_opt
        return (N_opt, D_opt) if N_opt.ndim else (float(N_opt), float(D_opt))


@dataclass(frozen=True, repr=False)
class LossLaw(Shown):
    """Loss law with one exponent for parameters and tokens: the paper's over-training law.

    ``L(N, D) = E + A N^-alpha + B D^-alpha``. With ``C = 6 N D`` and ``M = D / N`` the same law
    reads ``L(C, M) = E + (a M^eta + b M^-eta) C^-eta``, where ``eta = alpha / 2``,
    ``a = A 6^eta`` and ``b = B 6^eta``.

    Parameters
    ----------
    E : float or ndarray of shape (n_fits,)
        Irreducible loss, nats per token.
    A, B : float or ndarray of shape (n_fits,)
        Amplitudes, nats per token at N = 1 and D = 1.
    alpha : float or ndarray of shape (n_fits,)
        Common exponent of N and D.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Eqs. 3 and 4.

    Examples
    --------
    >>> import scaling
    >>> law = scaling.LossLaw(E=1.84, A=346.0, B=598.0, alpha=0.273)
    >>> round(law.predict(6.9e9, 1.38e11), 2)
    3.1
    """

    E: Parameter
    A: Parameter
    B: Parameter
    alpha: Parameter

    @property
    def surface(self) -> LossSurface:
        """The same law with its exponent written twice."""
        return LossSurface(self.E, self.A, self.B, self.alpha, self.alpha)

    def predict(self, N: ArrayLike, D: ArrayLike) -> Any:
        """Predict the loss at `N` parameters and `D` tokens; see `LossSurface.predict`."""
        return self.surface.predict(N, D)

    def jacobian(self, N: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Differentiate the prediction by (E, A, B, alpha): an array of shape (n_runs, 4)."""
        free = self.surface.jacobian(N, D)
        return np.column_stack([free[:, :3], free[:, 3] + free[:, 4]])

    def solve_D(self, N: float, loss: float) -> float:
        """Tokens at which `N` parameters reach `loss`; see `LossSurface.solve_D`."""
        return self.surface.solve_D(N, loss)

    def solve_N(self, M: float, loss: float) -> float:
        """Parameters that reach `loss` at ``D = M N``; see `LossSurface.solve_N`."""
        return self.surface.solve_N(M, loss)

    def optimal_allocation(self, C: ArrayLike) -> tuple[Any, Any]:
        """Parameters and tokens of least loss at `C` FLOPs; see `LossSurface`."""
        return self.surface.optimal_allocation(C)

    @property
    def M_opt(self) -> Parameter:
        """Multiplier of least loss at any compute, ``M* = (b / a)^(1 / (2 eta))`` (Eq. 10)."""
        return (self.B / self.A) ** (1.0 / self.alpha)

    def to_paper(self) -> PaperParameters:
        """Write the law with the paper's a, b and eta (Eq. 4)."""
        eta = self.alpha / 2.0
        factor = FLOPS_PER_PARAMETER_TOKEN**eta
        return PaperParameters(self.E, self.A * factor, self.B * factor, eta)

    @classmethod
    def from_paper(cls, E: Parameter, a: Parameter, b: Parameter, eta: Parameter) -> LossLaw:
        """Read the law from the paper's a, b and eta (Eq. 4)."""
        factor = FLOPS_PER_PARAMETER_TOKEN**-eta
        return cls(E, a * factor, b * factor, 2.0 * eta)


@dataclass(frozen=True, repr=False)
class ErrorLaw(Shown):
    """Downstream error as an exponential of the loss.

    ``Err(L) = epsilon - k exp(-gamma L)``. With perplexity ``PP = exp(L)`` the same law reads
    ``Err = epsilon - k PP^-gamma``.

    Parameters
    ----------
    epsilon : float or ndarray of shape (n_fits,)
        Error at very high loss, a fraction.
    k : float or ndarray of shape (n_fits,)
        Amplitude, a fraction at L = 0.
    gamma : float or ndarray of shape (n_fits,)
        Rate, per nat.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Eqs. 5 and 6.

    Examples
    --------
    >>> import scaling
    >>> law = scaling.ErrorLaw(epsilon=0.85, k=2.0, gamma=0.7)
    >>> round(law.predict(2.4), 3)
    0.477
    """

    epsilon: Parameter
    k: Parameter
    gamma: Parameter

    def predict(self, loss: ArrayLike) -> Any:
        """Predict the error at `loss` nats per token.

        Returns
        -------
        float or ndarray of shape (n_runs,), (n_fits,) or (n_fits, n_runs)
            Top-1 error, a fraction.
        """
        loss = np.asarray(loss, dtype=float)
        lift = as_column if loss.ndim else np.asarray
        error = lift(self.epsilon) - lift(self.k) * np.exp(-lift(self.gamma) * loss)
        return error if error.ndim else float(error)

    def jacobian(self, loss: ArrayLike) -> NDArray[np.float64]:
        """Differentiate the prediction by (epsilon, k, gamma): an array of shape (n_runs, 3)."""
        loss = np.atleast_1d(np.asarray(loss, dtype=float))
        decay = np.exp(-self.gamma * loss)
        return np.column_stack([np.ones_like(decay), -decay, self.k * loss * decay])

    def solve_loss(self, error: float) -> float:
        """Loss at which the law gives `error`: ``L = -log((epsilon - error) / k) / gamma``.

        Raises
        ------
        ValueError
            Where the law never reaches `error`.
        """
        if not (self.epsilon - error) * self.k > 0:
            raise ValueError(
                f"error={error:g} is out of reach: the law stays on the other side of "
                f"epsilon={self.epsilon:g}"
            )
        return float(-np.log((self.epsilon - error) / self.k) / self.gamma)
