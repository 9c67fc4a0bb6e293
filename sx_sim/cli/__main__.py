"""``python -m sx_sim.cli``."""

from sx_sim.cli import app

if __name__ == "__main__":
    app()
