"""One damaged file, in a process of its own: read right, or refused by one clear sentence."""

from __future__ import annotations

import csv
import gc
import gzip
import os
import sys
import tempfile
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import fuzz_damage as damage
import numpy as np
import pandas as pd
import torch
from fuzz_oracle import Wrong, demand
from hypothesis import strategies as st

from sklearn_dgex.datasets import (
    open_expression,
    read_expression,
    read_gene_list,
    read_gene_map,
    write_expression,
)
from sklearn_dgex.persistence import load
from sklearn_dgex.persistence._container import MODEL_FILE

ROBUSTNESS = Path(__file__).parents[2] / "benchmarks" / "robustness"
if not ROBUSTNESS.exists():
    raise ImportError("the benchmarks are not part of a source distribution")
sys.path[:0] = [str(ROBUSTNESS)]
import _mutations  # noqa: E402
import _sound  # noqa: E402
from _guarded import Outcome, load_guarded  # noqa: E402

SECONDS = 10.0
BYTES = dict(_mutations.MUTATIONS)
GAPS = {"", "na", "nan", "n/a", "#n/a", "null"}
MAPS = {
    "titles.chip": "Probe Set ID\tGene Symbol\tGene Title\n1_at\tTP53\ta\n2_at\tA /// B\t\n"
    "3_at\t---\tx\n",
    "plain.csv": "probe,gene\n1_at,TP53\n2_at,MARCH1\n3_at,\n",
    "d_gex.txt": "TP53\tENSG1\t1_at,2_at\nB\tENSG2\t3_at\n",
    "geo.txt": '#ID = x\n!platform_table_begin\nID\tGene Symbol\n1\tTP53\n"2"\tB\n'
    "!platform_table_end\n",
}
SERIES = (
    '!Series_title\t"A series"\n!Sample_title\t"one"\t"two"\t"three"\n'
    '!Sample_geo_accession\t"GSM1"\t"GSM2"\t"GSM3"\n'
    '!Sample_characteristics_ch1\t"cell: A"\t"cell: B"\t"cell: C"\n!series_matrix_table_begin\n'
    '"ID_REF"\t"GSM1"\t"GSM2"\t"GSM3"\n"1_at"\t7.5\t8\t\n"2_at"\t-1.25\t0\t1e3\n'
    "!series_matrix_table_end\n"
)


@dataclass(frozen=True)
class Example:
    """A file to make: which sound one, and what is done to it."""

    kind: str
    index: int
    steps: tuple[str, ...]
    seed: int


def kinds() -> list[str]:
    """Kinds of files that can be read here."""
    optional = {"gctx": "h5py", "h5ad": "anndata"}
    found = ["csv", "gct", "series", "gctx", "h5ad", "gene map", "model"]
    for kind, package in optional.items():
        with suppress(ImportError):
            __import__(package)
            continue
        found.remove(kind)
    return found


def steps_of(kind: str) -> list[str]:
    """Names of what may be done to a kind of file."""
    if kind == "model":
        return ["header", "header", "description", "description", "description", "arrays", *BYTES]
    if kind in ("gctx", "h5ad"):
        return ["hdf5", "hdf5", "hdf5", *BYTES]
    return [*damage.TEXT, *BYTES]


def examples(kind: str) -> st.SearchStrategy[Example]:
    """Draw examples of a kind: some steps of damage, or a harmless one."""
    steps = st.lists(st.sampled_from(steps_of(kind)), min_size=1, max_size=3).map(tuple)
    if kind in ("csv", "gct", "series", "gene map"):
        steps = steps | st.sampled_from(list(damage.HARMLESS)).map(lambda name: (name,))
    return st.builds(Example, st.just(kind), st.integers(0, 11), steps, st.integers(0, 2**32 - 1))


