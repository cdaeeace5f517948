"""Header compression: RFC 7541."""

from .case import alive, answered, case, connection_error
from .wire import COMPRESSION_ERROR, END_HEADERS, END_STREAM, HEADERS, SETTINGS, HEADER_TABLE_SIZE, literal, raw, setting


def send_block(connection, bytes_):
    stream = connection.stream()
    connection.send(raw(HEADERS, END_HEADERS | END_STREAM, stream, bytes_))
    return stream


def accepted(section, what, suffix):
    """A block that is valid but unusual."""

    @case(section, what)
    def _(connection, transport):
        answered(connection, send_block(connection, connection.encoder.encode(transport.get_fields) + suffix))


def refused(section, what, suffix, prefix=b""):
    """A block that cannot be decoded, which ends the connection (RFC 9113 §4.3)."""

    @case(section, what)
    def _(connection, transport):
        send_block(connection, prefix + connection.encoder.encode(transport.get_fields) + suffix)
        connection_error(connection, COMPRESSION_ERROR)


accepted("6.1", "HPACK: an indexed field", b"\x90")  # accept-encoding: gzip, deflate
accepted("6.2.1", "HPACK: incremental indexing, indexed name", b"\x7a\x04" + b"test")  # user-agent
accepted("6.2.1", "HPACK: incremental indexing, new name", b"\x40\x06x-test\x04test")
accepted("6.2.1", "HPACK: a field of the dynamic table", b"\x40\x06x-test\x04test\xbe")
accepted("6.2.2", "HPACK: without indexing, indexed name", b"\x0f\x2b\x04test")
accepted("6.2.2", "HPACK: without indexing, new name", b"\x00\x06x-test\x04test")
accepted("6.2.3", "HPACK: never indexed, indexed name", b"\x1f\x2b\x04test")
accepted("6.2.3", "HPACK: never indexed, new name", b"\x10\x06x-test\x04test")
accepted("5.2", "HPACK: Huffman-coded name and value", b"\x00\x85\xf2\xb2\x0a\x9a\x53" + b"\x83\x49\x50\x9f")
accepted("5.2", "HPACK: an empty value", b"\x00\x06x-test\x00")

refused("2.3.3", "HPACK: an index beyond both tables", b"\xff\x50")
refused("2.3.3", "HPACK: a literal whose name is beyond both tables", b"\x7f\x50\x04test")
refused("4.2", "HPACK: a table size update at the end of a block", b"\x20")
refused("5.1", "HPACK: an integer that never ends", b"\xff" + b"\xff" * 20)
refused("5.1", "HPACK: an integer that ends with the block", b"\xff")
refused("5.2", "HPACK: a string longer than the block", b"\x00\x06x-test\x20test")
refused("5.2", "HPACK: Huffman padding of more than seven bits", b"\x00\x06x-test\x85\x49\x50\x9f\xff\xff")
refused("5.2", "HPACK: Huffman padding of zeros", b"\x00\x06x-test\x81\x1e")
refused("5.2", "HPACK: the EOS symbol in a Huffman string", b"\x00\x06x-test\x87\x49\x50\x9f\xff\xff\xff\xfc")
refused("6.1", "HPACK: index 0", b"\x80")
refused("6.3", "HPACK: a table size beyond SETTINGS_HEADER_TABLE_SIZE", b"", prefix=b"\x3f\xe2\x1f")


@case("6.3", "HPACK: table size updates at the beginning of a block")
def _(connection, transport):
    answered(connection, send_block(connection, b"\x20" + b"\x3f\xe1\x1f" + connection.encoder.encode(transport.get_fields)))
    connection.encoder.header_table_size = 4_096
    alive(connection, transport)


@case("4.2", "HPACK: a table that a size update emptied")
def _(connection, transport):
    stream = send_block(connection, b"\x20" + b"".join(literal(name.encode(), value.encode()) for name, value in transport.get_fields))
    answered(connection, stream)
    send_block(connection, b"\xbe")
    connection_error(connection, COMPRESSION_ERROR)


@case("4.2", "HPACK: the server shrinks its table when SETTINGS say so")
def _(connection, transport):
    answered(connection, transport.request(connection))
    connection.send(raw(SETTINGS, payload=setting(HEADER_TABLE_SIZE, 0)))
    # hpack raises unless the next block begins with the size update that §4.2 demands.
    connection.decoder.max_allowed_table_size = 0
    alive(connection, transport)
