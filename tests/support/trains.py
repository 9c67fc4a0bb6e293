"""A small train with a link back, for tests."""

TRAIN = """
title = "Two cuts, strip liquor of the second back to the first"
[defaults]
temperature = "25 degC"
[defaults.solvent]
extractant = "hehehp-chloride-conditional"
concentration = "1.0 mol/L"
saponification = 0.2
recycle = true
[circuits.gd_dy]
solvent.flow = "60 L/h"
[circuits.gd_dy.feeds.liquor]
source = "dy_ho.raffinate"
acid = "0.1 mol/L"
by = "neutralising"
[circuits.gd_dy.sections]
extraction = { stages = 4 }
scrub = { stages = 4, acid = "1.5 mol/L", flow = "12 L/h" }
strip = { stages = 4, acid = "4 mol/L", flow = "20 L/h", outlet = "strip liquor" }
[circuits.dy_ho]
solvent.flow = "545 L/h"
[circuits.dy_ho.feeds.clay]
composition = { Gd = 20, Dy = 20, Ho = 10, Y = 50 }
strength = "0.5 mol/L"
acid = "0.03 mol/L"
flow = "100 L/h"
[circuits.dy_ho.feeds.back]
source = "gd_dy.strip liquor"
acid = "0.05 mol/L"
strength = "0.4 mol/L"
[circuits.dy_ho.sections]
extraction = { stages = 6 }
scrub = { stages = 5, acid = "1.7 mol/L", flow = "60 L/h" }
strip = { stages = 5, acid = "5 mol/L", flow = "200 L/h", outlet = "strip liquor" }
[products]
"Gd oxide" = "gd_dy.raffinate"
"""
