/// How many rows to ask for at once, so that they are about as many bytes as a chunk may have. Pure.
///
/// Some payloads are made by the server, such as json as text. They cost their whole length for every row that is
/// visited, also for rows that then do not fit. So the rows that came decide how many to ask for next.
struct ChunkRows: Sendable {
    /// Rows to ask for, from 1 to ``OutboxLimits/rowsPerChunk``.
    private(set) var count = OutboxLimits.rowsOfFirstChunk

    /// This many rows were this many bytes. Half the bytes of a chunk are aimed at, because rows differ.
    mutating func read(_ rows: Int, bytes: Int) {
        guard rows > 0 else { return }
        let fitting = rows * (OutboxLimits.bytesPerChunk / 2) / max(1, bytes)
        count = max(1, min(fitting, count * Self.growth, OutboxLimits.rowsPerChunk))
    }

    /// The count grows at most by this factor at a time.
    private static let growth = 4
}
