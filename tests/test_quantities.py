"""Quantities as text: the units that plants write, and what is refused at once."""

import time

import pytest

from sx_sim import units


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("0.1 m3/h", "L/h", 100.0),
        ("0.1 m^3/h", "L/h", 100.0),
        ("0.1 m**3/h", "L/h", 100.0),
        ("2.4 m3/d", "L/h", 100.0),
        ("0.44 gpm", "L/h", 0.44 * 3.785411784 * 60),  # US gallon by definition
        ("1.5 L/min", "L/h", 90.0),
        ("1.5 lpm", "L/h", 90.0),
        ("5 mL/min", "L/h", 0.3),
        ("100 lph", "L/h", 100.0),
        ("100 l/hr", "L/h", 100.0),
        ("100 LPH", "L/h", 100.0),
        ("1 kmol/m3", "mol/L", 1.0),
        ("1 mol/dm3", "mol/L", 1.0),
        ("1 mol dm-3", "mol/L", 1.0),
        ("1 mol L^-1", "mol/L", 1.0),
        ("1.0 M", "mol/L", 1.0),
        ("20 mM", "mol/L", 0.02),
        ("0.1 N", "eq/L", 0.1),
        ("100 meq/L", "eq/L", 0.1),
        ("1000 ppm", "g/L", 1.0),
        ("1 gpl", "g/L", 1.0),
        ("1 kg/m3", "g/L", 1.0),
        ("30 vol%", "volpct", 30.0),
        ("30 % v/v", "volpct", 30.0),
        ("30 % (v/v)", "volpct", 30.0),
        ("25 °C", "K", 298.15),
        ("25 C", "K", 298.15),
        ("4.1 kJ/(L*K)", "kJ/(L*K)", 4.1),
    ],
)
def test_a_unit_that_plants_write_is_read(text, unit, value):
    found, of = units.parse(text, unit)
    assert of == unit
    assert found == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100", "needs a unit"),
        ("100 kg/h", "wrong kind of unit 'kg/h'"),
        ("100 gallops", "unknown unit 'gallops'"),
        ("1,5 L/h", "decimal point"),
        ("1.000,5 L/h", "decimal point"),
        ("1 000 L/h", "unknown unit '000 L/h'"),
        ("L/h", "must be a number and a unit"),
        ("", "must be a number and a unit"),
        ("1 N", "wrong kind of unit 'N'"),
        ("1 1/0", "unknown unit"),
        ("1 L/0", "unknown unit"),
        ("60 ]L/h", "unknown unit"),
        ("1 L/(h", "unknown unit"),
        ("1 L**9**9**9", "unknown unit"),
        ("1 L^99", "unknown unit"),
        ("1 (((((((((L)))))))))/h", "unknown unit"),
        ("1" + " " * 100_000 + "x", "characters long"),
        ("1 " + "L*" * 50_000, "characters long"),
        ("9" * 5000, "characters long"),
    ],
)
def test_what_is_no_quantity_is_refused_at_once(text, said):
    units.parse("1 L/h", "L/h")  # with the registry read
    begun = time.perf_counter()
    with pytest.raises(ValueError, match="such as '120 L/h'") as refused:
        units.parse(text, "L/h")
    assert said in str(refused.value)
    assert time.perf_counter() - begun < 0.1
