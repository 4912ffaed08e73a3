r"""
Covariances of least-squares coefficients: classical, HC0-HC3, CR0-CR3.

Everything is computed in the orthonormal basis `Q` of the scaled columns, so that no cross-product is ever inverted.

Notes
-----
Leverages :math:`h_i` and the hat matrix :math:`H` are those of the whole model, absorbed effects included.

.. math:: V_{CR2} = M \sum_g X_g' W_g A_g e_g e_g' A_g' W_g X_g M, \quad A_g = \big[(I-H)_g (I-H)_g'\big]^{+1/2}

with :math:`M = (X'WX)^{-1}`, the symmetric root, the pseudo-inverse where it is singular (always so with the clusters'
own dummies), and the identity as working model. Degrees of freedom of a contrast :math:`c` (Satterthwaite):
:math:`(\sum_g p_g'p_g)^2 / \sum_{gh} (p_g'p_h)^2`, :math:`p_g = (I-H)_g' A_g W_g X_g M c`.

References
----------
MacKinnon & White 1985 (HC). Bell & McCaffrey 2002; Pustejovsky & Tipton 2018 (CR2). Cameron & Miller 2015 (CR1).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from balancelab.definitions import nearest
from balancelab.regression.design import Design, Grouping
from balancelab.regression.effects import Absorbed
from balancelab.regression.errors import listed, refuse
from balancelab.regression.solve import LeastSquares, rank_basis

HETEROSKEDASTIC = ("classical", "HC0", "HC1", "HC2", "HC3")
CLUSTERED = ("CR0", "CR1", "CR1S", "CR2", "CR3")

_ZERO = 1e-12  # an eigenvalue of (I - H)_g below it is zero up to rounding; clubSandwich draws the same line
_CELLS = 60_000_000


@dataclass(frozen=True, eq=False)
class Adjustment:
    """
    What CR2 leaves of each cluster: enough for the covariance and for the degrees of freedom of any contrast.

    For contrasts s and t in the basis `Q`, the covariance of two clusters' contributions under the working model is
    ``p_gs'p_ht = [g = h] s'D_g t - (S_g s)'(L_h t) - (L_g s)'(S_h t) + (S_g s)'(V_h t) + (V_g s)'(S_h t) +
    (S_g s)' Omega (S_h t)``.

    Attributes
    ----------
    scores : ndarray, shape (n_clusters, n_columns)
        Adjusted score sums.
    D, S, L, V : ndarray, shape (n_clusters, n_columns, n_columns)
        The pieces above; without weights `L` equals `S` and `V` is zero.
    omega : ndarray, shape (n_columns, n_columns)
        ``Q.T @ W @ Q``; the identity without weights.
    """

    scores: np.ndarray
    D: np.ndarray
    S: np.ndarray
    L: np.ndarray
    V: np.ndarray
    omega: np.ndarray

    def cross(self, s: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Matrix over clusters of ``p_gs'p_ht``, shape (n_clusters, n_clusters)."""
        s_s, s_t = self.S @ s, self.S @ t
        rest_s, rest_t = (self.V - self.L) @ s, (self.V - self.L) @ t
        pieces = s_s @ (rest_t + s_t @ self.omega).T + rest_s @ s_t.T
        pieces[np.diag_indices_from(pieces)] += np.einsum("i,gij,j->g", s, self.D, t)
        return np.asarray(pieces)


def check_name(name: str, *, clustered: bool) -> None:
    """Refuse an unknown covariance, or one that does not go with clusters or their absence."""
    known = (*HETEROSKEDASTIC, *CLUSTERED)
    if name not in known:
        zh, en = nearest(str(name), known)
        raise refuse(f"没有名为“{name}”的协方差{zh}", f"There is no covariance '{name}'{en}")
    if name in CLUSTERED and not clustered:
        raise refuse(
            f"协方差 {name} 需要 cluster（聚类的列）。",
            f"The covariance {name} needs cluster=, the column of clusters.",
        )
    if name in HETEROSKEDASTIC and clustered:
        raise refuse(
            f"已给出聚类，协方差 {name} 会忽略它；请用 {', '.join(CLUSTERED)} 之一，或去掉 cluster。",
            f"Clusters are given and {name} would ignore them; use one of {', '.join(CLUSTERED)}, or leave it out.",
        )


def robust(name: str, solution: LeastSquares, absorbed: Absorbed, *, n_parameters: int, design: Design) -> np.ndarray:
    """
    Covariance of all columns' coefficients for independent rows.

    Parameters
    ----------
    name : {"classical", "HC0", "HC1", "HC2", "HC3"}
    solution : LeastSquares
    absorbed : Absorbed
    n_parameters : int
        Coefficients including absorbed intercepts.
    design : Design
        For the names of rows in messages.

    Returns
    -------
    ndarray, shape (n_columns, n_columns)

    Raises
    ------
    InvalidModel
        HC2 and HC3: where a row determines a coefficient alone, or leverages are unknown.
    """
    e, Q, R = solution.residuals, solution.Q, solution.R_inverse
    n = len(e)
    if name == "classical":
        return np.asarray(float(e @ e) / (n - n_parameters) * (R @ R.T))
    square = e**2
    if name == "HC1":
        square = square * (n / (n - n_parameters))
    elif name in ("HC2", "HC3"):
        square = square / _room(solution, absorbed, name, design) ** (1 if name == "HC2" else 2)
    scores = R @ ((Q * square[:, None]).T @ Q) @ R.T
    return np.asarray((scores + scores.T) / 2)


