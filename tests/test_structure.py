"""The structure holds: layers, imports, docstrings."""

import doctest
import importlib
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sx_sim
from support.paths import ROOT

MODULES = [m.name for m in pkgutil.walk_packages(sx_sim.__path__, "sx_sim.")]


def test_import_contracts():
    program = shutil.which("lint-imports") or str(Path(sys.executable).parent / "lint-imports")
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_importing_the_package_or_reading_a_case_loads_no_compiler():
    code = (
        "import sys, sx_sim; assert not {'numba', 'h5py', 'matplotlib'} & set(sys.modules);"
        f"sx_sim.load_case({str(ROOT / 'examples' / 'pr_nd.toml')!r});"
        "assert not {'numba', 'h5py', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_public_names_exist_and_are_documented():
    assert set(sx_sim.__all__) <= set(dir(sx_sim))
    for name in sx_sim.__all__:
        assert getattr(sx_sim, name).__doc__


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sx_sim.nothing
