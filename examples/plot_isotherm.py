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

fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
for element in metals:
    left.plot(shake.pH, 100 * shake.extracted(element), label=element)
left.set_xlabel("pH at equilibrium")
left.set_ylabel("extracted [%]")
left.legend()

# %%
# An isotherm: the same feed with more and more of it per solvent. The organic phase fills
# up towards its capacity of one metal per three dimers, 0.167 mol/L here.

ratio = np.geomspace(0.02, 50, 60)  # organic over aqueous
for saponification in (0.0, 0.2, 0.4):
    loaded = sx_sim.contact(
        "hehehp-chloride",
        {"Nd": "0.3 mol/L"},
        acid="0.01 mol/L",
        concentration="1 mol/L",
        oa=ratio,
        saponification=saponification,
    )
    right.plot(loaded.aqueous[:, 0], loaded.organic[:, 0], label=f"{saponification:.0%} saponified")
right.set_xlabel("Nd in the aqueous phase [mol/L]")
right.set_ylabel("Nd in the organic phase [mol/L]")
right.legend(loc="upper left")
plt.show()

# %%
# Every element's constants say where they come from. Dysprosium's are fitted to measured
# isotherms; its separation from neodymium hardly depends on the conditions:

beta = shake.separation_factor("Dy", "Nd")
print(f"Dy/Nd separation factor: {beta.min():.0f} to {beta.max():.0f}")
