import CLibPQ

/// Asks the server, over a connection of its own, to stop what one connection is doing.
public final class PostgresCanceller: @unchecked Sendable {
    /// A PGcancel is immutable once made; libpq documents PQcancel as safe from any thread.
    private let handle: OpaquePointer

    fileprivate init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        PQfreeCancel(handle)
    }

    /// Blocks for a connect. The cancelled statement fails with 57014; one that had just ended is not affected.
    public func cancel() throws(PostgresError) {
        var buffer = [CChar](repeating: 0, count: 256)
        guard PQcancel(handle, &buffer, Int32(buffer.count)) == 1 else {
            let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw PostgresError(.connection, text.singleLine)
        }
    }
}

extension PostgresConnection {
    /// nil when the connection is lost.
    public func canceller() -> PostgresCanceller? {
        PQgetCancel(handle).map { PostgresCanceller($0) }
    }
}
