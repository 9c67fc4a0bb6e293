"""Trains in HDF5: a group for each circuit, and a table of the products."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sx_sim.cases.trains import Train, parse_train
from sx_sim.chemistry.elements import element, is_rare_earth
from sx_sim.errors import CaseError, check_kind
from sx_sim.flowsheet.train import TrainResult
from sx_sim.store.layout import TRAIN, sign, write_case, write_scale, write_table, writing
from sx_sim.store.reading import numbers, read_case, reading, texts
from sx_sim.store.results import write_result


@dataclass(frozen=True)
class StoredProduct:
    """One product of a train as a file has it.

    Parameters
    ----------
    name, place : str
        What it is called, and ``circuit.product``.
    oxides : float
        Rare earths, as oxides [kg/h].
    leading : str
        The rare earth there is most of by oxide mass, empty without any.
    purity : float
        Its share of the oxides, NaN without any.
    """

    name: str
    place: str
    oxides: float
    leading: str
    purity: float


def load_products(path: str | Path) -> tuple[Train, list[StoredProduct]]:
    """Read the products of a train from its file.

    Raises
    ------
    CaseError
        If there is no such file, or it is not of a train.
    """
    with reading(path, TRAIN) as file:
        source, sets = read_case(file)
        train = parse_train(source, str(path), sets=sets)
        species = texts(file, "species")
        mass = np.array([element(s).oxide_mass if is_rare_earth(s) else 0.0 for s in species])
        places = texts(file, "product")
        flow = numbers(file, "product_flow", len(places), finite=True)
        shape = len(places), len(species)
        held = numbers(file, "product_concentration", *shape, finite=True)
        if (flow < 0).any() or (held < 0).any():
            raise CaseError("product_flow, product_concentration: must not be negative")
        oxides = held * flow[:, None] * mass / 1000
        names = texts(file, "product_name", len(places)), places
    found = []
    for name, place, row in zip(*names, oxides, strict=True):
        whole = float(row.sum())
        leading = species[int(row.argmax())] if whole > 0 else ""
        purity = float(row.max()) / whole if whole > 0 else np.nan
        found.append(StoredProduct(name, place, whole, leading, purity))
    return train, found


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
    check_kind(found, TrainResult, "save_train needs a result first, as run_train returns it")
    check_kind(train, Train, "a train is needed: load_train(path) reads a file")
    products = found.products
    series = sorted({s for stream in products.values() for s in stream.held})
    with writing(path, TRAIN) as file:
        sign(file, TRAIN, train.title)
        write_case(file, train.text, train.sets)
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
