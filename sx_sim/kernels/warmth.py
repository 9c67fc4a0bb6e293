"""Whether the kernels are compiled yet."""

from pathlib import Path

from sx_sim.kernels.column import solve_into


def compiled() -> bool:
    """Return whether the disk cache holds a compiled solver."""
    folder = Path(str(solve_into.stats.cache_path))
    return any(folder.glob("column.solve_into-*.nbi"))
