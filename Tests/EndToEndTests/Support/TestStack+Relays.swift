import Foundation
import Kafka
import TestKit
import Testing
import Threads

extension TestStack {
    /// The lease of relays that a test stops: short, so that it need not wait for long, but no busy machine keeps a
    /// relay from renewing it.
    static let shortLease = Duration.seconds(8)

    /// A relay of a name, beside others; it ends with the stack.
    func startRelay(_ name: String, _ more: [String: String] = [:]) async throws -> ManagedProcess {
        var variables = environment(of: .relay)
        variables["RELAY_NAME"] = name
        variables["RELAY_ADMIN_PORT"] = "-1"
        variables["RELAY_LEASE"] = "\(Self.shortLease.components.seconds)s"
        variables.merge(more) { _, new in new }
        return keep(try await ManagedProcess.start(TestPaths.binary("outbox-relay"), environment: variables))
    }

    /// Waits until the relay of this name leads.
    func leads(_ name: String) async throws {
        try await wait(for: "SELECT EXISTS (SELECT FROM relay_state WHERE leader = '\(name)' AND lease_is_valid)")
    }

    /// What becomes of a `leader` that was stopped while rows flow: `heir` leads and publishes; when the leader goes on
    /// it stands by, and both keep running.
    func replaces(_ leader: ManagedProcess, with heir: ManagedProcess, named name: String) async throws {
        let rows = 3_000
        try await leads(name)
        try await published(kafka.topic("parcel"), epoch: 2)
        try await written(more: rows)
        leader.signal(SIGCONT)
        _ = try await leader.line(containing: "standing by")
        try await written(more: rows)
        #expect(try await query("SELECT leader || ' ' || epoch FROM relay_state") == ["\(name) 2"])
        #expect(leader.isRunning)
        #expect(heir.isRunning)
    }

    /// Waits until so many rows more than now are written.
    func written(more count: Int) async throws {
        let now = Int(try await query("SELECT count(*)::text FROM outbox").first ?? "") ?? 0
        try await wait(for: "SELECT count(*) >= \(now + count) FROM outbox")
    }

    /// What a topic holds, partition by partition in the order of its offsets.
    func records(_ topic: String, isolation: String = "read_committed") async throws -> [KafkaRecord] {
        var reading = kafka.configuration
        reading["isolation.level"] = isolation
        let kafka = reading
        return try await onThread { try KafkaTopicReader(kafka, topic: topic).records(within: .seconds(60)) }
    }

    /// Waits until the topic holds more messages than now, or than so many.
    func flows(_ topic: String, from count: Int? = nil) async throws {
        let now = try await records(topic).count
        let before = count ?? now
        let kafka = kafka.configuration
        try await onThread {
            let deadline = ContinuousClock.now + .seconds(60)
            while try KafkaTopicReader(kafka, topic: topic).records(within: .seconds(60)).count <= before {
                guard .now < deadline else { throw TestFailure("nothing more reaches \(topic)") }
            }
        }
    }

    /// Asks the relay's admin endpoint until the answer contains `text`; the answer.
    @discardableResult
    func relayTells(_ path: String, _ text: String) async throws -> String { try await tells(.relay, path, text) }

    /// Asks a service again and again until the answer has the text; the answer.
    @discardableResult
    func tells(_ service: Service, _ path: String, _ text: String) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let answer = try await Command.run(["curl", "--silent", "--max-time", "5", url(of: service) + path]).output
            if answer.contains(text) { return answer }
            guard .now < deadline else {
                throw TestFailure("\(service.rawValue): \(path) does not say '\(text)' but '\(answer)'")
            }
        }
    }

    /// `outboxctl` with these words, as an operator; what it says.
    func outboxctl(_ words: String...) async throws -> String {
        try await Command.output(
            [TestPaths.binary("outboxctl").path] + words, environment: ["DATABASE_URL": url(as: "outbox_operator")])
    }

    /// Releases every parked key and waits until none is left.
    func releaseAll() async throws {
        for key in try await query("SELECT aggregate_type || ' ' || aggregate_id FROM outbox_relay.parked") {
            let words = key.split(separator: " ").map { String($0) }
            _ = try await outboxctl("release", words[0], words[1], "--yes", "--reason", "the cause is gone")
        }
        try await wait(for: "SELECT NOT EXISTS (SELECT FROM outbox_relay.parked)")
    }

    /// Waits until Kafka holds a message of this topic that a relay of this epoch published.
    func published(_ topic: String, epoch: Int64) async throws {
        let kafka = kafka.configuration
        try await onThread {
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                let records = try KafkaTopicReader(kafka, topic: topic).records(within: .seconds(60))
                if records.contains(where: { $0.epoch == epoch }) { return }
                guard .now < deadline else { throw TestFailure("nothing of epoch \(epoch) is in \(topic)") }
            }
        }
    }
}

extension KafkaRecord {
    /// The epoch of the relay that published it.
    var epoch: Int64 { headerText("outbox_relay_epoch").flatMap { Int64($0) } ?? -1 }
}

extension [KafkaRecord] {
    /// Messages of `old` epochs that stand behind the first message of `new` in their partition: what a relay that had
    /// been replaced still published.
    func strays(of old: Int64, behind new: Int64) -> Int {
        var begun: Set<Int32> = []
        return count { record in
            if record.epoch == new { begun.insert(record.partition) }
            return record.epoch == old && begun.contains(record.partition)
        }
    }
}
