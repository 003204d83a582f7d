"""Damaged files are read or refused by one sentence: a slice of benchmarks/robustness."""

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

N_FILES = 40


@pytest.fixture(scope="module")
def bench(import_benchmark):
    if not hasattr(os, "fork"):
        pytest.skip("the guard needs fork, which this system lacks")
    return import_benchmark("robustness", "hostile_files")


@pytest.mark.parametrize("kind", ["gct", "gctx", "csv", "model"])
def test_damaged_files_are_read_or_refused_clearly(bench, kind):
    if kind == "gctx":
        pytest.importorskip("h5py", reason="h5py is not installed")
    cell = bench.measure(bench.KINDS[kind], N_FILES, seed=99)
    assert cell["outcomes"]["read"] + cell["outcomes"]["clear error"] == N_FILES, cell["examples"]
    assert cell["outcomes"]["clear error"] > 0


def loads(outcome_wanted):
    """Loads whose outcome is known, to see that the guard sees it."""

    def crash(path):
        os.abort()

    def hang(path):
        while True:
            pass

    def swell(path):
        return np.ones(12 << 20)

    def unclear(path):
        raise KeyError("x")

    def multiline(path):
        raise ValueError(f"{path}\nagain")

    def clear(path):
        raise ValueError(f"Line 1 of {str(path)!r} must be right.")

    return {
        "crash": [crash],
        "hang": [hang],
        "too much memory": [swell],
        "unclear error": [unclear, multiline],
        "clear error": [clear],
        "read": [lambda path: path.read_bytes()],
    }[outcome_wanted]


@pytest.mark.parametrize(
    "wanted", ["crash", "hang", "too much memory", "unclear error", "clear error", "read"]
)
def test_the_guard_tells_every_outcome(bench, tmp_path, wanted):
    path = tmp_path / "a.csv"
    path.write_text("x")
    for load in loads(wanted):
        assert bench.load_guarded(load, path, seconds=1.0).kind == wanted


def test_damage_is_the_same_for_the_same_seed(bench):
    content = bytes(range(256)) * 8
    one, other = (bench.mutated(content, random.Random(5)) for _ in range(2))
    assert one == other
    assert {bench.mutated(content, random.Random(i))[0] for i in range(200)} == {
        "flip", "set", "delete", "insert", "truncate", "splice", "repeat", "number", "swap",
    }  # fmt: skip


M = 1 << 20
SIZE = 4 * M
HEADER = b",".join([b"g", *(b"s%d" % i for i in range(1000))]) + b"\n"
LARGE = {  # what would become objects, or copies, without end
    "names_in_one_line.csv": b"g," + b"a," * (SIZE // 2),
    "no_separator.csv": b"1" * SIZE,
    "short_rows.csv": b"g,s\n" + b"a,1\n" * (SIZE // 16),
    "distinct_names.csv": b"g,s\n" + b"".join(b"%x,1\n" % i for i in range(800_000)),
    "text_cells.csv": HEADER + (b"g1" + b",text" * 1000 + b"\n") * (SIZE // 5000),
    "zeros.csv": HEADER + (b"g1" + b",0" * 1000 + b"\n") * (SIZE // 2000),
    "quoted.csv": HEADER + (b'"g1"' + b',"0"' * 1000 + b"\n") * (SIZE // 4000),
    "blank.csv": b"\n" * SIZE,
    "columns.gct": b"#1.2\n1\t999999999\nName\tDescription\ta\nx\ty\t1\n",
    "rows.gct": b"#1.2\n999999999\t1\nName\tDescription\ta\nx\ty\t1\n",
    "fields.gct": b"#1.3\n1\t1\t%d\t0\nid" % (SIZE // 4) + b"\tf" * (SIZE // 4) + b"\ts\n",
    "bomb.csv.gz": gzip.compress(HEADER + b"1" * (40 * SIZE), mtime=0),
    "bomb.gct.gz": gzip.compress(
        b"#1.2\n1\t1\nName\tDescription\ta\n" + b"x\ty\t1\n" * (SIZE // 2), mtime=0
    ),
    "samples.txt": b'!Series_title\t"x"\n' + b'!Sample_x\t"a"\n' * 150_000,
}


# In a process of its own: a fork of one that has run a thousand tests finds its heap in pieces,
# and takes pages that are none of the reader's.
WATCH = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import hostile_files as bench
sound, *paths = map(Path, sys.argv[2:])
bench.read_expression(sound)
for path in paths:
    outcome = bench.load_guarded(bench.read_expression, path, seconds=60, first=sound)
    print(json.dumps([path.name, [outcome.kind, outcome.growth, outcome.detail]]))
"""


@pytest.fixture(scope="module")
def outcomes(bench, tmp_path_factory):
    """Kind, growth in bytes and detail of what became of each large file."""
    folder = tmp_path_factory.mktemp("large")
    paths = [folder / name for name in LARGE]
    for path in paths:
        path.write_bytes(LARGE[path.name])
    where = Path(bench.__file__).parent
    command = [sys.executable, "-c", WATCH, where, sound(folder), *paths]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(map(json.loads, done.stdout.splitlines()))


@pytest.mark.parametrize("name", LARGE)
def test_memory_stays_in_proportion_to_the_file(outcomes, name):
    kind, growth, detail = outcomes[name]
    allowed = 64 * M + 4 * max(len(LARGE[name]), SIZE if "bomb" in name else 0)
    assert kind in ("read", "clear error"), detail
    assert growth < allowed, detail
    is_sound = name in ("zeros.csv", "quoted.csv", "short_rows.csv")
    assert kind == ("read" if is_sound else "clear error")


def test_links_to_one_dataset_do_not_multiply_it(bench, tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    n = 150_000
    with h5py.File(tmp_path / "links.gctx", "w") as file:
        file.create_dataset("0/DATA/0/matrix", data=np.zeros((n, 1), np.int8), compression="gzip")
        file["0/META/ROW/id"] = [b"g"]
        ids = np.array([b"s%06d" % i for i in range(n)])
        file.create_dataset("0/META/COL/id", data=ids, compression="gzip", chunks=(n,))
        for i in range(150):
            file[f"0/META/COL/{i}"] = file["0/META/COL/id"]
    size = (tmp_path / "links.gctx").stat().st_size
    assert size < M
    outcome = bench.load_guarded(
        bench.read_expression, tmp_path / "links.gctx", seconds=60, first=sound(tmp_path)
    )
    assert outcome.kind in ("read", "clear error"), outcome
    assert outcome.growth < 64 * M + 4 * size, outcome


def sound(folder):
    path = folder / "sound.csv"
    path.write_text("g,s\nx,1\n")
    return path
