"""The chemical system of a column: which species, in which order, by which constants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sx_sim.chemistry import activity, aqueous, database
from sx_sim.chemistry.elements import ACID, Element, element, is_rare_earth
from sx_sim.chemistry.extractants import Constants, ExtractantSet
from sx_sim.chemistry.ligands import Ligand, ligand
from sx_sim.chemistry.reagents import anion_charge
from sx_sim.chemistry.series import conditions_of, series_at
from sx_sim.errors import CaseError
from sx_sim.kernels.types import Complexes, Law

Array = NDArray[np.float64]


def in_series(symbols: Iterable[str], series: tuple[str, ...]) -> tuple[str, ...]:
    """Return species: rare earths in the order of a series, then the others by symbol."""
    place = {symbol: k for k, symbol in enumerate(series)}
    return tuple(sorted(symbols, key=lambda s: (place.get(s, len(place)), s)))


MOST_LAWS = 256  # temperatures whose laws a system remembers


@dataclass(frozen=True)
class ChemicalSystem:
    """Species of a column and their constants; the only owner of species indices.

    Parameters
    ----------
    extractant : ExtractantSet
    species : tuple of str
        Symbols in the order of every array: rare earths along the series, then the others. Where
        metals are extracted with anions the acid, ``H``, is one of them.
    series : tuple of str
        All rare earths of the set: the lanthanides by atomic number, and yttrium where
        distribution ratios put it; see ``chemistry.series``.
    base : str
        Cation of the base that saponifies the solvent, which is no part of the loading.
    own : mapping of str to Element
        What a set or a case declares beside the elements there are.
    """

    extractant: ExtractantSet
    species: tuple[str, ...]
    series: tuple[str, ...]
    base: str = ""
    own: Mapping[str, Element] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"ChemicalSystem: {', '.join(self.species)}; {self.extractant.key}"

    @classmethod
    def of(
        cls,
        extractant: ExtractantSet,
        symbols: Iterable[str],
        series: tuple[str, ...] | None = None,
        base: str = "",
        own: Mapping[str, Element] | None = None,
    ) -> ChemicalSystem:
        """Return the system of the given species.

        Parameters
        ----------
        extractant : ExtractantSet
        symbols : iterable of str
        series : tuple of str, optional
            Rare earths in their order; that in the middle of the set's ranges if not given.
        base : str
        own : mapping of str to Element, optional

        Raises
        ------
        CaseError
            If the set has no constants for one of them, or its activity model none.
        """
        wanted, own = set(symbols), {**extractant.own, **(own or {})}
        wanted |= {ACID} if extractant.extracts_anions else set()
        for symbol in sorted(wanted):
            element(symbol, own)
            if symbol not in extractant.species:
                raise CaseError(
                    f"extractant set '{extractant.key}' has no constants for {symbol}; it has "
                    f"{', '.join(extractant.species)}. Give [constants.{symbol}] with log10_K, "
                    "or with inert = true if it stays in the aqueous phase"
                )

            ion, charge = extractant.species[symbol].ion, element(symbol, own).charge
            if ion and ion != charge:
                raise CaseError(
                    f"elements.{symbol}.charge = {charge}: the reaction of {symbol} in set "
                    f"'{extractant.key}' takes up an ion of charge {ion:+d}; give "
                    f"[constants.{symbol}] with order_acid as well"
                )

        if extractant.activity == "sit":
            activity.interaction(sorted(wanted))

        if series is None:
            series = series_at(extractant, conditions_of(extractant))
        return cls(extractant, in_series(wanted, series), series, base, own)

    def along(self, series: tuple[str, ...]) -> ChemicalSystem:
        """Return the system with its rare earths in the order of another series."""
        return replace(self, species=in_series(self.species, series), series=series)

    @cached_property
    def constants(self) -> tuple[Constants, ...]:
        """Constants of every species, in order."""
        return tuple(self.extractant.species[symbol] for symbol in self.species)

    def is_inert(self, symbol: str) -> bool:
        """Whether a species stays in the water."""
        return self.constants[self.index(symbol)].inert

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Source keys of all constants in use, each once."""
        found: list[str] = []
        for c in self.constants:
            found += [] if c.inert else [*c.source, *c.enthalpy_source]
        if self.ligand is not None:
            found += self.ligand.sources
        if self.active:
            found += activity.sources(self.species)
        known = database.sources()
        return tuple(key for key in dict.fromkeys(found) if key in known)

    @cached_property
    def rare_earth(self) -> NDArray[np.bool_]:
        """Which species are rare earths (S,)."""
        return np.array([is_rare_earth(symbol) for symbol in self.species], dtype=bool)

    @cached_property
    def rare_earths(self) -> tuple[str, ...]:
        """Rare earths, in order."""
        return tuple(filter(is_rare_earth, self.species))

    def element(self, symbol: str) -> Element:
        """Return one of its elements, those declared first."""
        return element(symbol, self.own)

    @cached_property
    def oxide_mass(self) -> Array:
        """Oxide per mole of every rare earth (S,) [g/mol], zero for other species."""
        known = [self.element(symbol) for symbol in self.species]
        return np.array([one.oxide_mass if one.rare_earth else 0.0 for one in known])

    @cached_property
    def mass(self) -> Array:
        """Molar masses (S,) [g/mol]."""
        return np.array([self.element(symbol).mass for symbol in self.species], dtype=float)

    @cached_property
    def charge(self) -> Array:
        """Charge of the aqueous ions (S,)."""
        return np.array([self.element(symbol).charge for symbol in self.species], dtype=float)

    @cached_property
    def acid(self) -> int:
        """Index of the acid among the species, below zero where it is none of them."""
        return self.species.index(ACID) if self.extractant.extracts_anions else -1

    @cached_property
    def cations(self) -> Array:
        """Charge of the aqueous ions (S,), zero of the acid."""
        return np.where(np.arange(len(self.species)) == self.acid, 0.0, self.charge)

    @cached_property
    def dimers(self) -> Array:
        """Dimers bound per metal in the organic phase (S,), in its first complex."""
        return np.array([0.0 if c.inert else c.dimers for c in self.constants])

    @cached_property
    def inert(self) -> NDArray[np.bool_]:
        """Which species stay in the aqueous phase (S,)."""
        return np.array([c.inert for c in self.constants], dtype=bool)

    @property
    def knows_dimers(self) -> bool:
        """Whether it is known how much extractant each metal binds."""
        return bool((self.inert | (self.dimers > 0.0)).all())

    @cached_property
    def loads(self) -> NDArray[np.bool_]:
        """Whose extractant counts as loading (S,): of all but the base's cation and the acid."""
        return np.array([symbol not in (self.base, ACID) for symbol in self.species])

    def loading(self, organic: Array, dimer: Array, takes: Array) -> Array:
        """Return the share of the extractant that metals hold (N,).

        Every metal counts, the cation of the base excepted: saponification is no loading. NaN
        where it is not known how much extractant a metal binds, or how much there is.

        Parameters
        ----------
        organic : (N, S) array
            [mol/L]
        dimer : (N,) array
            Total extractant as dimer [mol/L].
        takes : (N, S) or (S,) array
            Dimers bound per metal.
        """
        held = (organic * takes * self.loads).sum(axis=1)
        return held / (dimer if self.knows_dimers else np.full_like(dimer, np.nan))

    @cached_property
    def order_acid(self) -> Array:
        """Exponent of 1/[H+] in D (S,), where it does not rise with the free dimer."""
        return np.array([0.0 if c.inert else c.order_acid for c in self.constants])

    @cached_property
    def ligand(self) -> Ligand | None:
        """The anion whose complexes stand outside the constants, if any."""
        known, own = ligand(self.extractant.complexes), self.extractant.log10_beta
        if known is None or not own:
            return known
        return known.with_series(own, self.extractant.beta_enthalpy)

    @property
    def holds_acid(self) -> bool:
        """Whether the anions take up acid, so that a titration finds more than [H+]."""
        return self.ligand is not None and self.ligand.protonation is not None

    @property
    def active(self) -> bool:
        """Whether the constants go with activities."""
        return self.extractant.activity == "sit"

    @cached_property
    def anion_slope(self) -> Array:
        """By how much a mole per litre of anions raises ln D (S,), by ion interaction."""
        if not self.active:
            return np.zeros(len(self.species))
        proton = float(activity.interaction([activity.PROTON])[0])
        own = activity.interaction(self.species)
        return aqueous.LN10 * (own - self.order_acid * proton)

    def debye(self, slope: Array) -> Array:
        """Return by how much the Debye-Hueckel term lowers ln D (N, S), at slopes (N,)."""
        return aqueous.LN10 * np.multiply.outer(slope, self.charge**2 - self.order_acid)

    def index(self, symbol: str) -> int:
        """Return the position of a species in every array."""
        if symbol not in self.species:
            raise KeyError(f"no {symbol} here; there are {', '.join(self.species)}")
        return self.species.index(symbol)

    def array(self, amounts: Mapping[str, float]) -> Array:
        """Return amounts by symbol as an array (S,), zero where none is given."""
        values = np.zeros(len(self.species))
        for symbol, amount in amounts.items():
            values[self.index(symbol)] += amount
        return values

    def with_enthalpy_shift(self, shift: Array) -> ChemicalSystem:
        """Return the system with enthalpies moved by ``shift`` (S,) [kJ/mol]."""
        changes = {
            symbol: {"enthalpy": constants.enthalpy + float(delta)}
            for symbol, constants, delta in zip(self.species, self.constants, shift, strict=True)
        }
        return replace(self, extractant=self.extractant.with_constants(changes))

    @cached_property
    def least_acid(self) -> float:
        """[H+] at which half of the most easily hydrolysed species is, at 25 degC [mol/L].

        Zero where no species has a hydrolysis constant: nothing then ends the law.
        """
        cold = np.array([aqueous.REFERENCE])
        known = aqueous.hydrolysis_constants(self.species, cold).values()
        return max((float(10.0 ** k[0]) for k in known), default=0.0)

    def law(self, temperature: Array, anion: Array | float = 0.0) -> Law:
        """Return the kernels' distribution law.

        Parameters
        ----------
        temperature : (N,) array
            [K]
        anion : (N,) array or float
            Net strong anions [mol/L], on which activities depend.
        """
        levels, place = np.unique(temperature, return_inverse=True)
        law = self._laws.get(key := levels.tobytes())
        if law is None:
            if len(self._laws) == MOST_LAWS:
                self._laws.clear()
            law = self._laws[key] = self._law_at(levels)
        ln_k = law.ln_k[place]
        ln_k += np.multiply.outer(np.broadcast_to(anion, len(temperature)), self.anion_slope)
        return law._replace(
            ln_k=ln_k,
            ln_beta=law.ln_beta[place],
            debye=law.debye[place] if law.debye.size else law.debye,
            protonation=law.protonation[place] if law.protonation.size else law.protonation,
            complexes=law.complexes._replace(ln_k=law.complexes.ln_k[place])
            if law.complexes.ln_k.size
            else law.complexes,
        )

    @cached_property
    def _laws(self) -> dict[bytes, Law]:
        """Laws at temperatures that were asked for, without what anions do to them."""
        return {}

    def _law_at(self, temperature: Array) -> Law:
        constants = self.constants
        inert = np.array([c.inert for c in constants], dtype=bool)
        ln_k = aqueous.vant_hoff(
            np.array([c.log10_K for c in constants]),
            np.array([c.enthalpy for c in constants]),
            temperature,
            self.extractant.reference_temperature,
        )
        ln_k[:, inert] = -np.inf
        more = np.array([0.0 if c.inert else c.acid_by_dimer for c in constants])
        law = Law(
            ln_k=ln_k,
            order_dimer=np.array([0.0 if c.inert else c.order_dimer for c in constants]),
            order_acid=self.order_acid,
            dimers=self.dimers,
            charge=self.charge,
            ln_beta=np.empty((*ln_k.shape, 0)),
            least_acid=self.least_acid,
            acid_by_dimer=more if more.any() else np.empty(0),
        )
        if self.active:
            law = law._replace(debye=self.debye(activity.debye_hueckel(temperature)[0]))
        if self.extractant.sums_complexes:
            law = law._replace(
                complexes=self._complexes(ln_k, temperature),
                acid=self.acid,
                ligand_charge=anion_charge(self.extractant.medium),
            )
        known = self.ligand
        if known is None:
            return law
        return law._replace(
            ln_beta=np.ascontiguousarray(self.ln_beta(known, temperature)),
            protonation=np.exp(known.ln_protonation(temperature)) if self.acid < 0 else np.empty(0),
            ligand_charge=known.charge,
        )

    def ln_beta(self, known: Ligand, temperature: Array) -> Array:
        """Return ln beta (N, S, K) of a ligand's complexes; of the acid, as a species, too."""
        found = known.ln_beta(self.species, temperature)
        if self.acid >= 0 and known.protonation is not None:
            found[:, self.acid, 0] = known.ln_protonation(temperature)
        return found

    def beta_enthalpies(self, known: Ligand) -> Array:
        """Return the enthalpies (S, K) [kJ/mol] of those."""
        found = known.enthalpies(self.species)
        if self.acid >= 0 and known.protonation is not None:
            found[self.acid, 0] = known.protonation[1]
        return found

    def _complexes(self, ln_k: Array, temperature: Array) -> Complexes:
        """Return the organic complexes one by one, ``ln_k`` (N, S) being that of each first."""
        most = 1 + max(len(c.complexes) for c in self.constants)
        shape = most, len(self.species)
        constants = np.full((*ln_k.shape, most), -np.inf)
        orders, bound = np.zeros((*shape, 4)), np.zeros((*shape, 2))
        constants[:, :, 0] = ln_k
        for i, species in enumerate(self.constants):
            if species.inert:
                continue
            for t, one in enumerate((species, *species.complexes)):
                more = aqueous.LN10 * (one.log10_K - species.log10_K)  # they share the enthalpy
                constants[:, i, t] = ln_k[:, i] + more
                orders[t, i] = (
                    one.order_dimer,
                    -one.order_acid,
                    one.order_ligand,
                    one.order_synergist,
                )
                bound[t, i] = one.dimers, one.synergists
        return Complexes(constants, orders, bound)
