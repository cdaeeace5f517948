"""The encoding of Kafka's protocol: a message is described once, and read and written in any of its versions.

A description lists fields as `name:type`, in order. Types are bool i8 i16 i32 i64 string bytes uuid, or a list `[i32]` or
`[name:type, ...]`; `?` allows null; `@3+`, `@0-2` or `@1` names the versions that have the field. From its first flexible version on, a
message has short lengths and ends each structure with tagged fields, which are skipped.
"""

import functools
import re
import struct
from types import SimpleNamespace

NUMBERS = {"bool": struct.Struct(">?"), "i8": struct.Struct(">b"), "i16": struct.Struct(">h"), "i32": struct.Struct(">i"),
           "i64": struct.Struct(">q")}
WORD = re.compile(r"\s*([a-z_]+[0-9]*|[0-9]+|[\[\]:,?@+-])")


class Fields(SimpleNamespace):
    """One structure; a field that is not set has its type's empty value when it is written."""


class Malformed(Exception):
    """The bytes are not a message."""


class Reader:
    def __init__(self, data, place=0):
        self.data, self.place = data, place

    def take(self, count):
        end = self.place + count
        if count < 0 or end > len(self.data):
            raise Malformed("a message ends too early")
        found, self.place = self.data[self.place:end], end
        return found

    def number(self, kind):
        return NUMBERS[kind].unpack(self.take(NUMBERS[kind].size))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def length(self, kind, is_flexible):
        """-1 is null."""
        return self.varint() - 1 if is_flexible else self.number(kind)

    def tags(self):
        for _ in range(self.varint()):
            self.varint()
            self.take(self.varint())


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def length(value, kind, is_flexible):
    return varint(value + 1) if is_flexible else NUMBERS[kind].pack(value)


class Field:
    def __init__(self, name, kind, inner, is_nullable, versions):
        self.name, self.kind, self.inner, self.is_nullable, self.versions = name, kind, inner, is_nullable, versions

    def read(self, reader, version, is_flexible):
        if self.kind in NUMBERS:
            return reader.number(self.kind)
        if self.kind == "uuid":
            return reader.take(16)
        count = reader.length("i16" if self.kind == "string" else "i32", is_flexible)
        if count < 0:
            return None
        if self.kind == "list":
            return [self.inner.read(reader, version, is_flexible) for _ in range(count)]
        found = bytes(reader.take(count))
        return found.decode() if self.kind == "string" else found

    def write(self, value, out, version, is_flexible):
        if self.kind in NUMBERS:
            out.append(NUMBERS[self.kind].pack(value or 0))
        elif self.kind == "uuid":
            out.append(value or bytes(16))
        elif value is None and self.is_nullable:
            out.append(length(-1, "i16" if self.kind == "string" else "i32", is_flexible))
        elif self.kind == "list":
            out.append(length(len(value or []), "i32", is_flexible))
            for item in value or []:
                self.inner.write(item, out, version, is_flexible)
        else:
            found = (value or "").encode() if self.kind == "string" else value or b""
            out.append(length(len(found), "i16" if self.kind == "string" else "i32", is_flexible))
            out.append(found)


class Structure:
    def __init__(self, fields):
        self.fields = fields

    @functools.lru_cache(maxsize=None)
    def present(self, version):
        return [field for field in self.fields if field.versions[0] <= version <= field.versions[1]]

    def read(self, reader, version, is_flexible):
        found = Fields(**{field.name: None for field in self.fields})
        for field in self.present(version):
            setattr(found, field.name, field.read(reader, version, is_flexible))
        if is_flexible:
            reader.tags()
        return found

    def write(self, value, out, version, is_flexible):
        for field in self.present(version):
            field.write(getattr(value, field.name, None), out, version, is_flexible)
        if is_flexible:
            out.append(b"\0")


class Description:
    """Parses the description of a message."""

    def __init__(self, text):
        self.words, self.place = WORD.findall(text), 0

    def next(self, word=None):
        found = self.words[self.place] if self.place < len(self.words) else ""
        if word is None or found == word:
            self.place += 1
            return found
        return None

    def structure(self, end=""):
        fields = []
        while self.next(end) is None:
            name = self.next()
            self.next(":")
            fields.append(self.field(name))
            self.next(",")
        return Structure(fields)

    def field(self, name):
        kind, inner = self.next(), None
        if kind == "[":
            kind = "list"
            if self.words[self.place + 1] == ":":
                inner = self.structure("]")
            else:
                inner = Field("", self.next(), None, False, (0, 99))
                self.next("]")
        is_nullable = self.next("?") is not None
        return Field(name, kind, inner, is_nullable, self.versions())

    def versions(self):
        if self.next("@") is None:
            return 0, 99
        first = int(self.next())
        if self.next("+"):
            return first, 99
        return first, int(self.next()) if self.next("-") else first


class Message:
    """One call: its number, its versions, and the descriptions of request and answer."""

    def __init__(self, name, key, versions, request, response, flexible=99):
        self.name, self.key, self.versions, self.flexible = name, key, versions, flexible
        self.word = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
        self.method = self.word.replace("-", "_")
        self.request, self.response = Description(request).structure(), Description(response).structure()

    def is_flexible(self, version):
        return version >= self.flexible

    def read(self, reader, version):
        return self.request.read(reader, version, self.is_flexible(version))

    def write(self, answer, version):
        out = []
        self.response.write(answer, out, version, self.is_flexible(version))
        return b"".join(out)
