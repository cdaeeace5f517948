"""Record batches, format 2: their headers are read and checked, their records are not changed. And the markers that end transactions."""

import struct
import time
from dataclasses import dataclass

from crc32c import checksum
from errors import Refused

HEADER = struct.Struct(">qiibIhiqqqhii")
APPEND_TIME, TRANSACTIONAL, CONTROL = 1 << 3, 1 << 4, 1 << 5
NO_PRODUCER = -1
SEQUENCES = 1 << 31


@dataclass
class Batch:
    """The part of a batch that a partition keeps."""
    data: bytes
    base_offset: int
    last_offset: int
    attributes: int
    # The times of its first and of its newest record, in milliseconds since 1970.
    first_time: int
    newest: int
    producer_id: int
    epoch: int
    first_sequence: int

    @property
    def is_transactional(self):
        return bool(self.attributes & TRANSACTIONAL)

    @property
    def is_control(self):
        return bool(self.attributes & CONTROL)

    @property
    def count(self):
        return self.last_offset - self.base_offset + 1

    @property
    def last_sequence(self):
        return (self.first_sequence + self.count - 1) % SEQUENCES

    def place(self, offset):
        """Gives the batch its offset; that and the leader's epoch are not part of the checksum."""
        self.last_offset += offset - self.base_offset
        self.base_offset = offset
        self.data = struct.pack(">qii", offset, len(self.data) - 12, 0) + self.data[16:]

    def stamp(self, now):
        """All records get this time, in milliseconds since 1970. The records themselves are not changed: the header says it."""
        self.attributes, self.newest = self.attributes | APPEND_TIME, now
        data = bytearray(self.data)
        struct.pack_into(">h", data, 21, self.attributes)
        struct.pack_into(">q", data, 35, now)
        struct.pack_into(">I", data, 17, checksum(bytes(data[21:])))
        self.data = bytes(data)


def parse(data):
    """The batch of a request: a producer may send one to a partition at a time."""
    if data is None or len(data) < HEADER.size:
        raise Refused("INVALID_RECORD", "no whole batch")
    (base, length, _, magic, crc, attributes, last_delta, first_time, newest, producer_id, epoch, sequence, count) = HEADER.unpack_from(data)
    if magic != 2 or length != len(data) - 12:
        raise Refused("INVALID_RECORD", "not exactly one batch of format 2")
    if checksum(data[21:]) != crc:
        raise Refused("CORRUPT_MESSAGE", "the checksum is wrong")
    if count < 1 or last_delta != count - 1 or attributes & CONTROL:
        raise Refused("INVALID_RECORD", "offsets are not dense, or it is a control batch")
    if producer_id != NO_PRODUCER and (epoch < 0 or sequence < 0) or producer_id == NO_PRODUCER and attributes & TRANSACTIONAL:
        raise Refused("INVALID_RECORD", "producer id, epoch and sequence do not go together")
    return Batch(data, base, base + last_delta, attributes, first_time, newest, producer_id, epoch, sequence)


def signed_varint(value):
    value = value << 1 ^ value >> 63
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def marker(producer_id, epoch, commits):
    """The control batch that ends a transaction in one partition."""
    key, value = struct.pack(">hh", 0, 1 if commits else 0), struct.pack(">hi", 0, 0)
    body = b"\0\0\0" + signed_varint(len(key)) + key + signed_varint(len(value)) + value + b"\0"
    record = signed_varint(len(body)) + body
    now = int(time.time() * 1000)
    attributes = TRANSACTIONAL | CONTROL
    checked = struct.pack(">hiqqqhii", attributes, 0, now, now, producer_id, epoch, -1, 1) + record
    data = struct.pack(">qiibI", 0, len(checked) + 9, 0, 2, checksum(checked)) + checked
    return Batch(data, 0, 0, attributes, now, now, producer_id, epoch, -1)
