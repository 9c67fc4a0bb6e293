"""Pictures of results and sweeps: each function returns a matplotlib figure."""

from sx_sim.plots.bands import temperature_band
from sx_sim.plots.bars import tornado
from sx_sim.plots.colours import element_colours
from sx_sim.plots.columns import acidity, products, profiles, stage_plot
from sx_sim.plots.diagrams import circuit_diagram, train_diagram
from sx_sim.plots.errors import profile_bands, uncertainty
from sx_sim.plots.labels import cut_outputs, has_cut, nines, split_at
from sx_sim.plots.maps import heat_maps, sweep_plot
from sx_sim.plots.sankey import train_sankey
from sx_sim.plots.trains import train_profiles
from sx_sim.plots.transients import (
    animate_profile,
    transient_inputs,
    transient_inventory,
    transient_maps,
    transient_products,
)
from sx_sim.plots.windows import operating_window

__all__ = [
    "acidity",
    "animate_profile",
    "circuit_diagram",
    "cut_outputs",
    "element_colours",
    "has_cut",
    "heat_maps",
    "nines",
    "operating_window",
    "products",
    "profile_bands",
    "profiles",
    "split_at",
    "stage_plot",
    "sweep_plot",
    "temperature_band",
    "tornado",
    "train_diagram",
    "train_profiles",
    "train_sankey",
    "transient_inputs",
    "transient_inventory",
    "transient_maps",
    "transient_products",
    "uncertainty",
]
