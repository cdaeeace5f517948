import Kafka
import TestKit
import Testing

@testable import OutboxKafka

/// Which client questions to Kafka go through. An idle client costs more than the questions.
struct AskingClientTests {
    @Test func thePublishersClientTakesThePlaceOfTheOwnOne() async throws {
        try await onThread {
            let kafka = try TestKafka()
            let asking = AskingClient(kafka.configuration)
            let own = try asking.own()
            #expect(try asking.borrowed() === own)
            let publishing = try KafkaProducer(kafka.configuration)
            asking.lend(publishing)
            #expect(try asking.borrowed() === publishing)
            #expect(try asking.own() === own, "it stays until it is tidied away")
            asking.tidy()
            #expect(try asking.borrowed() === publishing)
            #expect(try asking.own() !== own)
        }
    }

    @Test func aPublishersClientIsNotKeptAlive() async throws {
        try await onThread {
            let kafka = try TestKafka()
            let asking = AskingClient(kafka.configuration)
            var publishing: KafkaProducer? = try KafkaProducer(kafka.configuration)
            if let publishing { asking.lend(publishing) }
            weak let last = publishing
            publishing = nil
            #expect(last == nil)
            asking.tidy()
            let own = try asking.own()
            asking.tidy()
            #expect(try asking.borrowed() === own, "without a publisher the own client is needed")
        }
    }
}
