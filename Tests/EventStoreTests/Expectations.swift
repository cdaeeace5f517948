import EventStore
import Testing

/// Expects `body` to throw an error that reads the same as `expected`: the cases carry values that are not all
/// comparable.
func expectError(
    _ expected: EventStoreError, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing thrown", sourceLocation: sourceLocation)
    } catch {
        #expect("\(error)" == "\(expected)", sourceLocation: sourceLocation)
    }
}
