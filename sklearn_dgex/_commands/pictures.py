"""Pictures that a command is to write, checked before it computes for minutes."""

from __future__ import annotations

from pathlib import Path


def check_picture(path: str) -> None:
    """Raise an error if a picture may not be written there, or its name ends in no known format."""
    from sklearn_dgex.utils.files import check_target

    check_target(path)
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError:
        return  # no picture will be drawn
    formats = FigureCanvasBase.get_supported_filetypes()
    if Path(path).suffix[1:].lower() not in formats:
        raise ValueError(
            f"The picture's name must end in one of {', '.join(sorted(formats))}. Got {path!r} "
            "instead; name another with --picture."
        )
