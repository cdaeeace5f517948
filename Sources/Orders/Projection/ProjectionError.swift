/// Why a step of the projection did not happen; nothing of it was committed.
public struct ProjectionError: Error, Sendable, CustomStringConvertible {
    /// Extensible on purpose.
    public struct Code: Hashable, Sendable {
        let name: String
        /// Another member has claimed the partitions meanwhile.
        public static let stale = Code(name: "stale")
        /// A position disappeared between looking and claiming; claiming again settles it.
        public static let raced = Code(name: "raced")
    }

    public let code: Code
    /// Safe to log.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
