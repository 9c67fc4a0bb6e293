"""What all pictures share: names are shown as they are, and a notebook shows each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from io import BytesIO
from typing import ParamSpec

from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter

P = ParamSpec("P")


def picture(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Return a function that draws a figure in which names hold no formulas.

    The powers of ten along logarithmic axes are matplotlib's own formulas, and stay. In a
    notebook the figure is shown once, also where it is the last line of a cell.
    """

    @wraps(draw)
    def drawn(*args: P.args, **options: P.kwargs) -> Figure:
        with plain_text():
            figure = draw(*args, **options)
            figure.findobj(Text)  # makes the labels of ticks, which are names on some axes
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                if isinstance(axis.get_major_formatter(), LogFormatter):
                    for label in axis.get_ticklabels(which="both"):
                        label.set_parse_math(True)
        figure.__dict__["_ipython_display_"] = partial(show_once, figure)
        return figure

    return drawn


@contextmanager
def plain_text() -> Iterator[None]:
    """Read no formulas; all other settings stay as they are, or a notebook would show nothing."""
    before = rcParams["text.parse_math"]
    rcParams["text.parse_math"] = False
    try:
        yield
    finally:
        rcParams["text.parse_math"] = before


def show_once(figure: Figure) -> None:
    """Show a figure that is the value of a notebook's cell, and only here.

    Where it has a window of its own, say what it is.
    """
    import matplotlib.pyplot as plt
    from IPython.display import Image, display  # pyright: ignore[reportMissingImports]

    inline = "inline" in plt.get_backend()
    if plt.isinteractive() and not inline:
        print(figure)
        return
    content = BytesIO()
    figure.savefig(content, format="png")
    display(Image(content.getvalue()))
    if inline:
        plt.close(figure)  # or it would be shown again when the cell ends
