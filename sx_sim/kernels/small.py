"""Inverses of small matrices."""

from sx_sim.kernels.jit import kernel


@kernel()
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
