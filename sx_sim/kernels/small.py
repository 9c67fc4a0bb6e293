"""Inverses of a stage's few closures."""

from sx_sim.kernels.jit import kernel


@kernel(inline="always")
def invert_small(a):
    """Invert ``a`` (m, m), m = 2 or 3, in place by cofactors."""
    if a.shape[0] == 2:
        det = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
        a[0, 0], a[1, 1] = a[1, 1] / det, a[0, 0] / det
        a[0, 1] /= -det
        a[1, 0] /= -det
        return
    p, q, r = a[0, 0], a[0, 1], a[0, 2]
    u, v, w = a[1, 0], a[1, 1], a[1, 2]
    x, y, z = a[2, 0], a[2, 1], a[2, 2]
    det = p * (v * z - w * y) + q * (w * x - u * z) + r * (u * y - v * x)
    a[0, 0], a[0, 1], a[0, 2] = (v * z - w * y) / det, (r * y - q * z) / det, (q * w - r * v) / det
    a[1, 0], a[1, 1], a[1, 2] = (w * x - u * z) / det, (p * z - r * x) / det, (r * u - p * w) / det
    a[2, 0], a[2, 1], a[2, 2] = (u * y - v * x) / det, (q * x - p * y) / det, (p * v - q * u) / det
