"""Each guarantee of docs/security.md, by a test of its name."""

import hashlib
import json
import os
import pickle
import re
import resource
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import open_expression, read_expression
from sklearn_dgex.datasets._remote import RemoteFile, fetch_file
from sklearn_dgex.exceptions import (
    CheckpointFileError,
    CheckpointWarning,
    LeftOutWarning,
    ModelFileError,
)
from sklearn_dgex.persistence import _classes, load, save
from sklearn_dgex.persistence._container import MODEL_FILE

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
GUARANTEE = re.compile(r'^- <a id="([a-z0-9-]+)"></a>', re.MULTILINE)


def test_every_guarantee_has_a_test_of_its_name():
    if not PAGE.exists():
        pytest.skip("the pages are not part of a source distribution")
    listed = GUARANTEE.findall(PAGE.read_text(encoding="utf-8"))
    tests = {name for name, value in globals().items() if name.startswith("test_") and value}
    tested = {f"test_{name.replace('-', '_')}" for name in listed}
    assert len(listed) == len(tested), "a guarantee stands twice"
    assert not tested - tests, "guarantees of docs/security.md without a test"
    others = {"test_every_guarantee_has_a_test_of_its_name"}
    assert not tests - tested - others, "tests of guarantees that docs/security.md lacks"


@pytest.fixture
def file(regressor, tmp_path):
    return save(regressor, tmp_path / "model.safetensors", card=False)


class Payload:
    """Whoever makes one of these from a file has run the file's code."""

    def __reduce__(self):
        return (os.mkdir, (os.environ["PAYLOAD"],))


@pytest.fixture
def payload(tmp_path, monkeypatch):
    """Return a folder that only a file's own code would make."""
    monkeypatch.setenv("PAYLOAD", str(tmp_path / "code was run"))
    return tmp_path / "code was run"


def rewrite(file, change):
    """Write a model anew, with a right checksum, after ``change(description, arrays)``."""
    description, arrays, versions = MODEL_FILE.read(file)
    arrays = {name: np.array(array) for name, array in arrays.items()}
    change(description, arrays)
    MODEL_FILE.write(file, description, arrays, versions)


def refused(file, *words):
    """Whether opening a file raises a ModelFileError that says something, in one sentence."""
    with pytest.raises(ModelFileError) as caught:
        load(file)
    message = str(caught.value)
    assert str(file) in message
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_pickles_are_refused(tmp_path, payload):
    for name, write in (
        ("a.safetensors", lambda path: path.write_bytes(pickle.dumps(Payload()))),
        ("b.safetensors", lambda path: joblib.dump(Payload(), path)),
        ("c.safetensors", lambda path: path.write_bytes(pickle.dumps(Payload(), protocol=0))),
    ):
        write(tmp_path / name)
        refused(tmp_path / name)
    assert not payload.exists(), "a pickle was opened"
    joblib.load(tmp_path / "b.safetensors")
    assert payload.exists(), "a payload that does nothing proves nothing"


def test_text_inside_is_only_text(file, payload):
    hidden = pickle.dumps(Payload()).hex()
    rewrite(file, lambda d, _: d["estimator"]["fitted"].update(note_=hidden))
    assert load(file).note_ == hidden
    assert not payload.exists()


# The process is told what to open; what it imports, starts, writes and connects to is recorded.
WATCH = """
import sys
import sklearn_dgex.persistence as persistence
persistence.load(sys.argv[1])  # all that is imported late is here now
seen = []
WRITES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "shutil.")
STARTS = ("os.system", "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.")
def watch(event, arguments):
    writes = event == "open" and set(str(arguments[1])) & set("wax+")
    if writes or event.startswith((*WRITES, *STARTS, "socket.", "pickle.", "import", "exec")):
        seen.append((event, str(arguments)[:200]))
sys.addaudithook(watch)
for path in sys.argv[2:]:
    try:
        persistence.load(path)
    except ValueError:
        pass
found = list(seen)
import colorsys, tempfile
tempfile.TemporaryFile().close()
assert len(seen) > len(found), "nothing is heard"
print(found)
"""


