"""Tables of isotherms as spreadsheets and laboratories write them."""

import numpy as np
import pytest

import sx_sim
from sx_sim.cases.isotherms import parse_isotherms, read_isotherms

PLAIN = (
    "contact,laboratory,element,extractant_formal,feed_acid,feed,aqueous,organic,oa,temperature\n"
    "1,ours,Nd,1.0,0.05,0.1,0.0757,0.0243,1,25\n"
    "2,ours,Nd,0.5,0.01,0.0094,0.0058,0.0036,1,30.5\n"
)


def same(text: str) -> None:
    """Assert that a text holds what the plain table does."""
    found, known = parse_isotherms(text), parse_isotherms(PLAIN)
    for name in ("total", "acid", "extractant", "temperature", "log10_d", "row", "oa"):
        np.testing.assert_allclose(getattr(found, name), getattr(known, name), rtol=1e-12)
    assert found.contacts == known.contacts


def german(text: str) -> str:
    return text.replace(",", ";").replace(".", ",")


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", ";"),
        german(PLAIN),
        german(PLAIN).replace(";", "\t"),
        "\ufeff" + german(PLAIN).replace("\n", "\r\n"),
        PLAIN.replace("contact,", '"contact",').replace("\n1,ours", '\n1,"ours"'),
        PLAIN.replace("\n", ",,\n"),
        PLAIN.replace("contact", "Contact").replace("feed_acid", "Feed acid"),
        PLAIN.replace("25\n", "25 degC\n").replace(",0.1,", ",0.1 mol/L,"),
    ],
)
def test_separators_decimals_and_headers_are_read_as_they_are_written(text):
    same(text)


def test_a_first_line_may_tell_the_separator():
    found = parse_isotherms("sep=;\n" + german(PLAIN))
    assert found.row.tolist() == [3, 4]
    np.testing.assert_allclose(found.log10_d, parse_isotherms(PLAIN).log10_d)


def test_units_in_the_header_are_converted():
    mass, oxide = 144.242, 168.24
    grams = PLAIN.replace("feed,aqueous,organic", "feed [g/L],aqueous (mg/L),organic [g/L REO]")
    grams = grams.replace("temperature", "temperature [K]").replace("feed_acid", "feed_acid [N]")
    for moles, scale in ((0.1, mass), (0.0757, 1000 * mass), (0.0243, oxide)):
        grams = grams.replace(f",{moles},", f",{moles * scale:.9g},", 1)
    for moles, scale in ((0.0094, mass), (0.0058, 1000 * mass), (0.0036, oxide)):
        grams = grams.replace(f",{moles},", f",{moles * scale:.9g},", 1)
    grams = grams.replace(",25\n", ",298.15\n").replace(",30.5\n", ",303.65\n")
    found, known = parse_isotherms(grams), parse_isotherms(PLAIN)
    np.testing.assert_allclose(found.total, known.total, rtol=1e-4)
    np.testing.assert_allclose(found.temperature, known.temperature)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            PLAIN.replace("0.05,0.1", '"0,05",0.1'),
            "row 2: feed_acid = 0,05: .*write a decimal p",
        ),
        (german(PLAIN).replace("0,0058", "0.0058"), "row 2: .* but row 3: aqueous = 0.0058"),
        (PLAIN.replace("oa,", "oa [g/L],"), r"column oa \[g/L\]: has no unit"),
        (
            PLAIN.replace("organic,", "organic [g/kg],"),
            "row 2: organic = 0.0243 g/kg: has the wrong",
        ),
        (PLAIN.replace("organic,", "organic [REO],"), "row 2: organic = 0.0243 REO: .*unit"),
        (
            PLAIN.replace("organic,", "organic [bad],"),
            "row 2: organic = .*has an unknown unit 'bad'",
        ),
        (PLAIN.replace("organic", "aqueous"), "column aqueous is there twice"),
        (PLAIN.replace("1,ours", '1,"ours'), "row .*: cannot be read"),
        (PLAIN.replace(",25\n", ",25,,7\n"), "row 2: has more values than there are columns"),
        (PLAIN.replace("temperature", ""), "row 2: has a value in a column without a name"),
        (PLAIN.replace("0.0757", "1_0"), "row 2: aqueous = 1 _0: has an unknown unit"),
        (PLAIN.replace("0.0757", "nan"), "row 2: aqueous = nan: must be a number"),
        (PLAIN.replace("0.0757", "1e999"), "row 2: aqueous = 1e999: must be 0 to 20"),
    ],
)
def test_what_a_table_gets_wrong_is_said_with_its_row(text, problem):
    with pytest.raises(sx_sim.CaseError, match=problem) as caught:
        parse_isotherms(text, "own.csv")
    assert all(line.startswith("own.csv: ") for line in str(caught.value).splitlines())


def test_encodings_of_tables_are_read_or_named(tmp_path):
    path = tmp_path / "own.csv"
    path.write_bytes(german(PLAIN).encode("utf-8-sig"))
    assert read_isotherms(path).points == 2
    path.write_bytes(PLAIN.encode("utf-16"))
    with pytest.raises(sx_sim.CaseError, match="is UTF-16 text; save it as UTF-8"):
        read_isotherms(path)
    path.write_bytes(PLAIN.replace("ours", "Universität").encode("latin-1"))
    with pytest.raises(sx_sim.CaseError, match="line 2: is Latin-1 or Windows-1252 text"):
        read_isotherms(path)


def test_bases_go_by_any_name_but_one_at_a_time():
    header = PLAIN.splitlines()[0] + ",saponification,base\n"
    rows = [line.replace(",25", ",25,0.2,NaOH") for line in PLAIN.splitlines()[1:]]
    text = header + "\n".join(row.replace(",30.5", ",30.5,0.2,{}") for row in rows)
    assert parse_isotherms(text.format("soda")).base == "Na"
    with pytest.raises(sx_sim.CaseError, match="base is NH4 and Na: contacts of one base"):
        parse_isotherms(text.format("ammonia"))
    with pytest.raises(sx_sim.CaseError, match="row 3: base = 'lime': must be one of Na, NH4"):
        parse_isotherms(text.format("lime"))


def test_magnesia_counts_two_equivalents():
    text = (
        PLAIN.splitlines()[0] + ",saponification,base\n1,ours,Nd,1,0.1,0.1,0.08,0.02,1,25,0.2,MgO\n"
    )
    data = parse_isotherms(text)
    assert data.base == "Mg"
    assert data.shakes().total[0].tolist() == pytest.approx([0.1, 0.1])
