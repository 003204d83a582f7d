"""Sound files of each kind, in the variants that occur."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_dgex import DGEXRegressor, LandmarkImputer, SDATransformer
from sklearn_dgex.datasets import ExpressionTable, write_delimited, write_gct, write_gctx
from sklearn_dgex.persistence import save

N_SAMPLES, N_GENES = 40, 60


def sound_table() -> ExpressionTable:
    rng = np.random.default_rng(0)
    samples = pd.Index([f"S{i:02}" for i in range(N_SAMPLES)], dtype=str)
    genes = pd.Index([f"{200000 + i}_at" for i in range(N_GENES)], dtype=str)
    values = rng.normal(8, 2, size=(N_SAMPLES, N_GENES)).round(4).astype(np.float32)
    values[3, 5] = np.nan
    return ExpressionTable(
        pd.DataFrame(values, index=samples, columns=genes),
        pd.DataFrame(
            {"cell": rng.choice(["A375", "MCF7"], N_SAMPLES), "dose": rng.random(N_SAMPLES)},
            index=samples,
        ),
        pd.DataFrame({"symbol": [f"GENE{i}" for i in range(N_GENES)]}, index=genes),
    )


def sound_gct(folder: Path) -> list[Path]:
    table = sound_table()
    paths = [folder / name for name in ("v13.gct", "v12.gct", "v13.gct.gz")]
    for path, version in zip(paths, ("1.3", "1.2", "1.3"), strict=True):
        write_gct(table, path, version=version)
    return paths


def sound_gctx(folder: Path) -> list[Path]:
    table = sound_table()
    paths = [folder / name for name in ("plain.gctx", "gzipped.gctx")]
    write_gctx(table, paths[0])
    write_gctx(table, paths[1], compression=6)
    for version in ("earliest", "latest"):
        for compression in (None, "gzip"):
            paths.append(folder / f"{version}_{compression}.gctx")
            write_as_others_do(table, paths[-1], version, compression)
    return paths


def write_as_others_do(table, path: Path, version: str, compression: str | None) -> None:
    """Write GCTX as other tools do: strings of variable length, chunks, gzipped metadata."""
    import h5py

    with h5py.File(path, "w", libver=version) as file:
        file.attrs["version"] = np.bytes_("GCTX1.0")
        file.attrs["src"] = path.name
        matrix = table.expression.to_numpy()
        chunks = None if compression is None else (16, 25)
        file.create_dataset("0/DATA/0/matrix", data=matrix, chunks=chunks, compression=compression)
        for group, frame in (("0/META/COL", table.samples), ("0/META/ROW", table.genes)):
            fields = {"id": frame.index.tolist(), **{name: frame[name].tolist() for name in frame}}
            for name, values in fields.items():
                file.create_dataset(f"{group}/{name}", data=values, compression=compression)


def sound_csv(folder: Path) -> list[Path]:
    table = sound_table()
    paths = [folder / name for name in ("a.csv", "b.tsv", "c.csv.gz", "d.csv", "e.txt")]
    for path in paths[:3]:
        write_delimited(table, path)
    frame = table.expression.T
    frame.to_csv(paths[3], quoting=2)  # all but numbers in quotes
    body = frame.to_csv(sep="\t", header=False)
    paths[4].write_text("\t".join(frame.columns) + "\n" + body)  # as R writes it
    return paths


def sound_model(folder: Path) -> list[Path]:
    profiles = sound_table().expression.fillna(8.0)
    network = DGEXRegressor(width=20, n_members=2, max_iter=2, random_state=0)
    models = {
        "imputer.safetensors": LandmarkImputer(network, landmarks=10),
        "autoencoder.safetensors": SDATransformer((6, 3), max_iter=2, random_state=0),
    }
    return [save(model.fit(profiles), folder / name) for name, model in models.items()]