class Workshop:
    """A folder of sound files of a kind, in which damaged ones are made and read."""

    def __init__(self, kind: str, folder: Path):
        self.kind, self.folder = kind, folder
        self.sound = _make_sound(kind, folder)
        self.contents = [path.read_bytes() for path in self.sound]
        if kind == "model":
            torch.set_num_threads(1)  # a pool of them does not survive a fork
        self.truths = [_read(kind, path) for path in self.sound]  # and warm up what forks share
        gc.freeze()  # so that a collection in a fork does not touch, and copy, all that is here

    def examine(self, example: Example) -> Outcome:
        """Make the file and read it; raise Wrong unless it is read right or refused clearly."""
        i = example.index % len(self.sound)
        path = self.folder / f"damaged{''.join(self.sound[i].suffixes)}"
        harmless = self._damage(example, i, path)
        truth = self.truths[i] if harmless else None
        outcome = load_guarded(
            lambda path: _read_and_check(self.kind, path, truth), path, seconds=SECONDS
        )
        story = f"{outcome.kind} of {self.sound[i].name} after {example.steps}: {outcome.detail}"
        demand(outcome.kind in ("read", "clear error"), story)
        demand(not harmless or outcome.kind == "read", f"a sound file is refused: {story}")
        return outcome

    def _damage(self, example: Example, i: int, path: Path) -> bool:
        """Write the damaged file; whether it should still say the same."""
        rng, content = Random(example.seed), self.contents[i]
        zipped = content[:2] == b"\x1f\x8b"
        if zipped and rng.random() < 0.8:
            content = gzip.decompress(content)
        path.write_bytes(content)
        for step in example.steps:
            if step in damage.HARMLESS:
                content = damage.HARMLESS[step](
                    content if not zipped else gzip.decompress(self.contents[i]), rng
                )
                path.write_bytes(content)
            elif step == "hdf5":
                with suppress(Exception):  # it may be no HDF5 any more, or h5py refuse the change
                    damage.damage_hdf5(path, rng)
            elif step in ("header", "description", "arrays"):
                with suppress(Exception):
                    _damage_model(path, step, rng)
            else:
                table = damage.TEXT if step in damage.TEXT else BYTES
                path.write_bytes(table[step](path.read_bytes(), rng))
        return all(step in damage.HARMLESS for step in example.steps)


def _make_sound(kind: str, folder: Path) -> list[Path]:
    if kind == "series":
        path = folder / "GSE1_series_matrix.txt"
        path.write_text(SERIES)
        return [path]
    if kind == "gene map":
        for name, text in MAPS.items():
            (folder / name).write_text(text)
        return [folder / name for name in MAPS]
    if kind == "h5ad":
        path = folder / "sound.h5ad"
        write_expression(_sound.sound_table(), path)
        return [path]
    return getattr(_sound, f"sound_{kind}")(folder)


def _damage_model(path: Path, step: str, rng: Random) -> None:
    if step == "header":
        path.write_bytes(damage.change_header(path.read_bytes(), rng))
        return
    description, arrays, versions = MODEL_FILE.read(path)
    arrays = {name: np.array(array) for name, array in arrays.items()}
    if step == "description":
        damage.change_tree(description, rng)
    else:
        name = rng.choice(list(arrays))
        array = arrays.pop(name)
        changes = (
            array[..., :-1],
            array.astype(np.float64),
            array.T,
            array.ravel(),
            array * np.nan,
        )
        arrays[name] = np.ascontiguousarray(rng.choice([*changes, np.zeros((0, 3)), np.int8(1)]))
    MODEL_FILE.write(path, description, arrays, versions)


