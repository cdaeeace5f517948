import Testing

@testable import Outbox

struct ChunkRowsTests {
    @Test func smallRowsAreReadManyAtOnceBeforeLong() {
        var rows = ChunkRows()
        #expect(rows.count == OutboxLimits.rowsOfFirstChunk)
        for _ in 0..<3 { rows.read(rows.count, bytes: rows.count * 150) }
        #expect(rows.count == OutboxLimits.rowsPerChunk)
        rows.read(0, bytes: 0)
        #expect(rows.count == OutboxLimits.rowsPerChunk)
    }

    @Test func largeRowsAreReadByHalfAChunksBytes() {
        var rows = ChunkRows()
        let size = OutboxLimits.bytesPerChunk / 100
        rows.read(1_000, bytes: 1_000 * size)
        #expect(rows.count == 50)
        rows.read(50, bytes: 50 * size)
        #expect(rows.count == 50)
    }

    @Test func aRowLargerThanAChunkGoesAloneAndTheNextOnesTogetherAgain() {
        var rows = ChunkRows()
        rows.read(1, bytes: 50 * OutboxLimits.bytesPerChunk)
        #expect(rows.count == 1)
        for _ in 0..<7 { rows.read(rows.count, bytes: rows.count) }
        #expect(rows.count == OutboxLimits.rowsPerChunk)
    }
}
