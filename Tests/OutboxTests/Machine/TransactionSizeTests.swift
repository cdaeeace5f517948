import Testing

@testable import Outbox

/// Conversations about the size of transactions: how long one took, and how long its end.
struct TransactionSizeTests {
    private let start = ContinuousClock.now

    @Test func anExpensiveEndMakesTransactionsLarger() {
        var size = TransactionSize()
        #expect(size.rows == OutboxLimits.rowsPerChunk)
        pass(&size, took: .milliseconds(300), end: .milliseconds(200))
        #expect(size.rows == 4 * OutboxLimits.rowsPerChunk)
        pass(&size, took: .milliseconds(400), end: .milliseconds(200))
        #expect(size.rows == OutboxLimits.rowsPerTransaction)
        pass(&size, took: .milliseconds(400), end: .milliseconds(200))
        #expect(size.rows == OutboxLimits.rowsPerTransaction)
    }

    @Test func aCheapEndChangesNothing() {
        var size = TransactionSize()
        pass(&size, took: .milliseconds(100), end: .milliseconds(10))
        #expect(size.rows == OutboxLimits.rowsPerChunk)
    }

    @Test func aTransactionDoesNotGrowBeyondItsTime() {
        var size = TransactionSize()
        pass(&size, took: TransactionSize.longest / 3, end: TransactionSize.longest / 4)
        #expect(size.rows == 3 * OutboxLimits.rowsPerChunk)
        pass(&size, took: TransactionSize.longest * 2, end: TransactionSize.longest)
        #expect(size.rows == 3 * OutboxLimits.rowsPerChunk / 2)
        pass(&size, took: TransactionSize.longest * 2, end: TransactionSize.longest)
        #expect(size.rows == OutboxLimits.rowsPerChunk)
    }

    @Test func fewRowsMakeItSmallAgain() {
        var size = TransactionSize()
        for _ in 0..<3 { pass(&size, took: .milliseconds(300), end: .milliseconds(200)) }
        for _ in 0..<5 { pass(&size, rows: 10, took: .milliseconds(30), end: .milliseconds(20)) }
        #expect(size.rows == OutboxLimits.rowsPerChunk)
    }

    /// The record of a release has no rows before it.
    @Test func aCommitWithoutABeginningSaysNothing() {
        var size = TransactionSize()
        size.isCommitted(0, at: start)
        #expect(size.rows == OutboxLimits.rowsPerChunk)
    }

    /// A transaction, full unless its rows are given.
    private func pass(_ size: inout TransactionSize, rows: Int? = nil, took: Duration, end: Duration) {
        size.begins(at: start)
        size.isSealed(at: start + took - end)
        size.isCommitted(rows ?? size.rows, at: start + took)
    }
}
