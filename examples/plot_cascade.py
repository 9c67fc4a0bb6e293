"""
A cascade, and how sharp its operating point is
===============================================

Praseodymium and neodymium differ so little that one contact does next to nothing. A
cascade multiplies it: 150 mixer-settlers, the solvent going one way and the water the
other. This script solves such a cascade and then moves one valve a little.
"""

# %%
# A case is a text file; here it is written out. Stages are counted in the direction of the
# solvent, the feed enters the last stage of the extraction section, and the scrub acid the
# last stage of all.

import matplotlib.pyplot as plt
import numpy as np

import sx_sim

case = sx_sim.parse_case("""
temperature = "25 degC"
cut = ["Pr", "Nd"]

[solvent]
extractant = "hehehp-chloride"
concentration = "1.5 mol/L"
saponification = 0.36
flow = "2196.75 L/h"

[feeds.didymium]
composition = { Pr = 25, Nd = 75 }
strength = "1.2 mol/L"
acid = "0.01 mol/L"
flow = "100 L/h"

[sections.extraction]
stages = 70

[sections.scrub]
stages = 80
acid = "3.5 mol/L"
flow = "262 L/h"
""")
result = sx_sim.solve(case)

print("raffinate: Pr", f"{result.purity('Pr'):.4%} pure,", f"{result.recovery('Pr'):.4%} recovered")
print("solvent:   Nd", f"{result.purity('Nd', 'loaded solvent'):.4%} pure")

# %%
# Along the stages the two metals trade places. Sodium, the base the solvent came with,
# leaves at once with the raffinate: rare earths displace it.

sx_sim.plots.profiles(result)
plt.show()

# %%
# pH and loading are nearly flat inside each section: every metal that is extracted pushes
# another one back.

sx_sim.plots.acidity(result)
plt.show()

# %%
# Now the valve: a tenth of a per cent more or less solvent.

flows = np.linspace(2186.0, 2208.0, 23)
raffinate, extract = [], []
for flow in flows:
    moved = sx_sim.solve(case.with_values({"solvent.flow": f"{flow} L/h"}))
    raffinate.append(100 * moved.purity("Pr"))
    extract.append(100 * moved.purity("Nd", "loaded solvent"))

fig, axes = plt.subplots(figsize=(7, 4), layout="constrained")
colours = sx_sim.plots.element_colours(["Pr", "Nd"])
axes.plot(flows, raffinate, "o-", color=colours["Pr"], label="Pr in raffinate")
axes.plot(flows, extract, "o-", color=colours["Nd"], label="Nd in loaded solvent")
axes.set_xlabel("solvent flow [L/h]")
axes.set_ylabel("purity, REO [%]")
axes.legend()
plt.show()
