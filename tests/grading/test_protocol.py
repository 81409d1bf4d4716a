"""The reader takes what was meant, and everything else is a ProtocolError."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course.grading.protocol import (
    LONGEST_HEADER,
    PREFIX,
    Decoder,
    ProtocolError,
    encode,
    receive,
    sendable,
)

GOOD = [
    np.array(3),
    np.array([1.5, np.nan, -np.inf]),
    np.zeros((0, 3)),
    np.zeros((2, 0, 2**20), np.uint8),
    np.array(["a", "ä€🙂", ""]),
    np.array([b"ab", b"\0c"]),
    np.array([[True, False]]),
    np.arange(24, dtype=np.int8).reshape(2, 3, 4)[::-1, :, ::2],
    np.arange(3, dtype=">u2"),
    np.float16([1, 2]),
    np.array(""),
]


def decode(data, largest=10_000_000):
    return Decoder(largest).feed(data)


def frame(header, body=b"", sizes=None):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return PREFIX.pack(*(sizes or (len(header), len(body)))) + header + body


def described(dtype="<f8", shape=(1,), name="a", fields=None):
    return {"fields": fields or {}, "arrays": [[name, dtype, list(shape)]]}


@pytest.mark.parametrize("value", GOOD, ids=repr)
def test_an_array_comes_through(value):
    message = decode(encode({"kind": "value", "n": 3, "items": ["k"]}, {"value": value}))
    assert message.fields == {"kind": "value", "n": 3, "items": ["k"]}
    came = message.arrays["value"]
    assert came.shape == value.shape
    assert came.dtype.kind == value.dtype.kind
    np.testing.assert_array_equal(came, value)


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        st.one_of(
            arrays.integer_dtypes(), arrays.unsigned_integer_dtypes(), arrays.boolean_dtypes(),
            arrays.floating_dtypes(sizes=(16, 32, 64)), arrays.byte_string_dtypes(),
        ),
        arrays.array_shapes(min_dims=0, max_side=4),
    )
)  # fmt: skip
def test_any_array_comes_through(value):
    came = decode(encode({}, {"value": value})).arrays["value"]
    assert came.dtype == value.dtype.newbyteorder("<")
    assert came.tobytes() == np.asarray(value, came.dtype).tobytes()


def test_the_arrays_of_a_message_do_not_share_places():
    sent = {"a": np.arange(3), "b": np.array(["xyz"]), "c": np.array([True]), "d": np.zeros(0)}
    came = decode(encode({}, sent)).arrays
    assert list(came) == list(sent)
    for name, value in sent.items():
        np.testing.assert_array_equal(came[name], value)


def test_a_message_comes_in_pieces():
    data = encode({"a": "b"}, {"value": np.arange(1000)})
    decoder = Decoder()
    for i in range(len(data) - 1):
        assert decoder.feed(data[i : i + 1]) is None
        assert decoder.wanted >= 1
    np.testing.assert_array_equal(decoder.feed(data[-1:]).arrays["value"], np.arange(1000))


def test_receive_leaves_the_next_message_alone():
    data = encode({"n": 1}, {"a": np.arange(9)}) + encode({"n": 2})
    place = 0

    def read(n):
        nonlocal place
        place += n
        return data[place - n : place]

    assert receive(read).fields == {"n": 1}
    assert receive(read).fields == {"n": 2}
    with pytest.raises(EOFError):
        receive(read)


@pytest.mark.parametrize(
    "value",
    [
        Ellipsis,
        [1, None],
        np.array(["2020"], "datetime64[Y]"),
        np.array([1j]),
        np.zeros(2, [("a", "f8")]),
        np.zeros(2, "V4"),
        {"a": 1},
    ],
    ids=repr,
)
def test_other_things_are_not_sent(value):
    with pytest.raises(TypeError, match="Numbers and strings"):
        sendable(value)


@pytest.mark.parametrize(
    "value",
    [np.array(["\ud800"]), np.zeros((1,) * 17), np.array(["x" * 5000])],
    ids=["text", "d", "U"],
)
def test_odd_arrays_are_not_sent(value):
    with pytest.raises(ValueError):
        sendable(value)


def test_long_doubles_become_doubles():
    assert sendable(np.longdouble([1.5])).dtype == np.float64


def test_too_much_is_not_sent():
    with pytest.raises(ValueError, match="too many"):
        encode({}, {"a": np.zeros(100)}, largest=799)
    with pytest.raises(ValueError, match="too long"):
        encode({"a": "x" * LONGEST_HEADER})


BAD = {
    "no header": frame(b""),
    "header too long": frame(b"{}", sizes=(LONGEST_HEADER + 1, 0)),
    "4 GB of header": b"\xff" * 12,
    "16 EB of arrays": frame(b"{}", sizes=(2, 2**64 - 1)),
    "no JSON": frame(b"{'a'}"),
    "no UTF-8": frame(b'"\xff\xfe"'),
    "deep": frame(b"[" * 60_000),
    "deep objects": frame(b'{"a":' * 10_000),
    "huge number": frame(b"9" * 60_000),
    "a list": frame([]),
    "nothing": frame({}),
    "more parts": frame({"fields": {}, "arrays": [], "more": 1}),
    "key twice": frame(b'{"fields": {"a": "1", "a": "2"}, "arrays": []}'),
    "NaN": frame(b'{"fields": {"a": NaN}, "arrays": []}'),
    "infinity": frame(b'{"fields": {"a": -Infinity}, "arrays": []}'),
    "a float": frame({"fields": {"a": 1.5}, "arrays": []}),
    "null": frame({"fields": {"a": None}, "arrays": []}),
    "an object": frame({"fields": {"a": {}}, "arrays": []}),
    "list of numbers": frame({"fields": {"a": [1]}, "arrays": []}),
    "fields is a list": frame({"fields": [], "arrays": []}),
    "arrays is an object": frame({"fields": {}, "arrays": {}}),
    "many arrays": frame({"fields": {}, "arrays": [["a", "<f8", [0]]] * 2001}),
    "same name": frame({"fields": {}, "arrays": [["a", "<f8", [0]]] * 2}),
    "short row": frame({"fields": {}, "arrays": [["a", "<f8"]]}),
    "row is text": frame({"fields": {}, "arrays": ["abc"]}),
    "name is a number": frame(described(name=1), b"\0" * 8),
    "objects": frame(described("|O"), b"\0" * 8),
    "dates": frame(described("<M8[D]"), b"\0" * 8),
    "complex": frame(described("<c16"), b"\0" * 16),
    "void": frame(described("|V8"), b"\0" * 8),
    "big-endian": frame(described(">f8"), b"\0" * 8),
    "long double": frame(described("<f16"), b"\0" * 16),
    "records": frame(described("f8,O"), b"\0" * 8),
    "a shaped dtype": frame(described("(2,)<f8"), b"\0" * 16),
    "dtype with a line": frame(described("<f8\n"), b"\0" * 8),
    "dtype is a list": frame(described([["a", "O"]]), b"\0" * 8),
    "empty strings": frame(described("<U0", (5,)), b""),
    "long strings": frame(described("<U9999", (1,)), b"\0" * 4 * 9999),
    "longest name of a dtype": frame(described("<U" + "9" * 4000, (0,))),
    "negative": frame(described(shape=(-1,)), b"\0" * 8),
    "two negative": frame(described(shape=(-1, -1)), b"\0" * 8),
    "a bool as a length": frame(described(shape=(True,)), b"\0" * 8),
    "a float as a length": frame(described(shape=(1.0,)), b"\0" * 8),
    "a text as a length": frame(described(shape=("1",)), b"\0" * 8),
    "shape is a number": frame({"fields": {}, "arrays": [["a", "<f8", 1]]}, b"\0" * 8),
    "many dimensions": frame(described(shape=(1,) * 17), b"\0" * 8),
    "a huge length": frame(described(shape=(2**63,)), b""),
    "huge and empty": frame(described(shape=(0, 2**31 - 1, 2**31 - 1, 2**31 - 1))),
    "empty, and too large as doubles": frame(described("<f2", (0, 2**31 - 1, 2**30 - 1))),
    "overflow": frame(described(shape=(2**30, 2**30, 16))),
    "too few bytes": frame(described(shape=(2,)), b"\0" * 8),
    "too many bytes": frame(described(shape=(1,)), b"\0" * 16),
    "no Unicode": frame(described("<U1"), b"\xff\xff\xff\x7f"),
    "a surrogate": frame(described("<U1"), b"\0\xd8\0\0"),
    "bytes behind": frame({"fields": {}, "arrays": []}) + b"\0",
    "two messages": frame({"fields": {}, "arrays": []}) * 2,
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_what_is_no_message_is_refused(data):
    with pytest.raises(ProtocolError):
        decode(data)


def test_a_large_message_is_refused_before_it_is_kept():
    decoder = Decoder(largest=1000)
    with pytest.raises(ProtocolError):
        decoder.feed(PREFIX.pack(20, 1001))


def test_a_third_truth_value_becomes_true():
    came = decode(frame(described("|b1", (3,)), b"\x00\x02\xff")).arrays["a"]
    assert came.view(np.uint8).tolist() == [0, 1, 1]


def test_what_comes_in_cannot_be_written_to():
    came = decode(encode({}, {"a": np.arange(3)})).arrays["a"]
    with pytest.raises(ValueError, match="read-only"):
        came[0] = 1


_PIECES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b'{"fields": {}, "arrays": ', b"[", b"]", b'["a", "<f8", [1]]', b"}", b"\0" * 8]
    ),
)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.binary(max_size=80), st.lists(_PIECES, max_size=8).map(b"".join)), st.booleans()
)
def test_any_bytes_are_a_message_or_refused(data, with_lengths):
    if with_lengths:
        data = PREFIX.pack(len(data), 0) + data
    with contextlib.suppress(ProtocolError):
        decode(data, 1000)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_message_is_a_message_or_refused(data):
    good = bytearray(encode({"kind": "value"}, {"a": np.arange(4), "b": np.array(["ab"])}))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = decode(bytes(good), 1000)
    except ProtocolError:
        return
    for array in message.arrays.values() if message else ():
        assert array.dtype.kind in "biufUS"
        assert repr(array.tolist())
