"""An Nd/Sm extraction cascade published with another code, 20 of its rows.

Barren solvent of fixed dosage, log10 D = a pH + b, three protons per metal. The feed
enters the last stage; A/O and the number of stages vary from row to row.
"""

import csv

import pytest

import sx_sim
from support.paths import ROOT

ROWS = list(csv.DictReader((ROOT / "sx_sim" / "data" / "reference" / "nd_sm_cascade.csv").open()))
CASE = """
temperature = "25 degC"

[solvent]
extractant = "{key}"
flow = "{organic} L/h"

[feeds.liquor]
concentrations = {{ Nd = "{nd} mol/L", Sm = "{sm} mol/L" }}
acid = "{acid!r} mol/L"
flow = "{aqueous!r} L/h"

[sections.extraction]
stages = {stages}
"""


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda r: f"{r['case']}-{r['n cells']}-{r['ao ratio'][:4]}"
)
def test_purity_recovery_and_pH_agree(row):
    scale = 2 if row["case"].startswith("concentrated") else 1
    dosage = round(100 * float(row["extractant concentration"]))
    case = sx_sim.parse_case(
        CASE.format(
            key=f"{row['extractant'].lower()}-{dosage}vol-logd",
            organic=100.0,
            aqueous=100.0 * float(row["ao ratio"]),
            acid=10 ** -float(row["pHi"]),
            nd=scale * 0.0761293,
            sm=scale * 0.0052936,
            stages=int(row["n cells"]),
        )
    )
    result = sx_sim.solve(case)
    assert result.purity("Nd", basis="mol") == pytest.approx(float(row["purity"]), abs=1e-6)
    assert result.recovery("Nd") == pytest.approx(float(row["recovery"]), abs=1e-6)
    assert result.stream("raffinate").pH == pytest.approx(float(row["pH at raffinate"]), abs=1e-6)
