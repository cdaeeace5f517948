/// A `pg_snapshot` of the model: which transactions had ended when it was taken.
///
/// Written beside the relay's own type on purpose: the model must not share a mistake with what it tests.
struct ModelSnapshot: Equatable, CustomStringConvertible {
    let xmax: UInt64
    /// Running transactions below `xmax`, ascending.
    let running: [UInt64]

    /// As `pg_snapshot_out` writes it.
    var description: String {
        "\(running.first ?? xmax):\(xmax):" + running.map { String($0) }.joined(separator: ",")
    }

    init(xmax: UInt64, running: [UInt64]) {
        self.xmax = xmax
        self.running = running
    }

    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let xmax = UInt64(parts[1]) else { return nil }
        self.init(xmax: xmax, running: Self.list(parts[2]))
    }

    /// Numbers with commas between them.
    static func list(_ text: some StringProtocol) -> [UInt64] { text.split(separator: ",").compactMap { UInt64($0) } }

    /// `pg_visible_in_snapshot`.
    func sees(_ transaction: UInt64) -> Bool { transaction < xmax && !running.contains(transaction) }
}
