"""Whether the kernels are compiled yet."""

from pathlib import Path

from sx_sim.kernels import column


def compiled() -> bool:
    """Return whether the disk cache holds the solver, compiled from the code as it is."""
    folder = Path(str(column.solve_column.stats.cache_path))
    changed = Path(column.__file__).stat().st_mtime
    entries = folder.glob("column.solve_column-*.nbi")
    return any(entry.stat().st_mtime >= changed for entry in entries)
