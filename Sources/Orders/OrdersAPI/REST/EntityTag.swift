/// An order's version as an HTTP entity tag: the number in quotes.
enum EntityTag {
    static func text(_ version: UInt32) -> String { "\"\(version)\"" }
}
