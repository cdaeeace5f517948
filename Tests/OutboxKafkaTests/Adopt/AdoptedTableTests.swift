import Kafka
import Outbox
import Postgres
import TestKit
import Testing
import Threads

@testable import OutboxKafka

/// A table as other teams have it, adopted, forwarded into Kafka's protocol.
@Suite struct AdoptedTableTests {
    @Test(arguments: [
        ("bytea", "'\\x00ff7b'", [UInt8]([0, 255, 123])), ("json", "'{ \"a\":1}'", Array("{ \"a\":1}".utf8)),
        ("jsonb", "'{ \"ä\":1}'", Array("{\"ä\": 1}".utf8)), ("text", "'plain'", Array("plain".utf8)),
    ])
    func payloadsOfAllTypesArriveWithTheirHeaders(type: String, literal: String, bytes: [UInt8]) async throws {
        let adopted = try await AdoptedTable(payload: type)
        try await adopted.execute(
            """
            INSERT INTO app.outbox (id, aggregatetype, aggregateid, type, payload, tenant, traceparent)
            VALUES ('0195f1f0-0000-7000-8000-000000000001', 'invoice', '42', 'InvoiceSent', \(literal), 'acme', NULL)
            """)
        let record = try #require(try await adopted.records(1).first)
        #expect(record.value.map { Array($0) } == bytes)
        #expect(record.keyText == "42")
        #expect(record.headerText("id") == "0195f1f0-0000-7000-8000-000000000001")
        #expect(record.headerText("ce_type") == "InvoiceSent")
        #expect(record.headerText("ce_sequence") == nil)
        #expect(record.headerText("tenant") == "acme")
        #expect(!record.headers.contains { $0.name == "traceparent" })
    }

    @Test func aNullPayloadIsATombstone() async throws {
        let adopted = try await AdoptedTable(payload: "jsonb")
        try await adopted.execute(
            """
            INSERT INTO app.outbox (id, aggregatetype, aggregateid, type) VALUES (gen_random_uuid(), 'invoice',
            '42', 'Gone')
            """
        )
        let record = try #require(try await adopted.records(1).first)
        #expect(record.value == nil)
    }

    /// A chunk ends after a number of bytes. Rows without a payload have none, and must not look like its end.
    @Test func rowsWithoutPayloadDoNotHideOthersBehindAFullChunk() async throws {
        let adopted = try await AdoptedTable(payload: "bytea")
        try await adopted.execute(
            """
            INSERT INTO app.outbox (id, aggregatetype, aggregateid, type, payload)
            SELECT gen_random_uuid(), 'invoice', '42', 'T', CASE WHEN n % 8 > 0 THEN convert_to(repeat('x', 500000),
                'UTF8') END
            FROM generate_series(1, 40) AS n
            """)
        let records = try await adopted.records(40)
        #expect(records.count == 40)
        #expect(records.count { $0.value == nil } == 5)
    }

    @Test func headersCanBeSwitchedOffAndTopicsFollowColumns() async throws {
        let adopted = try await AdoptedTable(payload: "text") { publisher, kafka in
            publisher.addsCloudEvents = false
            publisher.addsEventID = false
            publisher.emptyPayloadIsTombstone = true
            publisher.topic = try AdoptedTable.template(kafka, "{header.tenant}.{aggregate_type}")
        }
        try await adopted.execute(
            """
            INSERT INTO app.outbox (id, aggregatetype, aggregateid, type, payload, tenant)
            VALUES (gen_random_uuid(), 'invoice', '1', 'T', '', 'acme')
            """)
        let record = try #require(try await adopted.records(1, topic: "acme.invoice").first)
        #expect(record.value == nil)
        #expect(record.headers.map(\.name).sorted() == ["outbox_relay_cut", "outbox_relay_epoch", "tenant"])
    }

    @Test func aTopicThatCannotBeParksItsKeyOnly() async throws {
        let adopted = try await AdoptedTable(payload: "text") {
            $0.topic = try AdoptedTable.template($1, "{header.tenant}")
        }
        try await adopted.execute(
            """
            INSERT INTO app.outbox (id, aggregatetype, aggregateid, type, payload, tenant)
            SELECT gen_random_uuid(), 'invoice', n::text, 'T', 'x', CASE n WHEN 1 THEN 'no topic!' WHEN 2 THEN NULL
                ELSE 'good' END
            FROM generate_series(1, 4) AS n
            """)
        let records = try await adopted.records(2, topic: "good")
        #expect(records.compactMap(\.keyText).sorted() == ["3", "4"])
        let parked = try await adopted.parked()
        #expect(parked.map(\.0).sorted() == ["1", "2"])
        #expect(parked.contains { $0.1.contains("is no topic name") }, "\(parked)")
        #expect(parked.contains { $0.1.contains("no value for {header.tenant}") }, "\(parked)")
    }

    /// Consumers know an event by the last header `id`; and Kafka's own clients take no header without a name.
    @Test func aRowCannotGiveAHeaderThatTheRelayWrites() async throws {
        let adopted = try await AdoptedTable(payload: "text, headers jsonb")
        try await adopted.execute(
            """
            INSERT INTO app.outbox (id, aggregatetype, aggregateid, type, headers, tenant)
            VALUES ('0195f1f0-0000-7000-8000-000000000001', 'invoice', '1', 'T',
                    '{"id": "evil", "ce_id": "evil", "ce_type": "evil", "ce_sequence": "7", "outbox_relay_epoch": "9",
                      "": "x", "a": "b"}', 'acme')
            """)
        let record = try #require(try await adopted.records(1).first)
        let names = record.headers.map(\.name)
        #expect(Set(names).count == names.count, "\(names)")
        #expect(!names.contains(""))
        #expect(record.headerText("id") == "0195f1f0-0000-7000-8000-000000000001")
        #expect(record.headerText("ce_type") == "T")
        #expect(record.headerText("outbox_relay_epoch") != "9")
        // The table has no sequence number, so the relay writes none.
        #expect(record.headerText("ce_sequence") == "7")
        #expect(record.headerText("a") == "b")
    }
}
