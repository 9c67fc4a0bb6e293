import codecs
import time

import pytest

from sx_sim.errors import CaseError
from sx_sim.text_files import read_tables, read_text


def refusal(path, read=read_text) -> str:
    with pytest.raises(CaseError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read_with_or_without_a_byte_order_mark(tmp_path, encoding):
    path = tmp_path / "a.toml"
    path.write_bytes('title = "25 °C"\r\nx = 1\r'.encode(encoding))
    assert read_text(path) == 'title = "25 °C"\nx = 1\n'
    assert read_tables(path) == {"title": "25 °C", "x": 1}


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ("a = 1".encode("utf-16"), "UTF-16"),
        (codecs.BOM_UTF16_BE + "a = 1".encode("utf-16-be"), "UTF-16"),
        ("a = 1".encode("utf-16-le"), "UTF-16 text without"),
        ("a = 1".encode("utf-32"), "UTF-32"),
        ("a = 1\nb = '°'".encode("latin-1"), "line 2: is Latin-1 or Windows-1252 text, by its '°'"),
        ("t = '25\u2019'".encode("cp1252"), "by its '\u2019'"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"PK\x03\x04....", "spreadsheet"),
        (b"a = 1\0 and more of it", "zero bytes"),
    ],
)
def test_what_is_not_utf_8_is_named_for_what_it_is(tmp_path, raw, named):
    path = tmp_path / "a.toml"
    path.write_bytes(raw)
    message = refusal(path)
    assert named in message
    assert "save" in message or "no text" in message


def test_what_is_no_file_is_named(tmp_path):
    assert refusal(tmp_path / "none.toml") == "there is no such file"
    assert refusal(tmp_path) == "is a folder; a file is needed"
    assert refusal("a\0b.toml").startswith("cannot be read")


@pytest.mark.parametrize("text", ["a = ", "a = " + "[" * 5000, "a = " + "9" * 5000])
def test_tables_that_cannot_be_read_are_refused_in_one_line(tmp_path, text):
    path = tmp_path / "a.toml"
    path.write_text(text)
    assert refusal(path, read_tables)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = \u201cx\u201d", "line 1: has a curly quote \u201c"),
        ("b = 1\na = 0,3", "line 2: has a decimal comma"),
        ("a = { b = 0,5 }", "line 1: has a decimal comma"),
        ('a = "\\u001b[1m"', "'\\x1b[1m': holds a control character"),
        ('"a\\u0000" = 1', "'a\\x00': holds a control character"),
        (".".join(["a"] * 20_000) + " = 1", "nested deeper"),
        ("[" + ".".join(['"a"'] * 20_000) + "]", "nested deeper"),
        ("a = " + "[" * 500 + "]" * 500, "nested deeper"),
        ("a = 1 #" + " " * 5_000_000, "larger than 4 MB"),
    ],
)
def test_what_is_wrong_with_tables_is_told_at_once(tmp_path, text, told):
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    begun = time.perf_counter()
    assert told in refusal(path, read_tables)
    assert time.perf_counter() - begun < 0.5


def test_lines_and_tabs_are_no_control_characters(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('a = """one\ntwo\tthree"""')
    assert read_tables(path) == {"a": "one\ntwo\tthree"}