def leverages(solution: LeastSquares, absorbed: Absorbed) -> np.ndarray:
    """Diagonal of the hat matrix, absorbed effects included."""
    return np.asarray(absorbed.leverage + np.einsum("ij,ij->i", solution.Q, solution.Q))


def clustered(name: str, solution: LeastSquares, cluster: Grouping, *, n_parameters: int) -> np.ndarray:
    """
    CR0, CR1 or CR1S covariance of all columns' coefficients.

    CR1 multiplies by G/(G-1); CR1S, Stata's rule, also by (n-1)/(n-K), where `n_parameters` says what K counts.
    """
    scores = score_sums(solution.Q * solution.residuals[:, None], cluster)
    groups, n = cluster.n, len(solution.residuals)
    factor = 1.0
    if name in ("CR1", "CR1S"):
        factor = groups / (groups - 1)
    if name == "CR1S":
        factor *= (n - 1) / (n - n_parameters)
    return spread(scores, solution) * factor


def spread(scores: np.ndarray, solution: LeastSquares) -> np.ndarray:
    """Turn score sums in the basis `Q` into a covariance of coefficients."""
    moved = scores @ solution.R_inverse.T
    return np.asarray(moved.T @ moved)


def score_sums(scores: np.ndarray, cluster: Grouping) -> np.ndarray:
    """Sum rows by cluster, shape (n_clusters, n_columns)."""
    return np.column_stack([np.bincount(cluster.codes, column, cluster.n) for column in scores.T])


def adjust(
    name: str, solution: LeastSquares, absorbed: Absorbed, cluster: Grouping, weights: np.ndarray | None
) -> Adjustment:
    """
    Adjusted scores of CR2 or CR3 and what their degrees of freedom need.

    Parameters
    ----------
    name : {"CR2", "CR3"}
    solution : LeastSquares
    absorbed : Absorbed
    cluster : Grouping
    weights : ndarray, shape (n_rows,), or None

    Returns
    -------
    Adjustment

    Raises
    ------
    InvalidModel
        Where the table is too large for an exact adjustment.
    """
    k = solution.Q.shape[1]
    if not absorbed.exact_leverage or not absorbed.local or cluster.n * k * k > _CELLS:
        raise refuse(
            f'{name} 在此规模下无法精确计算（两个很大的固定效应，或聚类与变量过多）；请明确写 vcov="CR1"。',
            f"{name} cannot be computed exactly at this size (two large effects, an effect that runs across the "
            'clusters, or too many clusters and columns); ask for vcov="CR1" explicitly.',
        )
    order = np.argsort(cluster.codes, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(cluster.codes, minlength=cluster.n))])
    members = [order[start:stop] for start, stop in pairwise(bounds)]
    if weights is None or name == "CR3":
        return _adjust_plain(name, solution, members)
    return _adjust_weighted(solution, absorbed, members, np.sqrt(weights))


def _adjust_plain(name: str, solution: LeastSquares, members: list[np.ndarray]) -> Adjustment:
    """
    Without weights the adjustment acts inside the span of a cluster's own rows of `Q`.

    With the eigenvalues :math:`l` of ``Q_g'Q_g``, :math:`A_g Q_g = Q_g U (1-l)^{-1/2} U'` (CR3: power -1); an absorbed
    effect that lies inside the clusters is orthogonal to it and drops out.
    """
    k = solution.Q.shape[1]
    gram = np.empty((len(members), k, k))
    sums = np.empty((len(members), k))
    for g, rows in enumerate(members):
        part = solution.Q[rows]
        gram[g] = part.T @ part
        sums[g] = part.T @ solution.residuals[rows]
    values, vectors = np.linalg.eigh(gram)
    room = 1 - values
    safe = np.where(room > _ZERO, room, 1.0)
    power = np.where(room > _ZERO, safe ** (-0.5 if name == "CR2" else -1.0), 0.0)
    turned = np.swapaxes(vectors, 1, 2)
    gamma = (vectors * power[:, None, :]) @ turned
    scores = np.einsum("gij,gj->gi", gamma, sums)
    S = (vectors * (power * values)[:, None, :]) @ turned
    D = (vectors * (power**2 * values)[:, None, :]) @ turned
    return Adjustment(scores, D, S, S, np.zeros_like(S), np.eye(k))


