import Testing

@testable import Outbox

/// The text form of Kafka's record.
struct DeliveryRecordTests {
    private let origin = OutboxOrigin(systemIdentifier: -7, databaseOID: 5, timeline: 1, schema: "a b=c schema=d")

    @Test func aRecordIsReadAsItWasWritten() {
        let record = DeliveryRecord(origin: origin, epoch: 3, cut: 1 << 60, through: 70, released: 4)
        #expect(DeliveryRecord(record.text) == record)
        #expect(DeliveryRecord("v=2" + record.text.dropFirst(3)) == nil)
        #expect(DeliveryRecord("") == nil)
        #expect(DeliveryRecord("nonsense schema=x") == nil)
        #expect(
            DeliveryRecord("v=1 system=1 database=2 timeline=99999999999 epoch=1 cut=1 through=1 released=0 schema=x")
                == nil)
    }
}
