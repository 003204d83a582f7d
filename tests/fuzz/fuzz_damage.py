"""Damage that knows the format it is done to: lines, cells, headers, HDF5 objects, JSON."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

Damage = Callable[[bytes, Random], bytes]
CELLS = (
    b"", b"NA", b"nan", b"inf", b"-inf", b"1e999", b"-1", b"1e-320", b"0x10", b"1_000", b"1,5",
    b"+7", b"\xef\xbc\x91", b"9" * 400, b"\x00", b'"', b'""', b'"a', b"'", b" 7.5 ", b"7.5.1",
    b"\xff\xfe",    b"True", b"#N/A", b"e", b"16777217", b"\xe2\x80\x8b", b"S00",
    b"200000_at", b"-666", b"1e5 2",
)  # fmt: skip
NUMBERS = (b"0", b"-1", b"1", b"2147483648", b"999999999", b"1e3", b"", b"4.0", b"9" * 30, b"\t")


def _lines(content: bytes) -> list[bytes]:
    return content.split(b"\n")


def drop_line(content: bytes, rng: Random) -> bytes:
    lines = _lines(content)
    del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)


def double_line(content: bytes, rng: Random) -> bytes:
    lines = _lines(content)
    i = rng.randrange(len(lines))
    return b"\n".join([*lines[: i + 1], *lines[i:]])


def swap_two_lines(content: bytes, rng: Random) -> bytes:
    lines = _lines(content)
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


def change_cell(content: bytes, rng: Random) -> bytes:
    return _on_cells(content, rng, lambda cells, i: cells.__setitem__(i, rng.choice(CELLS)))


def drop_cell(content: bytes, rng: Random) -> bytes:
    return _on_cells(content, rng, lambda cells, i: cells.pop(i))


def double_cell(content: bytes, rng: Random) -> bytes:
    return _on_cells(content, rng, lambda cells, i: cells.insert(i, cells[i]))


def copy_cell(content: bytes, rng: Random) -> bytes:
    return _on_cells(content, rng, lambda cells, i: cells.__setitem__(i, rng.choice(cells)))


def change_header_number(content: bytes, rng: Random) -> bytes:
    """Give a number in the first lines, such as GCT's counts, another value."""
    lines = _lines(content)
    i = rng.randrange(min(3, len(lines)))
    cells = lines[i].split(b"\t")
    cells[rng.randrange(len(cells))] = rng.choice(NUMBERS)
    lines[i] = b"\t".join(cells)
    return b"\n".join(lines)


def other_separator(content: bytes, rng: Random) -> bytes:
    old, new = rng.sample([b"\t", b",", b";", b" "], 2)
    return content.replace(old, new)


def other_encoding(content: bytes, rng: Random) -> bytes:
    text = content.decode("latin-1")
    name = rng.choice(["utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp500"])
    return text.encode(name, "replace")


