"""From the tables of a case file to a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sx_sim.cascade.column import (
    BARREN,
    LOADED,
    RAFFINATE,
    SOLVENT,
    Column,
    Draw,
    Feed,
    Section,
    SetPoint,
    StageNonideality,
)
from sx_sim.cascade.heat import Heat
from sx_sim.cascade.ratios import Ratios
from sx_sim.cascade.streams import Stream
from sx_sim.cases.conditions import along_series
from sx_sim.cases.contents import amounts, aqueous_stream
from sx_sim.cases.schema import CaseFile, Liquor, Override, Solvent
from sx_sim.cases.schema import SetPoint as SetPointTable
from sx_sim.chemistry.elements import ACID, Element, declared, element
from sx_sim.chemistry.extractants import EXPONENTS, ExtractantSet, check_solvent
from sx_sim.chemistry.system import ChemicalSystem
from sx_sim.errors import CaseError
from sx_sim.flowsheet.recycles import (
    EFFLUENT,
    Circuit,
    RareEarthSaponification,
    Recycle,
    Reflux,
    SolventLoop,
)
from sx_sim.kernels.types import Options

Array = NDArray[np.float64]


def build_circuit(
    case: CaseFile,
    extractant: ExtractantSet,
    sources: Mapping[str, Stream] | None = None,
    *,
    known: tuple[CaseFile, Circuit] | None = None,
) -> Circuit:
    """Return the circuit that a case describes.

    Parameters
    ----------
    case : CaseFile
    extractant : ExtractantSet
        The set that it names.
    sources : mapping of str to Stream, optional
        Streams of every species that may be fed where feeds have a source, by the name of
        the feed. Flows that follow from theirs are left open.
    known : tuple of CaseFile and Circuit, optional
        A case that differs in numbers alone and has the same species, and its circuit.

    Raises
    ------
    CaseError
        If the tables do not fit together.
    """
    sources = sources or {}
    for name, table in case.feeds.items():
        if table.source and name not in sources:
            raise CaseError(f"feeds.{name}.source: only a train has sources; give flow and content")
    system = known[1].column.system if known else system_of(case, extractant, sources)
    builder = _Builder(case, _spans(case), system, sources, known)
    column = builder.column()
    if known is None:
        column = along_series(column, sources.keys())
        _check_cut(case, column.system)
        _check_feeds(column)
        _check_products(column)
    ratios = builder.ratios([feed.stream.name for feed in column.feeds])
    recycles = recycles_of(case, column)
    solver = case.solver
    options = Options(tolerance=solver.tolerance, iteration_limit=solver.iteration_limit or 0)
    circuit = Circuit(column, recycles, case.solvent.base, ratios, options)
    if sources:
        return circuit
    circuit = circuit.fed({})
    _check_flowing(circuit)
    return circuit


def recycles_of(case: CaseFile, column: Column) -> tuple[Recycle, ...]:
    """Return the recycles of a case.

    Raises
    ------
    CaseError
        If what is to be recycled is not there.
    """
    found: list[Recycle] = []
    liquors = [name for name, phase in column.products.items() if phase == "aqueous"]
    if case.solvent.recycle:
        found.append(SolventLoop(column.solvent_outlet, SOLVENT, case.solvent.bleed))
    if case.solvent.exchange is not None:
        if case.solvent.exchange not in liquors:
            raise CaseError(
                f'solvent.exchange = "{case.solvent.exchange}": must be an aqueous product; there '
                f"are {', '.join(liquors)}"
            )
        if not column.system.rare_earth.any():
            raise CaseError("solvent.exchange: no rare earths are fed that could replace base")
        found.append(RareEarthSaponification(case.solvent.exchange, SOLVENT))
    for name, table in case.sections.items():
        if table.reflux is None:
            continue
        if table.reflux not in liquors:
            raise CaseError(
                f'sections.{name}.reflux = "{table.reflux}": must be an aqueous product; there '
                f"are {', '.join(liquors)}"
            )
        h = 10.0**-table.pH if table.pH is not None else None
        found.append(Reflux(table.reflux, name, table.acid, h))
    return tuple(found)


def _check_flowing(circuit: Circuit) -> None:
    """Raise CaseError where nothing leaves of what is to be recycled."""
    flowing = {name: phase for name, phase, _, flow in circuit.column.outlets() if flow > 0.0}
    liquors = ", ".join(name for name, phase in flowing.items() if phase == "aqueous")
    for recycle in circuit.recycles:
        if recycle.product in flowing:
            continue
        if isinstance(recycle, SolventLoop):
            raise CaseError(
                f"solvent.recycle = true: draws leave nothing of the {recycle.product} to come "
                "back; draw less"
            )
        exchange = isinstance(recycle, RareEarthSaponification)
        key = "solvent.exchange" if exchange else f"sections.{recycle.feed}.reflux"
        raise CaseError(
            f'{key} = "{recycle.product}": must be an aqueous product; there are {liquors}'
        )


def _spans(case: CaseFile) -> dict[str, Section]:
    spans, first = {}, 1
    for name, table in case.sections.items():
        spans[name] = Section(name, first, first + table.stages - 1)
        first += table.stages
    return spans


def system_of(case: CaseFile, base: ExtractantSet, sources: Mapping[str, Stream]) -> ChemicalSystem:
    own = dict(base.own)
    own |= {s: one for stream in sources.values() for s, one in stream.system.own.items()}
    own |= {s: declared(s, t.molar_mass, t.charge, t.oxide) for s, t in case.elements.items()}
    constants = {s: _change(s, table, own) for s, table in case.constants.items()}
    needed = base.with_constants(constants).needs_extractant or case.solvent.saponification > 0
    if needed and case.solvent.concentration is None:
        raise CaseError('solvent.concentration is missing; such as concentration = "1.5 mol/L"')
    table = case.solvent
    try:
        check_solvent(base, table.synergist is not None, table.saponification, table.exchange or "")
    except CaseError as error:
        raise CaseError([f"solvent.{p}" for p in error.problems]) from None
    tables = {f"feeds.{name}": table for name, table in case.feeds.items()}
    tables |= {f"sections.{name}": table for name, table in case.sections.items()}
    symbols = {
        s
        for key, table in {"solvent": case.solvent, **tables}.items()
        for s in _held(key, table, own)
    }
    symbols |= {s for stream in sources.values() for s in stream.held if s != ACID}
    if case.solvent.saponification > 0:
        symbols.add(case.solvent.base)
        constants |= _unknown_base(case, base.species.keys() | constants.keys())
    changed = base.with_constants(constants)
    return ChemicalSystem.of(changed, symbols, base=case.solvent.base, own=own)


def _held(key: str, table: Liquor | Solvent, own: Mapping[str, Element]) -> dict[str, float]:
    """Return the concentrations in a table of a stream [mol/L], errors with its key."""
    for symbol in table.concentrations or {}:
        if symbol == ACID:
            raise CaseError(f"{key}.concentrations.{ACID}: is no metal; give acid or pH instead")
        try:
            element(symbol, own)
        except CaseError as error:
            raise CaseError([f"{key}.concentrations: {p}" for p in error.problems]) from None
    return amounts(table, own)


def _check_cut(case: CaseFile, system: ChemicalSystem) -> None:
    rare = system.rare_earths
    for symbol in case.cut or ():
        if symbol not in rare:
            raise CaseError(f'cut = "{symbol}": must be a rare earth that is fed')
    if case.cut and rare.index(case.cut[0]) >= rare.index(case.cut[1]):
        light, heavy = case.cut
        raise CaseError(
            f'cut = ["{light}", "{heavy}"]: must be two rare earths, lighter first; in this case '
            f"they come as {', '.join(rare)}"
        )


def _unknown_base(case: CaseFile, known: Set[str]) -> dict[str, dict[str, object]]:
    """Return constants for a base that the set does not know, if the cascade never meets it."""
    symbol = case.solvent.base
    if symbol in known:
        return {}
    if case.solvent.exchange is None:
        raise CaseError(
            f'solvent.base = "{symbol}": the set has no constants for it. Give '
            'exchange = "raffinate", so that rare earths replace all of it before the solvent '
            f"meets the cascade, or [constants.{symbol}] with log10_K, order_dimer, order_acid, "
            "dimers and their source"
        )
    return {symbol: {"inert": True}}


def _change(symbol: str, table: Override, own: Mapping[str, Element]) -> dict[str, object]:
    element(symbol, own)
    given = table.changes
    change: dict[str, object] = dict(given)
    if {"log10_K", *EXPONENTS} & set(given) or table.inert:
        change |= {"quality": "estimated", "source": (table.source,), "inert": table.inert}
    if "order_acid" in given:
        change["ion"] = 0
    if "enthalpy" in given:
        change |= {"enthalpy_quality": "estimated", "enthalpy_source": (table.source,)}
    return change


@dataclass(frozen=True)
class _Builder:
    """From the tables of a case to the parts of a column."""

    case: CaseFile
    spans: Mapping[str, Section]
    system: ChemicalSystem
    sources: Mapping[str, Stream]
    known: tuple[CaseFile, Circuit] | None = None

    def column(self) -> Column:
        """Return the column; flows that follow from others are left at one [L/h]."""
        sections = self.case.sections.values()
        temperature = [np.full(s.stages, s.temperature or self.case.temperature) for s in sections]
        return Column(
            system=self.system,
            sections=tuple(self.spans.values()),
            feeds=(*self.solvent(), *self.feeds(), *self.liquors()),
            draws=tuple(self.draws()),
            temperature=np.concatenate(temperature),
            solvent_outlet=BARREN if any(s.outlet for s in sections) else LOADED,
            set_points=tuple(self.set_points()),
            settling=self.settling(),
            synergist=(self.case.solvent.synergist or 0.0)
            * self.system.extractant.molecules
            / self.formal,
        )

    def ratios(self, entering: Sequence[str]) -> Ratios:
        """Return the ratios that set flows and temperatures; ``entering`` names feeds."""
        sections = self.case.sections
        return Ratios(
            solvent=self.case.solvent.oa,
            liquors={name: s.oa for name, s in sections.items() if s.oa is not None},
            shares={
                name: (s.reflux or "", s.share)
                for name, s in sections.items()
                if s.share is not None
            },
            heat=self.heat(entering),
        )

    def heat(self, entering: Sequence[str]) -> Heat | None:
        """Return the heats that set the temperatures, none where those are given."""
        table = self.case.heat
        if table is None:
            return None
        given = [name for name, s in self.case.sections.items() if s.temperature is not None]
        if given:
            raise CaseError(
                f"sections.{given[0]}.temperature: heat tells the temperatures; leave one of them "
                "out"
            )
        for name in table.entering:
            if name not in entering:
                raise CaseError(
                    f"heat.entering.{name}: nothing enters so; there are {', '.join(entering)}"
                )
        warm = {name: table.entering.get(name, self.case.temperature) for name in entering}
        return Heat(table.aqueous, table.organic, table.loss, table.ambient, warm)

    @property
    def formal(self) -> float:
        """Formal concentration of the solvent: the case's, or what its law was read at.

        NaN if neither is known, as only empirical laws allow.
        """
        return self.case.solvent.concentration or self.system.extractant.dosage

    def solvent(self) -> list[Feed]:
        """Return the fresh solvent, if any enters as such."""
        table = self.case.solvent
        flow = 1.0 if table.oa is not None else table.flow
        if not flow:
            return []
        soap = table.saponification * self.formal
        base = {table.base: soap / element(table.base).charge} if soap > 0 else {}
        loaded = self.system.array(amounts(table, self.system.own))
        held = self.system.array(base) + loaded
        molecules = self.system.extractant.molecules
        stream = Stream(self.system, SOLVENT, "organic", flow, held, self.formal / molecules)
        if loaded.any():
            _check_capacity(stream, "solvent.concentrations")
        return [Feed(1, stream)]

    def feeds(self) -> list[Feed]:
        """Return the feeds of either phase."""
        found = []
        for name, table in self.case.feeds.items():
            key = f"feeds.{name}"
            if name in self.sources:
                stream = replace(self.sources[name].of(self.system), name=name)
                found.append(Feed(self.stage(table.stage, f"{key}.stage"), stream))
                continue
            if stream := self.kept(name, table, "feeds"):
                found.append(Feed(self.stage(table.stage, f"{key}.stage"), stream))
                continue
            held = amounts(table, self.system.own)
            if table.phase == "aqueous":
                stream = aqueous_stream(self.system, key, table, held, table.flow or 0.0)
            else:
                formal = table.extractant or self.formal
                dimer = formal / self.system.extractant.molecules
                amount = self.system.array(held)
                stream = Stream(self.system, name, "organic", table.flow or 0.0, amount, dimer)
                _check_capacity(stream, key)
            found.append(Feed(self.stage(table.stage, f"{key}.stage"), stream))
        return found

    def liquors(self) -> list[Feed]:
        """Return the liquors that enter at the last stage of sections."""
        found = []
        for name, table in self.case.sections.items():
            follows = table.oa is not None or table.share is not None
            flow = 1.0 if follows else table.flow
            if flow is not None:
                stream = self.kept(name, table, "sections")
                if stream is None or follows:
                    held = amounts(table, self.system.own)
                    stream = aqueous_stream(self.system, f"sections.{name}", table, held, flow)
                found.append(Feed(self.spans[name].last, stream))
        return found

    def kept(self, name: str, table: Liquor, kind: str) -> Stream | None:
        """Return the stream of a liquor as it is known, if nothing that makes it has changed."""
        if self.known is None or table is not getattr(self.known[0], kind).get(name):
            return None
        stream = self.known[1].column.feed(name)
        made = stream.phase == "aqueous" or self.case.solvent is self.known[0].solvent
        return stream if made else None

    def draws(self) -> list[Draw]:
        """Return outlets of sections and side draws."""
        found = [
            Draw(table.outlet, self.spans[name].first, "aqueous", fraction=1.0)
            for name, table in self.case.sections.items()
            if table.outlet
        ]
        for name, table in self.case.draws.items():
            stage = self.stage(table.stage, f"draws.{name}.stage")
            found.append(Draw(name, stage, table.phase, table.fraction or 0.0, table.flow))
        return found

    def settling(self) -> StageNonideality | None:
        """Return how far stages fall short of ideal, none if they do not."""
        tables = self.case.sections.values()
        found = StageNonideality(
            *(
                np.concatenate([np.full(t.stages, getattr(t, name)) for t in tables])
                for name in ("efficiency", "entrained_aqueous", "entrained_organic")
            )
        )
        if found.aqueous_entrainment.any() and self.case.set_points:
            raise CaseError(
                "set_points: the pH can be held only where no water is carried up; leave out "
                "entrained_aqueous, or the set points"
            )
        return None if found.ideal else found

    def set_points(self) -> list[SetPoint]:
        """Return the stages whose pH is held."""
        found: dict[int, SetPoint] = {}
        for name, table in self.case.set_points.items():
            stages = self.held_stages(name, table)
            for stage in stages:
                if stage in found:
                    raise CaseError(
                        f"set_points.{name}: stage {stage} is held by {found[stage].name} "
                        "already; give one of them"
                    )
                label = name if len(stages) == 1 else f"{name}, stage {stage}"
                found[stage] = SetPoint(label, stage, table.pH)
        return list(found.values())

    def held_stages(self, name: str, table: SetPointTable) -> list[int]:
        """Return the stages at which a set point holds the pH."""
        if table.stages is not None:
            given = table.stages if isinstance(table.stages, list) else [table.stages]
            stages = [s for part in given for s in self.several(part, f"set_points.{name}.stages")]
            return list(dict.fromkeys(stages))
        key = f"set_points.{name}.stage"
        section = self.spans.get(str(table.stage))
        if section is not None and section.stages > 1:
            raise CaseError(
                f'{key} = "{section.name}": is a section of {section.stages} stages; give stages '
                f'= "{section.name}" to hold all of them, or "{section.name}.{section.stages}" '
                "for its last"
            )
        return [self.stage(table.stage, key)]

    def several(self, reference: int | str, key: str) -> range:
        """Return the stages of a section, of a range such as ``scrub.2-5``, or a single one."""
        section = self.spans.get(str(reference))
        if section is not None:
            return range(section.first, section.last + 1)
        name, dot, part = str(reference).rpartition(".")
        ends = part.split("-")
        if len(ends) == 2 and all(end.isdigit() for end in ends):
            wholes = [f"{name}.{end}" if dot else int(end) for end in ends]
            low, high = (self.stage(whole, key) for whole in wholes)
            if low <= high:
                return range(low, high + 1)
        stage = self.stage(reference, key)
        return range(stage, stage + 1)

    def stage(self, reference: int | str | None, key: str) -> int:
        """Return the number of the stage that a case refers to."""
        spans = list(self.spans.values())
        there = ", ".join(f"{s.name} {s.first}-{s.last}" for s in spans)
        if reference is None:
            return spans[0].last
        if isinstance(reference, int):
            if reference <= spans[-1].last:
                return reference
            raise CaseError(
                f"{key} = {reference}: there are stages 1 to {spans[-1].last} ({there})"
            )
        name, dot, number = reference.partition(".")
        if name not in self.spans or (dot and not number.isdigit()):
            raise CaseError(
                f'{key} = "{reference}": must be a stage, a section or section.stage ({there})'
            )
        section = self.spans[name]
        if not dot:
            return section.last
        if 1 <= int(number) <= section.stages:
            return section.first + int(number) - 1
        raise CaseError(f'{key} = "{reference}": {name} has stages 1 to {section.stages}')


def _check_capacity(stream: Stream, key: str) -> None:
    taken = float(stream.concentration @ stream.system.dimers)
    molecules = stream.system.extractant.molecules
    if taken > stream.carrier:
        raise CaseError(
            f"{key}: its metals need {molecules * taken:.3g} mol/L of extractant and it has "
            f"{molecules * stream.carrier:.3g}; give less metal or more extractant"
        )


def _check_feeds(column: Column) -> None:
    names = [feed.stream.name for feed in column.feeds]
    for name in names:
        if names.count(name) > 1:
            raise CaseError(
                f"two streams that enter are named '{name}'; rename the feed, so that it is "
                "neither the solvent nor a section whose liquor enters"
            )


def _check_products(column: Column) -> None:
    names = [RAFFINATE, column.solvent_outlet, EFFLUENT, *(draw.name for draw in column.draws)]
    for name in names:
        if names.count(name) > 1:
            raise CaseError(f"two products are named '{name}'; rename a draw or an outlet")
