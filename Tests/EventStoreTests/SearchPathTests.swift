import EventStore
import Postgres
import TestKit
import Testing

/// The tables are found by the role's `search_path`.
struct SearchPathTests {
    /// Postgres answers, so a probe that asks for no table would call the store ready.
    @Test func aRoleThatDoesNotSeeTheTablesIsNotReady() async throws {
        let url = try await TestPostgres.database()
        try await Fixture.run(url: url + "?options=-csearch_path%3D") { fixture in
            let refusal = await #expect(throws: EventStoreError.self) { try await fixture.store.probe() }
            let text = refusal?.debugDescription ?? ""
            #expect(text.contains("no table event, outbox, idempotency_key in the search_path"), "\(text)")
            #expect(text.contains("outboxctl migrate"), "\(text)")
        }
        try await Fixture.run(url: url) { fixture in try await fixture.store.probe() }
    }
}
