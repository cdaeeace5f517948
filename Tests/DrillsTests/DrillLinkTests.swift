import Kafka
import Postgres
import TestKit
import Testing

@testable import Drills

/// Links to a real Postgres and a Kafka.
@Suite(.serialized) struct DrillLinkTests {
    /// A link to the server of a fresh database, and connections through it.
    private func linked(_ body: @escaping @Sendable (DrillLink, PostgresConfiguration) throws -> Void) async throws {
        let url = try await TestPostgres.database()
        try await onThread {
            var address = try DatabaseAddress(url)
            let link = try DrillLink(to: address.hosts, isKafka: false)
            address.hosts = link.address
            let name = String(url.split(separator: "/").last ?? "")
            var configuration = PostgresConfiguration(url: address.url(name), applicationName: "tests")
            configuration.statementDeadline = .seconds(1)
            try body(link, configuration)
        }
    }

    @Test func bytesPass() async throws {
        try await linked { link, configuration in
            let connection = try PostgresConnection(configuration)
            let long = try connection.query("SELECT repeat('x', 3000000)").string(0, 0)
            #expect(long.utf8.count == 3_000_000)
            link.delay(milliseconds: 20)
            #expect(try connection.query("SELECT 1").int32(0, 0) == 1)
        }
    }

    @Test func aForgottenConnectionIsDeadAndANewOneWorks() async throws {
        try await linked { link, configuration in
            let old = try PostgresConnection(configuration)
            link.forget()
            #expect(throws: PostgresError.self) { try old.query("SELECT 1") }
            #expect(try PostgresConnection(configuration).query("SELECT 1").int32(0, 0) == 1)
        }
    }

    @Test func aHeldConnectionGoesOn() async throws {
        try await linked { link, configuration in
            let connection = try PostgresConnection(configuration)
            link.hold()
            let started = try connection.start(PostgresStatement("SELECT 7", isPlannedEachTime: true))
            link.open()
            #expect(try connection.result(of: started).int32(0, 0) == 7)
        }
    }

    @Test(arguments: [LinkWay.request, .answer])
    func halfAMessageEndsItsConnection(_ way: LinkWay) async throws {
        try await linked { link, configuration in
            let connection = try PostgresConnection(configuration)
            link.halve(way, 1)
            let failure = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
            #expect(failure?.isConnectionLost == true)
            #expect(link.halvesLeft == 0)
            #expect(try PostgresConnection(configuration).query("SELECT 1").int32(0, 0) == 1)
        }
    }

    @Test func refusedConnections() async throws {
        try await linked { link, configuration in
            let connection = try PostgresConnection(configuration)
            link.refuse()
            #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
            #expect(throws: PostgresError.self) { try PostgresConnection(configuration) }
            link.open()
            #expect(try PostgresConnection(configuration).query("SELECT 1").int32(0, 0) == 1)
        }
    }

    /// A client that learns the brokers' own addresses goes on when its link is refused.
    @Test func clientsOfKafkaStayOnTheLink() async throws {
        try await onThread {
            let kafka = try TestKafka()
            let topic = try kafka.topic(partitions: 2)
            let link = try DrillLink(to: kafka.configuration["bootstrap.servers"] ?? "", isKafka: true)
            var configuration = kafka.memberConfiguration
            configuration["bootstrap.servers"] = link.address
            let producer = try KafkaProducer(configuration)
            let handle = try producer.topic(topic)
            for number in 0..<100 {
                #expect(producer.produce(to: handle, key: Array("\(number)".utf8), value: [1]) == .queued)
            }
            #expect(producer.flush(producer.deliveryReader(), within: .seconds(20)) { _ in })
            let reader = try KafkaTopicReader(configuration, topic: topic)
            #expect(try reader.records(within: .seconds(20)).count == 100)
            link.refuse()
            #expect(throws: KafkaError.self) { try reader.records(within: .seconds(1)) }
        }
    }
}
