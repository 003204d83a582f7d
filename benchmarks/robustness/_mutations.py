"""Files damaged in every way that disks, downloads, editors and attackers damage them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

LENGTHS = (1, 2, 4, 16, 64, 512)
EDGES = (0, 1, 127, 128, 254, 255)  # bytes at which lengths and signs go wrong
HEAD = 2048  # where most formats say how large they are


def mutated(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Damage the content in one to three ways; the first names it."""
    names = [rng.choice(list(MUTATIONS)) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    for name in names:
        content = MUTATIONS[name](content, rng)
    return names[0], content


def place(content: bytes, rng: random.Random) -> int:
    """Position anywhere, or in the head, where it hurts more."""
    return rng.randrange(max(1, len(content) if rng.random() < 0.6 else min(HEAD, len(content))))


def flip_bits(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content or b"\0")
    for _ in range(rng.choice((1, 1, 4, 32))):
        changed[place(changed, rng)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def set_bytes(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content or b"\0")
    for _ in range(rng.choice((1, 4, 16))):
        changed[place(changed, rng)] = rng.choice(EDGES)
    return bytes(changed)


def delete(content: bytes, rng: random.Random) -> bytes:
    start = place(content, rng)
    return content[:start] + content[start + rng.choice(LENGTHS) :]


def insert(content: bytes, rng: random.Random) -> bytes:
    start = place(content, rng)
    return content[:start] + rng.randbytes(rng.choice(LENGTHS)) + content[start:]


def truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def splice(content: bytes, rng: random.Random) -> bytes:
    """Copy one part of the file over another."""
    source, target, length = place(content, rng), place(content, rng), rng.choice(LENGTHS)
    return content[:target] + content[source : source + length] + content[target + length :]


def repeat(content: bytes, rng: random.Random) -> bytes:
    start, length = place(content, rng), rng.choice(LENGTHS)
    part = content[start : start + length]
    return content[:start] + part * rng.choice((2, 10, 100)) + content[start + length :]


def change_number(content: bytes, rng: random.Random) -> bytes:
    """Give a number in the head, in decimal digits, another value."""
    found = list(re.finditer(rb"\d+", content[:HEAD]))
    if not found:
        return set_bytes(content, rng)
    match = rng.choice(found[:6] if rng.random() < 0.5 else found)
    number = rng.choice((b"0", b"1", b"-1", b"999999999", b"1e9", b"99999999999999999999", b""))
    return content[: match.start()] + number + content[match.end() :]


def swap_lines(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


MUTATIONS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "flip": flip_bits,
    "set": set_bytes,
    "delete": delete,
    "insert": insert,
    "truncate": truncate,
    "splice": splice,
    "repeat": repeat,
    "number": change_number,
    "swap": swap_lines,
}
