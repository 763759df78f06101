# SPDX-License-Identifier: Apache-2.0
"""TensorBoard's event files, written and read by hand, with nothing of ours: records of TFRecord, in them messages of
event.proto, summary.proto and tensor.proto (field numbers only). The reader is strict: what it does not know is an error.
"""
import pathlib
import struct

SCALARS = "scalars"
CLASS_SCALAR, DT_DOUBLE = 1, 2


def table():
    entries = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        entries.append(value)
    return entries


TABLE = table()


def masked_crc(data):
    """CRC-32C, turned and moved as TFRecord wants it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value):
    value &= (1 << 64) - 1
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def field(number, value):
    """bytes: a string or message; int: a varint; ("<f" or "<d", number): fixed."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    code, real = value
    return varint(number << 3 | (5 if code == "<f" else 1)) + struct.pack(code, real)


def record(data):
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def version_record(wall_time):
    return record(field(1, ("<d", wall_time)) + field(3, b"brain.Event:2"))


def scalar_record(wall_time, step, tag, value, is_double):
    content = field(1, tag.encode())
    if is_double:
        content += field(8, field(1, DT_DOUBLE) + field(2, b"") + field(4, struct.pack("<d", value)))
        content += field(9, field(1, field(1, SCALARS.encode())) + field(4, CLASS_SCALAR))
    else:
        content += field(2, ("<f", value))
    return record(field(1, ("<d", wall_time)) + field(2, step) + field(5, field(1, content)))


class Broken(Exception):
    pass


def records(path):
    data = pathlib.Path(path).read_bytes()
    at = 0
    while at < len(data):
        if len(data) - at < 16:
            raise Broken(f"{path}: {len(data) - at} bytes are left at {at}, which is no record")
        length, = struct.unpack_from("<Q", data, at)
        if struct.unpack_from("<I", data, at + 8)[0] != masked_crc(data[at:at + 8]):
            raise Broken(f"{path}: the checksum of the length at byte {at} is wrong")
        body = data[at + 12:at + 12 + length]
        if len(body) != length or len(data) < at + 16 + length:
            raise Broken(f"{path}: the record at byte {at} is cut")
        if struct.unpack_from("<I", data, at + 12 + length)[0] != masked_crc(body):
            raise Broken(f"{path}: the checksum of the record at byte {at} is wrong")
        yield body
        at += 16 + length


def message(data, known):
    """{number: values} of a message whose fields are all in `known` {number: wire type}."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            if at >= len(data) or shift > 63:
                raise Broken("a number is cut")
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = number()
        name, wire = key >> 3, key & 7
        if known.get(name) != wire:
            raise Broken(f"field {name} of wire type {wire}, expected one of {known}")
        if wire == 0:
            value = number()
        else:
            size = {1: 8, 5: 4}.get(wire) or number()
            value = data[at:at + size]
            if len(value) != size:
                raise Broken(f"field {name} is cut")
            at += size
        found.setdefault(name, []).append(value)
    return found


def only(fields, number, default=None):
    values = fields.get(number, [])
    if len(values) > 1 or not values and default is None:
        raise Broken(f"field {number} is there {len(values)} times, expected once")
    return values[0] if values else default


def value_of(summary):
    """(tag, value) of a summary's value, which must be a scalar."""
    fields = message(summary, {1: 2, 2: 5, 8: 2, 9: 2})
    tag = only(fields, 1).decode()
    if 2 in fields:
        return tag, struct.unpack("<f", only(fields, 2))[0]
    metadata = message(only(fields, 9), {1: 2, 4: 0})
    plugin = message(only(metadata, 1), {1: 2})
    tensor = message(only(fields, 8), {1: 0, 2: 2, 4: 2})
    if (only(plugin, 1).decode(), only(metadata, 4), only(tensor, 1), only(tensor, 2)) != (SCALARS, CLASS_SCALAR, DT_DOUBLE, b""):
        raise Broken(f"the tensor of {tag} is no scalar of double")
    return tag, struct.unpack("<d", only(tensor, 4))[0]


def scalars(folder):
    """{tag: [(step, wall time, value)]} of all event files of a folder, in the order in which TensorBoard takes them."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*tfevents*")):
        for number, body in enumerate(records(path)):
            event = message(body, {1: 1, 2: 0, 3: 2, 5: 2})
            wall_time, = struct.unpack("<d", only(event, 1))
            if number == 0:
                if only(event, 3) != b"brain.Event:2" or 5 in event:
                    raise Broken(f"{path}: the first record is not the version of the file")
                continue
            step = only(event, 2, 0)
            for summary in message(only(event, 5), {1: 2})[1]:
                tag, value = value_of(summary)
                found.setdefault(tag, []).append((step, wall_time, value))
    return found
