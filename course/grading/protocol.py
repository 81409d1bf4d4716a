"""Messages between the grader and a worker: a JSON header, then the bytes of arrays. No pickle.

A message is the length of its header (4 bytes) and of what follows the header (8 bytes), both
big-endian, then the header, then the arrays one after the other in C order and little-endian. The
grader reads what a hostile process wrote, so a reader trusts no length, no name and no number, and
has one way to fail: ProtocolError.
"""

import json
import math
import re
import struct
from dataclasses import dataclass

import numpy as np

PREFIX = struct.Struct(">IQ")
LONGEST_HEADER = 64 * 1024
MOST_ARRAYS = 2_000
MOST_DIMENSIONS = 16
LONGEST_STRING = 4_096  # characters of one element of an array of strings
LARGEST = 32 * 1024 * 1024  # bytes of all arrays of a message
_DTYPE = re.compile(r"\|b1|\|[iu]1|<[iu][248]|<f[248]|<U(\d{1,4})|\|S(\d{1,4})")


class ProtocolError(ValueError):
    """What came in is not a message. Nothing of it was kept."""


@dataclass(frozen=True)
class Message:
    """What was sent: a dict of words and numbers, and a dict of name -> array."""

    fields: dict
    arrays: dict


def sendable(value):
    """An array as it can cross: numbers and strings of the usual sizes, little-endian.

    Raises:
        TypeError: if it holds anything else, such as objects, dates or complex numbers.
        ValueError: if it has too many dimensions, or strings that are too long or no Unicode.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "biufUS":
        raise TypeError(f"Numbers and strings can be sent. Received: {array.dtype}.")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
    if array.dtype.kind in "US" and array.dtype.itemsize == 0:
        array = array.astype(f"{array.dtype.kind}1")
    if not _DTYPE.fullmatch(array.dtype.str) or _string_length(array.dtype) > LONGEST_STRING:
        raise ValueError(f"Its elements are too long to be sent: {array.dtype}.")
    if array.ndim > MOST_DIMENSIONS:
        raise ValueError(f"At most {MOST_DIMENSIONS} dimensions can be sent, got {array.ndim}.")
    if array.dtype.kind == "U" and not _is_text(array):
        raise ValueError("It holds characters that Unicode does not have.")
    return array


def encode(fields, arrays=None, largest=LARGEST):
    """The bytes of a message.

    Args:
        fields: a dict of str -> str, int, bool or list of str.
        arrays: a dict of name -> array, see `sendable`.
        largest: bytes that all arrays may have together.

    Raises:
        TypeError: if an array holds something that cannot be sent.
        ValueError: if the message is too large.
    """
    arrays = {name: sendable(value) for name, value in (arrays or {}).items()}
    size = sum(array.nbytes for array in arrays.values())
    if size > largest:
        raise ValueError(f"{size:,} bytes of arrays are too many: {largest:,} can be sent.")
    table = [[name, a.dtype.str, list(a.shape)] for name, a in arrays.items()]
    header = json.dumps({"fields": fields, "arrays": table}).encode("ascii")
    if len(header) > LONGEST_HEADER or len(table) > MOST_ARRAYS:
        raise ValueError("Its names and texts are too long to be sent.")
    body = (array.tobytes() for array in arrays.values())
    return b"".join((PREFIX.pack(len(header), size), header, *body))


class Decoder:
    """Take a message together from bytes as they come in.

    Args:
        largest: bytes that all arrays may have together.
    """

    def __init__(self, largest=LARGEST):
        self._largest = largest
        self._data = bytearray()
        self._sizes = None
        self._table = None

    @property
    def wanted(self):
        """How many bytes are certainly missing."""
        if self._sizes is None:
            return PREFIX.size - len(self._data)
        return PREFIX.size + sum(self._sizes) - len(self._data)

    def feed(self, data):
        """Take more bytes.

        Returns:
            the `Message` once it is whole, else None.

        Raises:
            ProtocolError: as soon as this cannot become a message, or if it ends before the bytes.
        """
        self._data += data
        if self._sizes is None and len(self._data) >= PREFIX.size:
            self._sizes = PREFIX.unpack_from(self._data)
            header, size = self._sizes
            if not 2 <= header <= LONGEST_HEADER or size > self._largest:
                raise ProtocolError(f"A header of {header:,} and arrays of {size:,} bytes.")
        if self._sizes is None:
            return None
        start = PREFIX.size + self._sizes[0]
        if self._table is None and len(self._data) >= start:
            self._fields, self._table = _header(bytes(self._data[PREFIX.size : start]))
            if sum(size for *_, size in self._table) != self._sizes[1]:
                raise ProtocolError("The arrays do not fill the message.")
        if self.wanted < 0:
            raise ProtocolError("More bytes than the message has.")
        if self.wanted > 0:
            return None
        return Message(self._fields, _arrays(self._table, bytes(self._data[start:])))


def receive(read, largest=LARGEST):
    """Read one message and not a byte more.

    Args:
        read: a function of n that returns 1 to n bytes, or none at the end.
        largest: bytes that all arrays may have together.

    Raises:
        EOFError: if the bytes end before the message does.
        ProtocolError: if they are no message.
    """
    decoder, message = Decoder(largest), None
    while message is None:
        data = read(min(decoder.wanted, 1 << 20))
        if not data:
            raise EOFError("The line was closed.")
        message = decoder.feed(data)
    return message


def _header(raw):
    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_never)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"The header is no JSON: {type(error).__name__}.") from None
    if not isinstance(header, dict) or set(header) != {"fields", "arrays"}:
        raise ProtocolError("The header has other parts than fields and arrays.")
    fields, table = header["fields"], header["arrays"]
    if not isinstance(fields, dict) or not all(_is_plain(value) for value in fields.values()):
        raise ProtocolError("A field is neither a text, a whole number nor a list of texts.")
    if not isinstance(table, list) or len(table) > MOST_ARRAYS:
        raise ProtocolError("The table of arrays is no list, or too long.")
    rows = [_row(row) for row in table]
    if len({name for name, *_ in rows}) != len(rows):
        raise ProtocolError("Two arrays have one name.")
    return fields, rows


def _pairs(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ProtocolError("A key comes twice.")
    return dict(pairs)


def _never(constant):
    raise ProtocolError(f"{constant} is no JSON.")


def _is_plain(value):
    if isinstance(value, list):
        return all(isinstance(part, str) for part in value)
    return isinstance(value, str | int)


def _row(row):
    if not isinstance(row, list) or len(row) != 3:
        raise ProtocolError("An array is described by a name, a dtype and a shape.")
    name, dtype, shape = row
    found = _DTYPE.fullmatch(dtype) if isinstance(dtype, str) else None
    if not isinstance(name, str) or not found:
        raise ProtocolError("An array has a dtype that is not taken.")
    dtype = np.dtype(dtype)
    if dtype.itemsize == 0 or _string_length(dtype) > LONGEST_STRING:
        raise ProtocolError("An array has empty or very long elements.")
    if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
        raise ProtocolError("A shape is no list, or has too many dimensions.")
    if not all(type(n) is int and 0 <= n < 2**31 for n in shape):
        raise ProtocolError("A length in a shape is no whole number from 0 to 2**31 - 1.")
    # NumPy multiplies the lengths of an empty array too, in 64 bits, and may do so as doubles.
    if math.prod(max(n, 1) for n in shape) * max(dtype.itemsize, 8) >= 2**62:
        raise ProtocolError("A shape is too large.")
    return name, dtype, tuple(shape), math.prod(shape) * dtype.itemsize


def _arrays(table, body):
    arrays, start = {}, 0
    for name, dtype, shape, size in table:
        if not size:
            array = np.zeros(shape, dtype)
        elif dtype.kind == "b":  # a byte other than 0 and 1 would be a third truth value
            array = np.frombuffer(body, np.uint8, size, start).reshape(shape) != 0
        else:
            count = size // dtype.itemsize
            array = np.frombuffer(body, dtype, count, start).reshape(shape)
        if dtype.kind == "U" and not _is_text(array):
            raise ProtocolError("A string holds what is no Unicode character.")
        arrays[name], start = array, start + size
    return arrays


def _is_text(array):
    points = np.ascontiguousarray(array).reshape(-1).view("<u4")
    surrogates = (points >= 0xD800) & (points < 0xE000)
    return not bool(np.any((points > 0x10FFFF) | surrogates))


def _string_length(dtype):
    return {"U": dtype.itemsize // 4, "S": dtype.itemsize}.get(dtype.kind, 0)
