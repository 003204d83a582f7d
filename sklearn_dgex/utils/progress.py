"""One line of progress, on terminals and in notebooks; logs are spared it."""

from __future__ import annotations

import sys
from typing import Any

from tqdm.std import tqdm

NOTEBOOK_COLUMNS = 90
USUAL_COLUMNS = 80  # of a terminal that says it has none, as those of scripts and containers may
ROOM_FOR_CTRL_C = 2  # which a terminal echoes as ^C: at its edge, that would begin a new line
LEFT = "{remaining} left"


class ProgressBar(tqdm):
    """A bar with the score and the time left, and at its end the time that it took.

    Parameters
    ----------
    total : int
        Steps to do.
    description : str
        What the line begins with.
    unit : str
        What a step is.
    n_done : int, default=0
        Steps done before.
    wanted : bool, default=True
        With False nothing is shown, as where there is neither a terminal nor a notebook.
    """

    def __init__(
        self, total: int, description: str, unit: str, n_done: int = 0, wanted: bool = True
    ):
        screen = _screen() if wanted else None
        super().__init__(
            total=total,
            initial=n_done,
            desc=description,
            bar_format=f"{{desc}}: {{bar}} {unit} {{n:,}}/{{total:,}}{{postfix}}, {LEFT}",
            disable=screen is None,
            file=screen,
            ncols=NOTEBOOK_COLUMNS if isinstance(screen, NotebookLine) else None,
            dynamic_ncols=not isinstance(screen, NotebookLine),
        )

    @property
    def format_dict(self) -> dict[str, Any]:
        """What tqdm writes the line from."""
        figures = super().format_dict
        columns = figures.get("ncols")
        if columns is not None:  # tqdm counts one less than there are
            columns = columns if columns > 0 else USUAL_COLUMNS
            figures["ncols"] = max(1, columns - ROOM_FOR_CTRL_C)
        return figures

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Write the line, also on a terminal that says it has no rows."""
        if self.nrows is not None and self.nrows < 1:
            self.nrows = None
        return super().display(msg, pos)

    def advance(self, n_steps: int, score: str) -> None:
        """Count steps that were done, and show the score after them."""
        self.set_postfix_str(score, refresh=False)
        self.update(n_steps)

    def close(self) -> None:
        """Leave the line as it stands, with the time that it took."""
        if not self.disable:
            self.bar_format = self.bar_format.replace(LEFT, "took {elapsed}")
        super().close()


class NotebookLine:
    """What tqdm takes for a terminal of one line: an output of a notebook's cell, updated in place.

    A saved notebook holds the last state as text, which every viewer shows.
    """

    encoding = "utf-8"

    def __init__(self):
        self._handle = None

    def write(self, text: str) -> None:
        """Show a line that begins with a carriage return; movements of the cursor are passed by."""
        line = text.strip("\r\n ")
        if not text.startswith("\r") or not line:
            return
        from IPython.display import display

        bundle = {"text/plain": line}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def flush(self) -> None:
        """Do nothing: lines are shown at once."""


def shows_progress() -> bool:
    """Whether a bar would be seen: on terminals and in notebooks."""
    return _screen() is not None


def _screen():
    """Return where a line can be rewritten, or None."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if hasattr(shell, "kernel"):  # Jupyter, Colab, VS Code; not IPython in a terminal
        return NotebookLine()
    stream = sys.stderr
    # Beside a bar of rich's, as scikit-learn's ProgressBar is, every state would be a new line.
    if stream is None or type(stream).__module__.startswith("rich.") or not stream.isatty():
        return None
    return stream
