"""
Start-up through total reflux
=============================

A plant that is filled and then opened takes months to put neodymium on specification: the
elements have to part against what flows through. Closed at both ends for a while, they part in
days, and the products can be taken at once.
"""

# %%
# The case fills the plant for 250 h with nothing taken out at the heavy end, closes it for 100 h
# and opens it. Without its events it is the direct start.

from pathlib import Path

import matplotlib.pyplot as plt

import sx_sim

folder = Path("examples") if Path("examples").is_dir() else Path()
case = sx_sim.load_case(folder / "start_up_ce_pr_nd.toml")
direct = sx_sim.parse_case(case.text.partition("[[simulation.events]]")[0], case.name)
runs = {"through total reflux": sx_sim.simulate(case), "direct": sx_sim.simulate(direct)}

# %%
# When both products are at 99.95 %, and how much neodymium the plant holds by then:

for name, run in runs.items():
    nd = run.inventory[-1, run.species.index("Nd")]
    print(
        f"{name}: on specification from {run.time_to_specification:.0f} h, {nd:.0f} mol of Nd held"
    )

# %%
# What is not yet pure of the heavy product, on a logarithmic scale:

figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
for name, run in runs.items():
    axes.semilogy(run.time, 1.0 - run.series("purity.Nd.strip liquor"), label=name)
axes.axhline(5e-4, color="tab:red", linewidth=1, label="specification")
for event in case.content.simulation.events[1:]:
    axes.axvline(event.at, color="0.7", linewidth=0.8)
axes.set_xlabel("time [h]")
axes.set_ylabel("impurity of Nd in the strip liquor")
axes.set_ylim(1e-5, 1.0)
axes.set_xlim(0.0, 1000.0)
axes.legend()
plt.show()