def half_a_gzip(content: bytes, rng: Random) -> bytes:
    packed = bytearray(gzip.compress(content, mtime=0))
    if rng.random() < 0.5:
        return bytes(packed[: rng.randrange(len(packed))])
    packed[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
    return bytes(packed)


def _on_cells(content: bytes, rng: Random, change) -> bytes:
    lines = _lines(content)
    i = rng.randrange(len(lines))
    separator = max((b"\t", b","), key=lines[i].count)
    cells = lines[i].split(separator)
    change(cells, rng.randrange(len(cells)))
    lines[i] = separator.join(cells)
    return b"\n".join(lines)


def _two_members(content: bytes, rng: Random) -> bytes:
    cut = rng.randrange(len(content) + 1)
    return gzip.compress(content[:cut], mtime=0) + gzip.compress(content[cut:], mtime=0)


TEXT: dict[str, Damage] = {
    damage.__name__: damage
    for damage in (
        drop_line, double_line, swap_two_lines, change_cell, change_cell, drop_cell, double_cell,
        copy_cell, change_header_number, other_separator, other_encoding, half_a_gzip,
    )
}  # fmt: skip
# After these a file of text says what it said before.
HARMLESS: dict[str, Damage] = {
    "none": lambda content, _: content,
    "crlf": lambda content, _: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "gzip": lambda content, _: gzip.compress(content, mtime=0),
    "gzip of two members": _two_members,
    "byte order mark": lambda content, _: b"\xef\xbb\xbf" + content,
}


def damage_hdf5(path: Path, rng: Random) -> None:
    """Replace, add or take away something of a GCTX file through h5py, so that it stays HDF5."""
    import h5py

    with h5py.File(path, "a") as file:
        names: list[str] = []
        file.visit(names.append)
        name, kind = rng.choice(names), rng.choice(list(HDF5_DAMAGE))
        if kind == "attributes":
            file.attrs["version"] = rng.choice([b"GCTX9.9", 7, np.zeros(3), "GCTX1.0", ""])
            return
        shape = getattr(file[name], "shape", None) or (3,)
        del file[name]
        HDF5_DAMAGE[kind](file, name, shape, rng)


def _absurd(file, name, shape, rng) -> None:
    size = rng.choice([(10**6, 10**6), (2**40,), (0, 5), (1,), (5, 0), (2**62, 1)])
    file.create_dataset(name, size, rng.choice(["f4", "f8", "i1"]), chunks=(1,) * len(size))


def _other_type(file, name, shape, rng) -> None:
    dtype = rng.choice(["i8", "f2", "f8", "S5", "u1", "c8", [("a", "f4")]])
    file.create_dataset(name, shape, np.dtype(dtype))


def _other_values(file, name, shape, rng) -> None:
    value = rng.choice([np.nan, np.inf, 1e39, -1e300, 16777217.0])
    file.create_dataset(name, data=np.full(shape, value))


def _outside(file, name, shape, rng) -> None:
    from h5py import ExternalLink
    from h5py.h5f import UNLIMITED

    if rng.random() < 0.5:
        file[name] = ExternalLink("/etc/hostname", "/0")
    else:
        file.create_dataset(name, shape, "u1", external=[("/etc/passwd", 0, UNLIMITED)])


def _soft_link(file, name, shape, rng) -> None:
    from h5py import SoftLink

    file[name] = SoftLink(rng.choice(["/", "/0", f"/{name}", "/nowhere", "/0/META/ROW/id"]))


HDF5_DAMAGE = {
    "gone": lambda *_: None,
    "absurd": _absurd,
    "type": _other_type,
    "group": lambda file, name, shape, rng: file.create_group(name),
    "outside": _outside,
    "soft": _soft_link,
    "texts": lambda file, name, shape, rng: file.create_dataset(
        name, data=["x" * rng.choice([0, 1, 5000])] * shape[-1]
    ),
    "values": _other_values,
    "attributes": None,
}
JUNK = (
    None, True, -1, 0, 2**40, 2**70, 1.5, "x", "DGEXRegressor", "os.system", "__class__", [], {},
    {"array": "/etc/passwd"}, {"pickle": "gASV"}, {"estimator": {}}, [[[]]], {"float": "nan"},
    {"range": [0, 10**12, 1]}, {"dtype": "O"}, {"numpy": "x"}, {"tuple": [1]}, "\ud800",
)  # fmt: skip


def change_tree(tree, rng: Random) -> None:
    """Exchange, drop, double or rename a part of a JSON tree, wherever it is."""
    node, key = rng.choice(list(places(tree)))
    kind = rng.choice(["junk", "junk", "drop", "number", "swap", "deep", "rename"])
    if kind == "drop":
        del node[key]
    elif kind == "number" and type(node[key]) in (int, float):
        node[key] = rng.choice([0, -1, 1, 10**9, 2**63, 0.5, node[key] + 1])
    elif kind == "swap":
        other, place = rng.choice(list(places(tree)))
        node[key] = json.loads(json.dumps(other[place]))
    elif kind == "deep":
        node[key] = _nested(rng.choice([10, 200, 900]))
    elif kind == "rename" and isinstance(node, dict):
        node[rng.choice(["x", "__init__", "predict", "_validate_params", "net_"])] = node.pop(key)
    else:
        node[key] = rng.choice(JUNK)


def places(node):
    """All places in a tree of JSON, as a container and a key."""
    pairs = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
    for key, child in pairs:
        yield node, key
        if isinstance(child, dict | list):
            yield from places(child)


def _nested(depth: int):
    tree: list = []
    for _ in range(depth):
        tree = [tree]
    return tree


def change_header(content: bytes, rng: Random) -> bytes:
    """Change a safetensors header as JSON, its checksum left alone."""
    length = struct.unpack("<Q", content[:8])[0]
    header, rest = json.loads(content[8 : 8 + length]), content[8 + length :]
    arrays = [name for name in header if name != "__metadata__"]
    entry, kind = header[rng.choice(arrays)], rng.choice(HEADER_DAMAGE)
    if kind == "offsets":
        edges = entry["data_offsets"]
        edges[rng.randrange(2)] = rng.choice([0, -1, 10**15, 2**64, edges[0], edges[1] + 4, None])
    elif kind == "shape":
        entry["shape"] = rng.choice([[], [10**9, 10**9], [-1], [0], [2.5], "x", [2**63, 2]])
    elif kind == "dtype":
        entry["dtype"] = rng.choice(["F64", "I8", "BF16", "F8_E4M3", "O", "", 3])
    elif kind == "metadata":
        texts = header["__metadata__"]
        texts[rng.choice(list(texts))] = rng.choice(
            ["", "{}", "[]", "NaN", "1e999", "9" * 5000, "2"]
        )
    elif kind == "tree":
        change_tree(header, rng)
    text = json.dumps(header).encode()
    if kind == "text":
        text = rng.choice(
            [b"{", b"[" * 100_000, b"{}", b'{"a":NaN}', text[:-1], text + b" " * 9, b""]
        )
    length = (
        len(text) if kind != "length" else rng.choice([0, 2**63, 10**9, len(text) + 1, 2**64 - 1])
    )
    return struct.pack("<Q", length) + text + rest


HEADER_DAMAGE = ("offsets", "shape", "dtype", "metadata", "tree", "text", "length")