def heard(*files):
    """What Python's audit hooks hear while files are opened, once one was opened before."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *map(str, files)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nothing_is_imported_run_or_written(file, frames, tmp_path):
    other = tmp_path / "other.safetensors"
    changes = (
        lambda d, _: d["estimator"].update({"class": "os.system"}),
        lambda d, _: d["estimator"].update({"class": "antigravity"}),
        lambda d, _: d["estimator"]["parameters"].update(activation={"function": "this.s"}),
        lambda d, _: d["estimator"]["fitted"].update(net_={"import": "antigravity"}),
    )
    hostile = []
    for i, change in enumerate(changes):
        hostile.append(tmp_path / f"hostile{i}.safetensors")
        hostile[-1].write_bytes(file.read_bytes())
        rewrite(hostile[-1], change)
        refused(hostile[-1])
    other.write_bytes(file.read_bytes())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert heard(file, other, *hostile) == "[]"
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "name",
    ["Popen", "os.system", "subprocess.Popen", "..", "__import__", "GridSearchCV", "Kind", ""],
)
def test_classes_are_those_of_a_closed_list(file, name):
    rewrite(file, lambda d, _: d["estimator"].update({"class": name}))
    refused(file, "must describe a model that this version knows")
    known = {*_classes.ESTIMATORS.values(), *_classes.RECORDS.values()}
    assert all(module.split(".")[0] in ("sklearn_dgex", "sklearn") for module in known)


@pytest.mark.parametrize("name", ["os.system", "torch.load", "builtins.eval", "torch.hub.load"])
def test_functions_are_those_of_a_closed_list(file, name):
    rewrite(file, lambda d, _: d["estimator"]["parameters"].update(activation={"function": name}))
    refused(file, "must describe a model that this version knows")
    modules = {function.__module__ for function in _classes.FUNCTIONS.values()}
    assert all(str(module).split(".")[0] in ("torch", "None") for module in modules), modules


@pytest.mark.parametrize(
    "name", ["predict", "__class__", "__dict__", "_validate_params", "__reduce__", "fit"]
)
def test_methods_stay_those_of_the_class(file, name):
    rewrite(file, lambda d, _: d["estimator"]["fitted"].update({name: 1}))
    refused(file, name)


def test_callbacks_and_folders_do_not_travel(file, frames, tmp_path):
    for name in ("callbacks", "checkpoint_dir"):
        whole = file.read_bytes()
        rewrite(file, lambda d, _, name=name: d["estimator"]["parameters"].update({name: "x"}))
        refused(file)
        file.write_bytes(whole)
    pipeline = make_pipeline(StandardScaler(), memory=str(tmp_path / "pickles")).fit(frames[0])
    with pytest.warns(LeftOutWarning, match="'memory'"):
        saved = save(pipeline, tmp_path / "pipeline")
    assert load(saved).memory is None
    rewrite(saved, lambda d, _: d["estimator"]["parameters"].update(memory=str(tmp_path)))
    refused(saved)


def test_changed_files_are_refused(file):
    whole = file.read_bytes()
    start = 8 + struct.unpack("<Q", whole[:8])[0]
    rng = np.random.default_rng(0)
    for position in [start, len(whole) - 1, *rng.integers(start, len(whole), 30)]:
        content = bytearray(whole)
        content[position] ^= 1 << rng.integers(8)
        file.write_bytes(content)
        refused(file, "must have the checksum in its header")


def test_cut_files_are_refused(file):
    whole = file.read_bytes()
    for n_bytes in [*range(0, 40, 3), 500, len(whole) // 2, len(whole) - 1]:
        file.write_bytes(whole[:n_bytes])
        refused(file)


def test_newer_files_are_refused(file):
    content = file.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    entries = json.loads(content[8 : 8 + length])
    entries["__metadata__"]["format_version"] = str(MODEL_FILE.version + 1)
    text = json.dumps(entries).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])
    refused(file, "update sklearn_dgex")


def test_sizes_are_checked_before_they_are_built(file, tmp_path):
    """Descriptions of terabytes are refused within little more memory than the process has."""
    if not Path("/proc/self/statm").exists():
        pytest.skip("the memory in use is read from /proc")
    claims = {
        "width": lambda d: _network(d)["arguments"].update(tower_width=10**9),
        "layers": lambda d: _network(d)["arguments"].update(n_hidden_layers=10**7),
        "members": lambda d: _network(d)["arguments"].update(n_members=10**9),
        "frame": lambda d: d["estimator"]["fitted"].update(
            x_={"series": {"index": {"name": None, "range": [0, 10**12, 1]}, "values": 0}}
        ),
        "text": lambda d: d["estimator"]["fitted"].update(
            x_={"objects": {"values": ["x" * 10**5] + [""] * 10**5, "shape": [-1], "text": True}}
        ),
    }
    whole = file.read_bytes()
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    for change in claims.values():
        file.write_bytes(whole)
        rewrite(file, lambda d, _, change=change: change(d))
        resource.setrlimit(
            resource.RLIMIT_AS, (pages * resource.getpagesize() + (300 << 20), limits[1])
        )
        try:
            refused(file)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, limits)


def _network(description):
    return description["estimator"]["fitted"]["net_"]["net"]["networks"][0]


def test_a_path_in_a_file_opens_nothing(file, tmp_path):
    """Names of arrays are names within the file, whatever they look like."""
    (tmp_path / "secret.npy").write_bytes(b"secret")
    for name in ("/etc/passwd", "../secret.npy", str(tmp_path / "secret.npy"), "file:///etc/hosts"):
        whole = file.read_bytes()
        rewrite(
            file,
            lambda d, _, name=name: d["estimator"]["fitted"].update(x_={"array": name}),
        )
        refused(file)
        file.write_bytes(whole)


def test_training_never_changes_the_file(file, frames):
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    stamp = file.stat().st_mtime_ns
    model = load(file)
    model.partial_fit(*frames)
    for part in model.net_.module_.parameters():
        part.data.zero_()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert file.stat().st_mtime_ns == stamp


def test_tables_that_swell_are_refused(tmp_path):
    import gzip

    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"gene,s1\n" + b"1" * (80 << 20), mtime=0))
    with pytest.raises((ValueError, OSError), match=re.escape(path.name)):
        read_expression(path)


@pytest.mark.parametrize("kind", ["link", "soft link", "storage"])
def test_tables_never_lead_to_other_files(tmp_path, kind):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    outside, path = tmp_path / "outside.bin", tmp_path / "a.gctx"
    outside.write_bytes(b"\0" * 400)
    with h5py.File(path, "w") as file:
        file.create_dataset("0/META/COL/id", data=[b"s1", b"s2"])
        file.create_dataset("0/META/ROW/id", data=[b"g1", b"g2"])
        file.create_group("0/DATA/0")
        if kind == "storage":
            place = [(str(outside), 0, h5py.h5f.UNLIMITED)]
            file.create_dataset("0/DATA/0/matrix", (2, 2), "f4", external=place)
        else:
            link = h5py.ExternalLink(str(outside), "/x") if kind == "link" else h5py.SoftLink("/0")
            file["0/DATA/0/matrix"] = link
    for reader in (read_expression, open_expression):
        with pytest.raises(OSError, match=r"a\.gctx"):
            reader(path)


def test_a_dataset_in_place_of_a_group_is_not_gone_through(tmp_path):
    """A dataset of a thousand billion numbers takes a few bytes, and years to go through."""
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    path = tmp_path / "a.gctx"
    with h5py.File(path, "w") as file:
        file.create_dataset("0/DATA/0/matrix", data=np.ones((2, 2), "f4"))
        file.create_dataset("0/META/ROW/id", data=[b"g1", b"g2"])
        file.create_dataset("0/META/COL", (10**12,), "f4", chunks=(1,))
    with pytest.raises(OSError, match=r"'/0/META/COL.*a\.gctx"):
        read_expression(path)


def test_downloads_are_compared_with_their_sha256(tmp_path, monkeypatch):
    monkeypatch.delenv("SKLEARN_DGEX_DATA", raising=False)
    remote = RemoteFile("genes.txt", hashlib.sha256(b"TP53\n").hexdigest())
    path = tmp_path / "genes.txt"
    path.write_bytes(b"TP53\n")
    assert fetch_file(remote, data_home=tmp_path, download_if_missing=False) == path
    path.write_bytes(b"TP54\n")
    with pytest.raises(OSError, match=remote.sha256):
        fetch_file(remote, data_home=tmp_path, download_if_missing=False)


def test_checkpoints_are_never_unpickled(frames, tmp_path, payload):
    folder = tmp_path / "checkpoints"
    small = {"width": 8, "n_members": 1, "max_iter": 2, "random_state": 0, "checkpoint_every": 1}
    model = DGEXRegressor(**small, checkpoint_dir=str(folder)).fit(*frames)
    files = sorted(path for path in folder.iterdir() if path.suffix == ".safetensors")
    assert files
    for path in files:
        path.write_bytes(pickle.dumps(Payload()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CheckpointWarning)
        with pytest.raises(CheckpointFileError, match="checkpoint"):
            model.fit(*frames)
    assert not payload.exists(), "a pickle was opened"
