"""The exact Newton direction: a block-tridiagonal elimination over the stages.

Each stage's scalars are eliminated locally, which leaves blocks of species x species.
With M_j = dy_j/dx_j, which is D plus one column times one row per scalar, the metal
balances read

    (A_j + WA_j) dx_j + (O_j + WO_j) dy_j - A_(j+1) dx_(j+1) - O_(j-1) dy_(j-1) = 0

where W is what is drawn off. Elimination from stage 1 leaves the pivots

    P_j = WA_j + A_j (1 - O_(j-1) M_(j-1) P_(j-1)^-1) + (O_j + WO_j) M_j

The pivots are inverted rather than factored: rows of full length vectorise, and each
right-hand side then costs two products instead of two triangular solves. Inverses are
kept transposed, so that those products run along rows too.
"""

import numpy as np
from numba import njit

from sx_sim.kernels.closure import linearise
from sx_sim.kernels.types import Factors


@njit(cache=True, error_model="numpy")
def invert(a, swaps):
    """Invert ``a`` (S, S) in place by Gauss-Jordan with row exchanges.

    ``swaps`` (S,) is work. A singular matrix gives infinities or NaN.
    """
    s = a.shape[0]
    for k in range(s):
        best = k
        for i in range(k + 1, s):
            if abs(a[i, k]) > abs(a[best, k]):
                best = i
        swaps[k] = best
        if best != k:
            for c in range(s):
                a[k, c], a[best, c] = a[best, c], a[k, c]
        scale = 1.0 / a[k, k]
        a[k, k] = 1.0
        for c in range(s):
            a[k, c] *= scale
        for i in range(s):
            if i != k:
                factor = a[i, k]
                a[i, k] = 0.0
                for c in range(s):
                    a[i, c] -= factor * a[k, c]
    for k in range(s - 1, -1, -1):
        best = swaps[k]
        if best != k:
            for i in range(s):
                a[i, k], a[i, best] = a[i, best], a[i, k]


@njit(cache=True, error_model="numpy")
def invert_small(a, inverse):
    """Invert ``a`` (m, m), m = 2 or 3, by cofactors."""
    if a.shape[0] == 2:
        det = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
        inverse[0, 0] = a[1, 1] / det
        inverse[0, 1] = -a[0, 1] / det
        inverse[1, 0] = -a[1, 0] / det
        inverse[1, 1] = a[0, 0] / det
        return
    for r in range(3):
        for c in range(3):
            r1, r2, c1, c2 = (c + 1) % 3, (c + 2) % 3, (r + 1) % 3, (r + 2) % 3
            inverse[r, c] = a[r1, c1] * a[r2, c2] - a[r1, c2] * a[r2, c1]
    det = a[0, 0] * inverse[0, 0] + a[0, 1] * inverse[1, 0] + a[0, 2] * inverse[2, 0]
    for r in range(3):
        for c in range(3):
            inverse[r, c] /= det


@njit(cache=True, error_model="numpy")
def empty_factors(n, s, m):
    """Return uninitialised factors for N stages, S species and m scalars."""
    return Factors(
        np.empty((n, s, s)),
        np.empty((n, s)),
        np.empty((n, m, m)),
        np.empty((n, m, s)),
        np.empty((n, m, s)),
    )


@njit(cache=True, error_model="numpy")
def eliminate_scalars(cascade, law, state, j, f_inverse, response, y_scalar):
    """Express stage ``j``'s scalar steps by its metals: ``f_inverse f + response dx``."""
    m, s = response.shape
    f_scalar = np.empty((m, m))
    f_x = np.empty((m, s))
    linearise(cascade, law, state, j, f_scalar, f_x, y_scalar)
    invert_small(f_scalar, f_inverse)
    for a in range(m):
        for i in range(s):
            total = 0.0
            for b in range(m):
                total -= f_inverse[a, b] * f_x[b, i]
            response[a, i] = total


@njit(cache=True, error_model="numpy")
def factorise(cascade, law, state, factors):
    """Fill ``factors`` with the cascade linearised at ``state``."""
    n, s = state.x.shape
    m = state.f.shape[1]
    swaps = np.empty(s, np.int64)
    kept = np.eye(s)  # transpose of 1 - O M P^-1 of the stage below
    for j in range(n):
        response = factors.response[j]
        y_scalar = factors.y_scalar[j]
        pivot = factors.pivot[j]
        d = factors.d[j]
        eliminate_scalars(cascade, law, state, j, factors.f_inverse[j], response, y_scalar)
        up = cascade.organic[j]
        leaving = up + cascade.organic_draw[j]
        for i in range(s):
            d[i] = state.d[j, i]
        for c in range(s):
            for i in range(s):
                pivot[c, i] = cascade.aqueous[j] * kept[c, i]
            for a in range(m):
                factor = leaving * response[a, c]
                for i in range(s):
                    pivot[c, i] += factor * y_scalar[a, i]
            pivot[c, c] += cascade.aqueous_draw[j] + leaving * d[c]
        invert(pivot, swaps)
        for c in range(s):
            for i in range(s):
                kept[c, i] = -up * d[i] * pivot[c, i]
            for a in range(m):
                total = 0.0
                for i in range(s):
                    total += response[a, i] * pivot[c, i]
                total *= up
                for i in range(s):
                    kept[c, i] -= total * y_scalar[a, i]
            kept[c, c] += 1.0


@njit(cache=True, error_model="numpy")
def newton_step(cascade, factors, f, step):
    """Fill ``step`` (N, m): the scalars' step that cancels ``f``, the metals following."""
    n, s = factors.d.shape
    m = f.shape[1]
    forward = np.zeros((n, s))
    arriving = np.zeros(s)  # organic coming up
    rhs = np.empty(s)
    for j in range(n):
        up = cascade.organic[j]
        leaving = up + cascade.organic_draw[j]
        for i in range(s):
            rhs[i] = arriving[i]
            arriving[i] = 0.0
        for a in range(m):
            total = 0.0
            for b in range(m):
                total -= factors.f_inverse[j, a, b] * f[j, b]
            step[j, a] = total  # at dx = 0
            for i in range(s):
                rhs[i] -= leaving * factors.y_scalar[j, a, i] * total
                arriving[i] += up * factors.y_scalar[j, a, i] * total
        for c in range(s):
            for i in range(s):
                forward[j, i] += factors.pivot[j, c, i] * rhs[c]
        for a in range(m):
            total = 0.0
            for i in range(s):
                total += factors.response[j, a, i] * forward[j, i]
            for i in range(s):
                arriving[i] += up * factors.y_scalar[j, a, i] * total
        for i in range(s):
            arriving[i] += up * factors.d[j, i] * forward[j, i]
    dx = np.zeros(s)
    for j in range(n - 1, -1, -1):
        if j < n - 1:
            for c in range(s):
                passed = cascade.aqueous[j + 1] * dx[c]
                for i in range(s):
                    forward[j, i] += factors.pivot[j, c, i] * passed
        for a in range(m):
            total = step[j, a]
            for i in range(s):
                total += factors.response[j, a, i] * forward[j, i]
            step[j, a] = total
        for i in range(s):
            dx[i] = forward[j, i]