def _adjust_weighted(
    solution: LeastSquares, absorbed: Absorbed, members: list[np.ndarray], root: np.ndarray
) -> Adjustment:
    k, groups = solution.Q.shape[1], len(members)
    omega = solution.Q.T @ (solution.Q * (root**2)[:, None])
    scores, shape = np.empty((groups, k)), (groups, k, k)
    D, S, L, V = np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape)
    for g, rows in enumerate(members):
        levels = np.empty((len(rows), 0))
        if absorbed.demeaned is not None:
            codes, inside = np.unique(absorbed.demeaned.codes[rows], return_inverse=True)
            levels = (inside[:, None] == np.arange(len(codes))).astype(float)
        A_Q, D[g], S[g], L[g], V[g] = _weighted_cluster(solution.Q[rows], levels, root[rows], omega)
        scores[g] = A_Q.T @ (solution.residuals[rows] / root[rows])
    return Adjustment(scores, D, S, L, V, omega)


def _weighted_cluster(
    Q: np.ndarray, levels: np.ndarray, root: np.ndarray, omega: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """
    One cluster's adjustment; `levels` are the dummies of its own absorbed intercepts, shape (n_rows, n_levels).

    With ``H = W^-1/2 B B' W^1/2``, B the orthonormal basis of the scaled intercepts and `Q`, the matrix
    ``(I-H)_g (I-H)_g'`` sends the weights of each intercept's rows to zero. On the rest (projection P below) it differs
    from the identity only inside the span of ``W^-1/2 B`` and ``P W^1/2 Q``.
    """
    weights = root**2
    heaviest = weights[:, None] * levels
    roots, squares = np.sqrt(weights @ levels), weights**2 @ levels
    light, heavy = Q / root[:, None], Q * root[:, None]
    coupling = levels.T @ (weights[:, None] * heavy) / roots[:, None]
    middle = np.block([[np.diag(squares / roots**2), coupling], [coupling.T, omega]])
    heavy_in = heavy - heaviest @ ((heaviest.T @ heavy) / squares[:, None])
    # rows of equal weight: their intercept is gone altogether, and must not come back as rounding
    uneven = roots**4 < (1 - 1e-12) * squares * levels.sum(axis=0)
    own = uneven * (levels - heaviest * (roots**2 / squares)) / roots
    bent = np.column_stack([own, light])
    if 2 * (bent.shape[1] + Q.shape[1]) < len(root):
        frame = _frame(own[:, uneven], np.column_stack([light, heavy_in]))
        inside = np.eye(frame.shape[1])
        bent_in, light_in, target = frame.T @ bent, frame.T @ light, frame.T @ heavy_in
    else:
        frame = np.eye(len(root))
        inside = frame - heaviest @ (heaviest / squares).T
        bent_in, light_in, target = bent, light, heavy_in
    product = light_in @ target.T
    A_Q = frame @ (_inverse_root(inside - product - product.T + bent_in @ middle @ bent_in.T) @ target)
    S, own_S = light.T @ A_Q, levels.T @ A_Q / roots[:, None]
    D = A_Q.T @ A_Q + own_S.T @ (own_S * np.diag(middle)[: levels.shape[1], None])
    return A_Q, D, S, heavy.T @ A_Q, coupling.T @ own_S


def _frame(disjoint: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Orthonormal basis of the span of both; the first columns have no rows in common."""
    first = disjoint / np.linalg.norm(disjoint, axis=0)
    lengths = np.linalg.norm(columns, axis=0)
    present = lengths > 1e-12 * lengths.max()  # a regressor may be zero throughout a cluster
    rest = columns[:, present] / lengths[present]
    for _ in range(2):  # twice is enough
        rest = rest - first @ (first.T @ rest)
    Q, R = np.linalg.qr(rest)
    if np.min(np.abs(np.diag(R))) < 1e-6:
        Q = rank_basis(rest, tolerance=1e-12)
    return np.column_stack([first, Q])


def _inverse_root(matrix: np.ndarray) -> np.ndarray:
    """Symmetric pseudo-inverse root."""
    values, vectors = np.linalg.eigh(matrix)
    keep = values > _ZERO
    return np.asarray((vectors[:, keep] / np.sqrt(values[keep])) @ vectors[:, keep].T)


def _room(solution: LeastSquares, absorbed: Absorbed, name: str, design: Design) -> np.ndarray:
    """One minus leverage; one where an absorbed intercept takes a row out altogether."""
    if not absorbed.exact_leverage:
        raise refuse(
            f'两个固定效应都很大，杠杆值未知，无法计算 {name}；请明确写 vcov="HC1" 或给出聚类与 vcov="CR1"。',
            f"Two large effects leave the leverages unknown, so {name} cannot be computed; "
            'ask for vcov="HC1", or for clusters with vcov="CR1", explicitly.',
        )
    room = 1 - leverages(solution, absorbed)
    full = room < 1e-10
    own = np.einsum("ij,ij->i", solution.Q, solution.Q)
    alone = full & (own > 1e-10)
    if alone.any():
        zh, en = listed(list(design.names[alone]))
        raise refuse(
            f"以下学校独自决定某个系数（杠杆值为 1），{name} 无定义：{zh}；请去掉该变量，或用 HC1。",
            f"Rows that determine a coefficient alone (leverage 1), for which {name} is undefined: {en}; "
            "drop that variable, or use HC1.",
        )
    return np.asarray(np.where(full, 1.0, room))
