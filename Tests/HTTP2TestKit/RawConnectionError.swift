/// What a raw client did not get.
public struct RawConnectionError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
