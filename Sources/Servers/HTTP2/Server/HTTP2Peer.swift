/// Who is on the other end of a connection.
public struct HTTP2Peer: Sendable, Equatable {
    /// The numeric address and port, such as `127.0.0.1:50312`; `unknown` when the socket is already gone.
    public let address: String

    /// Whether the connection is encrypted.
    public let isSecure: Bool

    public init(address: String, isSecure: Bool) {
        self.address = address
        self.isSecure = isSecure
    }
}
