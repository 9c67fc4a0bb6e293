"""``python -m sx_sim.cli``."""

from sx_sim.cli import app

app()
