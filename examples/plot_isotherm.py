"""
Shaking neodymium and dysprosium with P507
==========================================

The smallest experiment of solvent extraction: an aqueous chloride and an organic solvent
in one flask, shaken until nothing changes. ``sx_sim.contact`` does it for any ratio of the
phases or any acid.
"""

# %%
# How much is extracted depends on the acid. Each metal that enters the solvent gives three
# hydrogen ions back, so the pH of the flask is an answer, not an input.

import matplotlib.pyplot as plt
import numpy as np

import sx_sim

acid = np.geomspace(0.001, 3.0, 60)
metals = {"Nd": "0.02 mol/L", "Dy": "0.02 mol/L", "Y": "0.02 mol/L"}
shake = sx_sim.contact("hehehp-chloride", metals, acid=acid, concentration="1 mol/L")

colours = sx_sim.plots.element_colours(metals)
fig, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for element in metals:
    axes.plot(shake.pH, 100 * shake.extracted(element), color=colours[element], label=element)
axes.set_xlabel("pH at equilibrium")
axes.set_ylabel("extracted [%]")
axes.legend()
plt.show()

# %%
# An isotherm: the same feed with more and more of it per solvent. The organic phase fills
# up towards its capacity of one metal per three dimers, 0.167 mol/L here.

ratio = np.geomspace(0.02, 50, 60)  # organic over aqueous
fig, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for saponification in (0.0, 0.2, 0.4):
    loaded = sx_sim.contact(
        "hehehp-chloride",
        {"Nd": "0.3 mol/L"},
        acid="0.01 mol/L",
        concentration="1 mol/L",
        oa=ratio,
        saponification=saponification,
    )
    axes.plot(loaded.aqueous[:, 0], loaded.organic[:, 0], label=f"{saponification:.0%} saponified")
axes.set_xlabel("Nd in the aqueous phase [mol/L]")
axes.set_ylabel("Nd in the organic phase [mol/L]")
axes.legend(loc=(0.08, 0.08))
plt.show()

# %%
# Every element's constants say where they come from. Dysprosium's are fitted to measured
# isotherms; its separation from neodymium hardly depends on the conditions:

beta = shake.separation_factor("Dy", "Nd")
print(f"Dy/Nd separation factor: {beta.min():.0f} to {beta.max():.0f}")
