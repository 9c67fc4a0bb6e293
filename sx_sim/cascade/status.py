"""How a solve ended, and what to do about it."""

from __future__ import annotations

from enum import IntEnum

from sx_sim.kernels import status as codes


class Status(IntEnum):
    """Outcome of a column, or of the circuit it is in.

    ``text`` says what happened and ``advice`` what may help.
    """

    CONVERGED = codes.CONVERGED
    ITERATION_LIMIT = codes.ITERATION_LIMIT
    STALLED = codes.STALLED
    NOT_FINITE = codes.NOT_FINITE
    EXCESS_BASE = codes.EXCESS_BASE
    UNBALANCED = 5
    INVALID = 6
    NOT_CLOSED = 7
    WEAK_STRIP = 8
    SHORT_EXCHANGE = 9
    OUTSIDE_LAW = 10

    @property
    def text(self) -> str:
        """What happened."""
        return MEANING[self][0]

    @property
    def advice(self) -> str:
        """What may help."""
        return MEANING[self][1]


MEANING = {
    Status.CONVERGED: ("converged", "nothing to do"),
    Status.ITERATION_LIMIT: (
        "stopped at the iteration limit",
        "Raise solver.iteration_limit, or approach the case from a milder one: less "
        "saponification, a stronger scrub, fewer stages.",
    ),
    Status.STALLED: (
        "stalled: no step brings the closures nearer",
        "Check flows and acids for a column that cannot hold its metals, such as a strip "
        "far too weak; change one input towards a case that solves.",
    ),
    Status.NOT_FINITE: (
        "a number left the range of floating point",
        "Look for a constant or a concentration that is wrong by orders of magnitude.",
    ),
    Status.EXCESS_BASE: (
        "more base than acid: some stage is past the hydrolysis of its metals, where "
        "hydroxides precipitate and the model ends",
        "Lower the saponification or the solvent flow (O/A), or raise the acid or the rare "
        "earths fed, until the base that enters is less than they can take up.",
    ),
    Status.UNBALANCED: (
        "the balances recomputed from the answer do not close",
        "Lower solver.tolerance; if that does not help, this is a defect worth reporting.",
    ),
    Status.INVALID: (
        "the inputs of this point do not make a column",
        "Run the case with these values: the message says which of them does not fit.",
    ),
    Status.NOT_CLOSED: (
        "the circuit does not close: recycles fed differ from the products they are",
        "Look for a species that cannot leave, and bleed some solvent; change one input towards "
        "a circuit that solves.",
    ),
    Status.WEAK_STRIP: (
        "the strip is too weak: the recycled solvent keeps metals, and has no "
        "room for the base that it is given again",
        "Raise the acid or the flow of the strip, or its stages; or lower the saponification "
        "or the solvent flow, so that there is less to strip.",
    ),
    Status.SHORT_EXCHANGE: (
        "the exchange runs out of rare earths: the base of the solvent takes the place of more "
        "than its product holds",
        "Lower the saponification or the solvent flow, exchange with a product that holds more, "
        "or feed more rare earths.",
    ),
    Status.OUTSIDE_LAW: (
        "outside the law of the constants: by it D does not fall as the extractant is used up, so "
        "that a stage need not have an equilibrium",
        "Bring acid, extractant and loading into the ranges of the set, or use one whose D depends "
        "on the free extractant.",
    ),
}
