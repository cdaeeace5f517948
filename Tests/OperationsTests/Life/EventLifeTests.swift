import Kafka
import Postgres
import TestKit
import Testing

@testable import Operations

/// One event from its transaction to its record in Kafka.
@Suite struct EventLifeTests {
    @Test func aPublishedEventIsFoundInKafka() async throws {
        let outbox = try await OperatedOutbox()
        try await outbox.withRelay { connection in
            try connection.append("order", "before", 0)
            try connection.append("order", "a", 0, headers: #"'{"traceparent": "00-1-2-01"}'"#)
            try connection.append("order", "a", 1)
            try connection.waitsUntilDrained()
        }
        try await onThread {
            let id = try #require(try outbox.connect().ids(of: "a").first)
            var life = try #require(try outbox.desk().life(of: id))
            #expect(life.event.state == .published && life.waits == nil)
            #expect(life.traceparent == "00-1-2-01")
            // The server keeps commit times.
            #expect(try #require(life.committedAt) >= life.event.createdAt ?? Moment(microseconds: .max))
            let search = KafkaSearch(outbox.kafka.configuration)
            life.add(try search.find(life.event, in: outbox.topic("order")))
            let place = try #require(life.kafka?.place)
            let record = try #require(
                try outbox.records("order").first { $0.keyText == "a" && $0.headerText("ce_sequence") == "0" })
            #expect(place.partition == record.partition && place.offset == record.offset)
            #expect(place.epoch == 1 && place.cut != nil)
            #expect(try #require(life.publishedAfterMilliseconds) >= 0)
            var stranger = life.event
            stranger.eventId = "00000000-0000-0000-0000-000000000000"
            let missing = try search.find(stranger, in: outbox.topic("order"))
            #expect(missing.place == nil && missing.isComplete && missing.recordsRead == 3)
            let nowhere = try search.find(life.event, in: outbox.topic("order"))
            #expect(nowhere.place == place)
        }
    }

    /// A copy has the event id of its row, and a record of its own.
    @Test func theCopiesOfAReplayAreFoundByThemselves() async throws {
        let outbox = try await OperatedOutbox()
        try await outbox.withRelay { connection in
            try connection.append("order", "a", 0)
            for replay in 1...2 {
                try connection.execute(
                    """
                    INSERT INTO outbox
                        (event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload, headers)
                    SELECT event_id, aggregate_type, aggregate_id, sequence_number, event_type, payload,
                           '{"outbox_replay": "\(replay)"}'
                    FROM outbox WHERE headers IS NULL
                    """)
            }
            try connection.waitsUntilDrained()
        }
        try await onThread {
            let (desk, search) = (try outbox.desk(), KafkaSearch(outbox.kafka.configuration))
            let offsets = try outbox.connect().ids(of: "a").map { id in
                try search.find(try #require(try desk.life(of: id)).event, in: outbox.topic("order")).place?.offset
            }
            #expect(offsets == [0, 1, 2])
        }
    }

    @Test func anEventThatWaitsSaysWhy() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big")
        try await onThread {
            let connection = try outbox.connect()
            try connection.append("order", "a", 0)
            let desk = try outbox.desk()
            let waiting = try #require(try connection.ids(of: "a").first)
            try connection.waits(for: "NOT lease_is_valid FROM relay_state")
            let life = try #require(try desk.life(of: waiting))
            #expect(try #require(life.waits).hasPrefix("no relay leads"))
            let refused = try #require(try desk.life(of: ids[0]))
            #expect(try #require(refused.waits).hasPrefix("Kafka refused it: MSG_SIZE_TOO_LARGE"))
            #expect(refused.decisions.map(\.action) == ["park"])
            let behind = try #require(try desk.life(of: ids[1]))
            #expect(try #require(behind.waits).hasPrefix("it waits behind row \(ids[0])"))
            #expect(try desk.life(of: 999_999) == nil)
        }
    }
}
