"""Text in pictures: what names hold is shown as it is, never read as a formula."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter

P = ParamSpec("P")


def picture(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Return a function that draws a figure in which names hold no formulas.

    The powers of ten along logarithmic axes are matplotlib's own formulas, and stay.
    """

    @wraps(draw)
    def drawn(*args: P.args, **options: P.kwargs) -> Figure:
        with rc_context({"text.parse_math": False}):
            figure = draw(*args, **options)
            figure.findobj(Text)  # makes the labels of ticks, which are names on some axes
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                if isinstance(axis.get_major_formatter(), LogFormatter):
                    for label in axis.get_ticklabels(which="both"):
                        label.set_parse_math(True)
        return figure

    return drawn
