"""Readers and the model format under damage: read right, or one sentence that names the file."""

import os
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from fuzz_oracle import Wrong, demand
from fuzz_settings import N_EXAMPLES, fuzz_settings
from hypothesis import given

fuzz_files = pytest.importorskip(
    "fuzz_files", reason="the benchmarks are not here", exc_type=ImportError
)
fuzz_damage = pytest.importorskip("fuzz_damage")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.mark.parametrize("kind", ["csv", "gct", "series", "gctx", "h5ad", "gene map", "model"])
def test_files_are_read_right_or_refused_clearly(kind, tmp_path):
    if kind not in fuzz_files.kinds():
        pytest.skip(f"the package that reads {kind} is not installed")
    workshop, outcomes = fuzz_files.Workshop(kind, tmp_path), Counter()

    @fuzz_settings()
    @given(fuzz_files.examples(kind))
    def every_example(example):
        outcomes[workshop.examine(example).kind] += 1

    every_example()
    assert outcomes["clear error"] >= N_EXAMPLES // 10, outcomes
    assert outcomes["read"] > 0, outcomes


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    return fuzz_files.Workshop("gct", tmp_path_factory.mktemp("gct"))


def swallowing(path):
    raise KeyError("matrix")


def running(path):
    with fuzz_files.nothing_but_reading():
        os.system("true")


def writing(path):
    with fuzz_files.nothing_but_reading(), open(f"{path}.txt", "w"):
        pass


@pytest.mark.parametrize(
    ("load", "told"),
    [(swallowing, "KeyError"), (running, "os.system"), (writing, "open")],
)
def test_the_oracle_sees_what_is_wrong(workshop, monkeypatch, load, told):
    monkeypatch.setattr(fuzz_files, "_read_and_check", lambda kind, path, truth: load(path))
    with pytest.raises(Wrong, match=told):
        workshop.examine(fuzz_files.Example("gct", 0, ("flip",), 0))


def test_other_values_are_seen(workshop):
    path = workshop.sound[0]
    table = fuzz_files._read("gct", path)
    fuzz_files.check_table(table, workshop.truths[0])
    fuzz_files.check_by_reference("gct", path, table)
    table.expression.iloc[2, 3] += 1
    with pytest.raises(Wrong, match="other expression"):
        fuzz_files.check_table(table, workshop.truths[0])
    with pytest.raises(Wrong, match="by Python's csv"):
        fuzz_files.check_by_reference("gct", path, table)


def test_a_refused_sound_file_is_seen(workshop, monkeypatch):
    def refuse(kind, path, truth):
        raise ValueError(f"Line 1 of {str(path)!r} must be otherwise.")

    monkeypatch.setattr(fuzz_files, "_read_and_check", refuse)
    with pytest.raises(Wrong, match="a sound file is refused"):
        workshop.examine(fuzz_files.Example("gct", 0, ("crlf",), 0))


@pytest.mark.parametrize("name", fuzz_damage.TEXT)
def test_damage_to_text_changes_it(name):
    content = b"gene\ts1,s2\nTP53\t1,2 3;4\nB\t4\t5\n"
    changed = {fuzz_damage.TEXT[name](content, Random(i)) for i in range(40)}
    assert len(changed - {content}) > 1


def test_damage_to_headers_and_descriptions_is_done(tmp_path):
    if "model" not in fuzz_files.kinds():
        pytest.skip("no models")
    path = Path(tmp_path) / "model.safetensors"
    sound = fuzz_files.Workshop("model", tmp_path).contents[0]
    for step in ("header", "description", "arrays"):
        changed = 0
        for seed in range(30):
            path.write_bytes(sound)
            try:
                fuzz_files._damage_model(path, step, Random(seed))
            except (ValueError, TypeError, KeyError, AttributeError):
                continue  # what can't be written
            changed += path.read_bytes() != sound
        demand(changed > 20, f"{step}: {changed} of 30")


def test_the_sound_tables_have_gaps_to_compare():
    table = fuzz_files._sound.sound_table()
    assert np.isnan(table.expression.to_numpy()).any()
