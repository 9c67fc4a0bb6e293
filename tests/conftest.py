"""Settings for every test.

Compiled kernels are cached under a hash of their source: the cache does not notice when a
function that a kernel calls has changed in another module.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# last, so that what is tested is what is installed
sys.path.append(str(Path(__file__).parent.parent))


def _kernel_hash() -> str:
    spec = importlib.util.find_spec("sx_sim")
    assert spec is not None
    assert spec.origin is not None
    sources = sorted((Path(spec.origin).parent / "kernels").glob("*.py"))
    return hashlib.sha256(b"".join(s.read_bytes() for s in sources)).hexdigest()[:16]


_base = os.environ.get("NUMBA_CACHE_DIR", os.path.join(tempfile.gettempdir(), "sx_sim_numba"))
os.environ["NUMBA_CACHE_DIR"] = os.path.join(_base, _kernel_hash())
os.environ["MPLBACKEND"] = "Agg"

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=25)
settings.load_profile("repeatable")


@pytest.fixture
def closed_tightly(monkeypatch):
    """Close recycles far beyond what they need, so that differences are those of the inputs."""
    monkeypatch.setattr("sx_sim.flowsheet.loop.LOOP_LIMIT", 1e-13)
    monkeypatch.setattr("sx_sim.flowsheet.steady.TEAR_LIMIT", 1e-13)
