"""Text files line by line: gzipped or not, bounded in memory, with the place of what is wrong."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

from sklearn_dgex.datasets._formats.limits import MAX_EXPANSION, SPARE, check_file

GZIP_MAGIC = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
BLOCK = 1 << 20  # bytes of text that are handled at once
MAX_SHOWN = 40  # characters of a bad field that a message repeats


def shown(field: bytes | str) -> str:
    """Quote a field for a message, cut where it is long."""
    text = field.decode("utf-8", "replace") if isinstance(field, bytes) else field
    return repr(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…")


class TextFile:
    """A text file to read once from start to end.

    Lines end in LF, CRLF or, in a file without LF, CR. A gzipped file may expand to MAX_EXPANSION
    times its size, and a quarter of SPARE. ``kind`` is what it ought to be, for messages.
    """

    def __init__(self, path, kind: str = "an expression table"):
        self.path = check_file(path)
        self.size = self.path.stat().st_size
        self.kind = kind
        self.n_read = 0  # bytes of text
        self.n_lines = 0  # that were handed out
        self._file = self.path.open("rb")
        self.is_gzipped = self._file.peek(2)[:2] == GZIP_MAGIC
        self._stream = gzip.GzipFile(fileobj=self._file) if self.is_gzipped else self._file
        self._blocks = self._split()
        self._pending: list[bytes] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stream.close()
        self._file.close()  # which a GzipFile leaves open

    def next_line(self) -> bytes | None:
        """Next line without its end, None after the last."""
        while not self._pending:
            block = next(self._blocks, None)
            if block is None:
                return None
            self._pending = block[::-1]
        self.n_lines += 1
        return self._pending.pop()

    def put_back(self, line: bytes) -> None:
        """Hand the line that was read last out once more."""
        self._pending.append(line)
        self.n_lines -= 1

    def blocks(self) -> Iterator[tuple[int, list[bytes]]]:
        """All further lines in blocks, each with the number of its first line."""
        pending, self._pending = self._pending[::-1], []
        while pending is not None:
            first = self.n_lines + 1
            self.n_lines += len(pending)
            if pending:
                yield first, pending
            pending = next(self._blocks, None)

    def expected_rows(self, rows_a_byte: float) -> int:
        """Tell the number of rows to make room for, 0 if the text's length is not known."""
        return 0 if self.is_gzipped else int(1.02 * rows_a_byte * self.size) + 1

    def refuse(self, must: str, got: str, remedy: str, *, line=None, column=None) -> ValueError:
        """Error that names the file and the place, both counted from 1."""
        place = f"Line {self.n_lines if line is None else line}"
        place += "" if column is None else f", column {column}"
        return ValueError(
            f"{place} of {str(self.path)!r} must {must}. Got {got} instead; {remedy}."
        )

    def decode(self, data: bytes, line: int | None = None) -> str:
        """Text of bytes that must be UTF-8."""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            bad, before = data[error.start], data[max(0, error.start - 20) : error.start]
            raise self.refuse(
                "be UTF-8 text",
                f"the byte 0x{bad:02x} after {shown(before)}",
                "save it as UTF-8",
                line=line,
            ) from None

    def check_memory(self, n_bytes: int, what: str, line: int | None = None) -> None:
        """Refuse a file whose content would take far more memory than the file itself."""
        allowed = SPARE + 3 * max(self.size, self.n_read)
        if n_bytes > allowed:
            raise self.refuse(
                f"belong to {self.kind}",
                f"{what}, which would take {n_bytes >> 20:,} MB of memory for "
                f"{max(self.size, self.n_read) >> 20:,} MB of text",
                "check the separator, and that this is the right file",
                line=line,
            )

    def _split(self) -> Iterator[list[bytes]]:
        """Blocks of whole lines."""
        chunk, newline = self._first_chunk()
        parts = []  # of a line that has not ended yet
        while chunk:
            cut = chunk.rfind(newline)
            if cut >= 0:
                yield self._lines(b"".join([*parts, chunk[:cut]]), newline)
                parts = []
            parts += [chunk[cut + 1 :]]
            chunk = self._read()
        if any(parts):
            yield self._lines(b"".join(parts), newline)

    def _first_chunk(self) -> tuple[bytes, bytes]:
        chunk = self._read()
        if chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise self.refuse("be UTF-8 text", "UTF-16", "save it as UTF-8", line=1)
        newline = b"\r" if b"\r" in chunk[:-1] and b"\n" not in chunk else b"\n"
        return chunk.removeprefix(BOM), newline

    def _lines(self, block: bytes, newline: bytes) -> list[bytes]:
        if newline == b"\n" and b"\r" in block:
            block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
            self._check_absent(block, b"\r", "a carriage return within it")
        if b"\0" in block:
            self._check_absent(block, b"\0", "a NUL byte")
        return block.split(newline)

    def _check_absent(self, block: bytes, byte: bytes, what: str) -> None:
        place = block.find(byte)
        if place >= 0:
            line = self.n_lines + len(self._pending) + block.count(b"\n", 0, place) + 1
            raise self.refuse("be plain text", what, "save the table as UTF-8 text", line=line)

    def _read(self) -> bytes:
        try:
            chunk = self._stream.read(BLOCK)
        except (EOFError, zlib.error, OSError) as error:
            kind = "gzipped text" if self.is_gzipped else "text"
            raise OSError(
                f"The file {str(self.path)!r} must be whole {kind}. Got an error after line "
                f"{self.n_lines} instead ({str(error).rstrip('.')}); make or download it again."
            ) from error
        self.n_read += len(chunk)
        if self.is_gzipped and self.n_read > SPARE // 4 + MAX_EXPANSION * self.size:
            raise OSError(
                f"The file {str(self.path)!r} must hold less than {MAX_EXPANSION} times its "
                f"{self.size:,} bytes, as tables do. Got more than that instead; unpack it first "
                "if you trust it."
            )
        return chunk
