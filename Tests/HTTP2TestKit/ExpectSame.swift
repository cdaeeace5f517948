public import Testing

/// Expects two values to be the same; for values whose making can throw, inside closures.
public func expectSame<T: Equatable>(_ found: T, _ wanted: T, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(found == wanted, sourceLocation: sourceLocation)
}
