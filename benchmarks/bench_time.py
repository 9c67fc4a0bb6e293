"""Plants over time: hours of start-up, a day of an upset."""

from pathlib import Path

import sx_sim
from sx_sim.simulations import Simulation

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


class StartUp:
    """A thousand hours from barren phases, at an error of a thousandth per step."""

    params = ("pr_nd", "heavy_clay_dy_ho")
    param_names = ("example",)
    timeout = 120

    def setup(self, example):
        self.case = sx_sim.load_case(EXAMPLES / f"{example}.toml")
        Simulation(self.case, start="empty")

    def time_thousand_hours(self, _):
        Simulation(self.case, start="empty").step(1000.0)

    def track_solves(self, _):
        return Simulation(self.case, start="empty").step(1000.0).solves


class Upset:
    """A day of the train of fourteen circuits after a twentieth more feed."""

    timeout = 120

    def setup(self):
        self.case = sx_sim.load_case(EXAMPLES / "heavy_clay_train.toml")
        self.plant = Simulation(self.case)
        self.steady = self.plant.state

    def time_day(self):
        self.plant.restore(self.steady)
        self.plant.set("circuits.dy_ho.feeds.liquor.flow", "105 L/h").step(24.0)
