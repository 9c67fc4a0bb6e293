"""Write docs/validation.md and its pictures: ``python -m sx_sim.validation [--out DIR]``."""

import argparse
from pathlib import Path

from sx_sim.validation import write

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the validation report.")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder, docs by default")
    for path in write(parser.parse_args().out):
        print(f"wrote {path}")
