"""The problems that are timed."""

import sx_sim

REFERENCE = """
temperature = "25 degC"

[solvent]
extractant = "hehehp-chloride"
concentration = "1.0 mol/L"
saponification = 0.2
flow = "600 L/h"

[feeds.clay]
composition = "longnan"
strength = "0.5 mol/L"
pH = 1.5
flow = "100 L/h"

[sections.extraction]
stages = {extraction}

[sections.scrub]
stages = {scrub}
acid = "1.7 mol/L"
flow = "75 L/h"
"""


def reference(stages: int) -> sx_sim.Case:
    """Return an extraction and scrub column of 15 rare earths and sodium, loaded to 70 %."""
    return sx_sim.parse_case(REFERENCE.format(extraction=stages // 2, scrub=stages - stages // 2))
