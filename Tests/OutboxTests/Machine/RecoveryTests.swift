import Testing

@testable import Outbox

/// Kafka's record beside Postgres's checkpoint.
struct RecoveryTests {
    private let origin = OutboxOrigin(systemIdentifier: -7, databaseOID: 5, timeline: 1, schema: "a b=c schema=d")

    @Test func withoutARecordItBegins() {
        #expect(Recovery.judge(nil, against: checkpoint(cut: 9), of: origin) == .begin)
    }

    @Test func theSameCutGoesOnWhereTheFartherOfBothIs() {
        #expect(
            judge(cut: 9, through: 80, against: checkpoint(cut: 9, through: 70)) == .resume(through: 80, released: 2))
        #expect(
            judge(cut: 9, through: 80, against: checkpoint(cut: 9, through: 90)) == .resume(through: 90, released: 2))
    }

    @Test func anOlderCutMeansThatTheCurrentOneHasJustBegun() {
        #expect(judge(cut: 8, through: 80, against: checkpoint(cut: 9)) == .proceed)
    }

    @Test func aCutThatPostgresDoesNotKnowIsRefused() {
        #expect(isRefused(judge(cut: 10, through: 80, against: checkpoint(cut: 9))))
    }

    @Test(arguments: [
        OutboxOrigin(systemIdentifier: 8, databaseOID: 5, timeline: 1, schema: "a b=c schema=d"),
        OutboxOrigin(systemIdentifier: -7, databaseOID: 6, timeline: 1, schema: "a b=c schema=d"),
        OutboxOrigin(systemIdentifier: -7, databaseOID: 5, timeline: 1, schema: "other"),
    ])
    func aRecordOfAnotherOutboxIsRefusedUntilARebase(_ other: OutboxOrigin) {
        let record = DeliveryRecord(origin: other, epoch: 1, cut: 8, through: 80)
        #expect(isRefused(Recovery.judge(record, against: checkpoint(cut: 9), of: origin)))
        #expect(isRefused(Recovery.judge(record, against: checkpoint(cut: 8), of: origin)))
        let rebased = checkpoint(cut: Recovery.firstRebasedCut)
        #expect(Recovery.judge(record, against: rebased, of: origin) == .proceed)
    }

    /// A standby that was promoted has the cuts of its former primary.
    @Test func aRecordOfAnEarlierTimelineIsOfThisOutbox() {
        let record = DeliveryRecord(origin: origin, epoch: 1, cut: 9, through: 80)
        let promoted = OutboxOrigin(systemIdentifier: -7, databaseOID: 5, timeline: 3, schema: origin.schema)
        #expect(
            Recovery.judge(record, against: checkpoint(cut: 9), of: promoted) == .resume(through: 80, released: 0))
        #expect(Recovery.judge(record, against: checkpoint(cut: 10), of: promoted) == .proceed)
        #expect(isRefused(Recovery.judge(record, against: checkpoint(cut: 8), of: promoted)))
    }

    /// The old primary is still there, and its relay too.
    @Test func aRecordOfALaterTimelineRefusesTheOldPrimary() {
        let later = OutboxOrigin(systemIdentifier: -7, databaseOID: 5, timeline: 2, schema: origin.schema)
        for cut in [8, 9, 10] as [Int64] {
            let record = DeliveryRecord(origin: later, epoch: 1, cut: cut, through: 80)
            #expect(isRefused(Recovery.judge(record, against: checkpoint(cut: 9), of: origin)))
        }
    }

    @Test func aServerThatARebaseHasReplacedIsRefused() {
        let record = DeliveryRecord(origin: origin, epoch: 1, cut: Recovery.firstRebasedCut + 5, through: 0)
        #expect(isRefused(Recovery.judge(record, against: checkpoint(cut: 9), of: origin)))
    }

    private func judge(cut: Int64, through: Int64, against checkpoint: Checkpoint) -> Recovery {
        Recovery.judge(
            DeliveryRecord(origin: origin, epoch: 1, cut: cut, through: through, released: 2), against: checkpoint,
            of: origin)
    }

    private func checkpoint(cut: Int64, through: Int64 = 0) -> Checkpoint {
        var checkpoint = Checkpoint.test(draining: "10:20:", drainedThrough: through)
        checkpoint.cut = cut
        return checkpoint
    }

    private func isRefused(_ recovery: Recovery) -> Bool {
        switch recovery {
        case .refuse, .isBehind: true
        default: false
        }
    }
}