def _read(kind: str, path: Path):
    """What is in a file, to be compared; a model's answers."""
    if kind == "gene map":
        return read_gene_map(path).to_numpy().tolist(), read_gene_list(path)
    if kind != "model":
        return read_expression(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _answers(load(path))


def _answers(model) -> np.ndarray:
    genes = model.feature_names_in_
    rng = np.random.default_rng(0)
    profiles = rng.normal(8, 2, (3, len(genes))).astype(np.float32)
    return np.asarray(model.transform(pd.DataFrame(profiles, columns=genes)))


def _read_and_check(kind: str, path: Path, truth) -> None:
    """Read a file, in a process of its own, and raise Wrong if what came of it can't be."""
    if kind == "model":
        with nothing_but_reading():
            model = load(path)
        with suppress(Exception):  # its description may be sound and the model it describes not
            _answers(model)
        return
    with nothing_but_reading():
        found = _read(kind, path)
    if kind == "gene map":
        pairs, genes = found
        names = [*genes, *(name for pair in pairs for name in pair)]
        demand(all(isinstance(name, str) and name for name in names), "an empty name")
        demand(truth is None or found == truth, "another map")
        return
    check_table(found, truth)
    if kind in ("csv", "gct", "series"):
        check_by_reference(kind, path, found)
    with open_expression(path) as source:
        same_values(np.asarray(source[:]), found.expression.to_numpy(), "open_expression")
    check_round_trip(found, path)


def check_table(table, truth) -> None:
    """Check that the frames of a table belong together, and that it is the true one if known."""
    expression = table.expression
    demand(all(dtype == np.float32 for dtype in expression.dtypes), "values of another type")
    demand(expression.index.equals(table.samples.index), "other samples")
    demand(expression.columns.equals(table.genes.index), "other genes")
    for names in (expression.index, expression.columns):
        demand(all(isinstance(name, str) for name in names), "names that are no text")
    demand(min(expression.shape) > 0, f"a table of shape {expression.shape}")
    if truth is not None:
        for name in ("expression", "samples", "genes"):
            one, other = getattr(table, name), getattr(truth, name)
            demand(one.equals(other), f"a harmless change came to other {name}")


def check_round_trip(table, path: Path) -> None:
    """Check that what was read can be written and read again, where the format holds such names."""
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / "again.gct"
        try:
            write_expression(table, again)
        except ValueError:
            return
        found = read_expression(again).expression
    demand(list(found.columns) == list(table.expression.columns), "other genes once written")
    demand(list(found.index) == list(table.expression.index), "other samples once written")
    same_values(found.to_numpy(), table.expression.to_numpy(), "once written")


def same_values(one: np.ndarray, other: np.ndarray, what: str) -> None:
    """Raise Wrong unless two matrices have the same numbers and gaps."""
    demand(np.array_equal(one, other, equal_nan=True), f"{what}: other values")


def check_by_reference(kind: str, path: Path, table) -> None:
    """Compare with what Python's own csv reader sees, cell by cell."""
    content = path.read_bytes()
    while content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    values, genes = _by_csv(kind, text)
    found = table.expression.T
    demand(found.shape == values.shape, f"{found.shape} values, not {values.shape}")
    demand(
        [name.strip() for name in found.index] == [name.strip() for name in genes], "other genes"
    )
    same_values(found.to_numpy(), values, "by Python's csv")


def _by_csv(kind: str, text: str) -> tuple[np.ndarray, list[str]]:
    """Values of shape (n_genes, n_samples), and names of genes."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    rows, first = {"gct": _gct_rows, "series": _series_rows, "csv": _csv_rows}[kind](lines)
    numbers = [[_number(cell) for cell in row[first:]] for row in rows if row]
    return np.array(numbers, dtype=np.float32), [row[0] for row in rows if row]


def _gct_rows(lines: list[str]) -> tuple[list[list[str]], int]:
    counts = [int(number) for number in lines[1].split("\t") if number.strip()]
    first, above = (2, 3) if len(counts) == 2 else (1 + counts[2], 3 + counts[3])
    rows = [line.split("\t") for line in lines[above:] if line.strip()]
    return [row[: first + counts[1]] for row in rows[: counts[0]]], first


def _series_rows(lines: list[str]) -> tuple[list[list[str]], int]:
    begin, end = (
        next((i for i, line in enumerate(lines) if line.startswith(mark)), None)
        for mark in ("!series_matrix_table_begin", "!series_matrix_table_end")
    )
    return list(csv.reader(lines[begin + 2 : end], delimiter="\t")), 1


def _csv_rows(lines: list[str]) -> tuple[list[list[str]], int]:
    separator = max("\t,;", key=next(filter(str.strip, lines)).count)
    rows = csv.reader(lines, delimiter=separator)
    return [row for row in rows if any(map(str.strip, row))][1:], 1


def _number(cell: str) -> float:
    return np.nan if cell.strip().lower() in GAPS else float(cell)


FORBIDDEN = (
    "pickle.find_class", "os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork",
    "socket.", "shutil.", "os.remove", "os.rename", "os.mkdir", "os.link", "os.symlink",
    "os.putenv", "urllib.", "webbrowser.", "http.", "ftplib.", "os.chmod", "os.truncate",
)  # fmt: skip
KNOWN = {"sklearn_dgex", "sklearn", "numpy", "pandas", "torch", "scipy", "safetensors", "h5py"}
KNOWN |= set(sys.stdlib_module_names)
HOME = os.getpid()
_watched: list[str] | None = None


def _watch(event: str, arguments: tuple) -> None:
    if _watched is None:
        return
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        _watched.append(f"open({arguments[0]!r}, {arguments[1]!r})")
    elif event.startswith(FORBIDDEN) or (event == "import" and not _is_ours(arguments[0])):
        _watched.append(f"{event} {arguments!r:.200}")


def _is_ours(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in KNOWN or module in sys.modules


@contextmanager
def nothing_but_reading():
    """Raise Wrong if a block starts programs, unpickles, writes, connects or imports strangers.

    In forks alone: what listens to Python's audit events can't be taken away again.
    """
    global _watched  # noqa: PLW0603
    if os.getpid() == HOME:
        yield
        return
    sys.addaudithook(_watch)
    _watched = []
    try:
        yield
    finally:
        seen, _watched = _watched, None
        if seen:
            raise Wrong(f"reading did {seen[:3]}")
