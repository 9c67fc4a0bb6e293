"""Trains in HDF5: a group for each circuit, and a table of the products."""

from __future__ import annotations

from pathlib import Path

from sx_sim.cases.trains import Train
from sx_sim.circuits.train import TrainResult
from sx_sim.store.layout import TEXT, TRAIN, sign, write_scale, write_table, writing
from sx_sim.store.results import write_result


def save_train(found: TrainResult, path: str | Path, train: Train) -> None:
    """Write a train to an HDF5 file, a group for each circuit and a table of the products.

    Parameters
    ----------
    found : TrainResult
    path : str or Path
    train : Train

    Raises
    ------
    CaseError
        If the file cannot be written; one already there is left as it was.
    """
    products = found.products
    series = sorted({s for stream in products.values() for s in stream.held})
    with writing(path) as file:
        sign(file, TRAIN, train.title)
        file.create_dataset("case", data=train.text, dtype=TEXT)
        file.attrs["circuits"] = list(found.circuits)
        file.attrs["stages"] = found.stages
        file.attrs["passes"] = found.passes
        file.attrs["converged"] = found.converged
        write_scale(file, "product", list(products), "circuit and stream that leaves it")
        write_scale(file, "species", series, "species")
        flows = [stream.flow for stream in products.values()]
        write_table(file, "product_flow", flows, ["product"], "L/h", "flow")
        names = [train.names.get(place, "") for place in products]
        write_table(file, "product_name", names, ["product"], "", "name of the product")
        held = [[stream.held.get(s, 0.0) for s in series] for stream in products.values()]
        along = ["product", "species"]
        write_table(file, "product_concentration", held, along, "mol/L", "concentration")
        for name, solved in found.circuits.items():
            group = file.create_group(f"circuits/{name}")
            write_result(group, solved.result.result)
            group.attrs["rounds"] = solved.result.rounds
            group.attrs["mismatch"] = solved.result.mismatch
