import Glibc
import Operations
import Synchronization
import Verify

/// An audit for people.
struct VerifyText {
    private let report: AuditReport

    init(_ report: AuditReport) { self.report = report }

    func printed() {
        let checked = report.checked
        let noun = report.differenceCount == 1 ? "difference" : "differences"
        var table = Table(["", ""])
        table.add([
            .init("verdict", .quiet),
            report.isClean
                ? .init("no difference", .good) : .init("\(Words.count(report.differenceCount)) \(noun)", .bad),
        ])
        table.add([
            .init("compared", .quiet),
            .init(
                "\(Words.count(checked.events)) events, \(Words.count(checked.rows)) rows, "
                    + "\(Words.count(checked.records)) records in \(checked.topics) topics, "
                    + "\(Words.count(checked.projections)) rows of the read model"),
        ])
        table.add([
            .init("took", .quiet),
            .init(
                "\(Words.age(report.seconds)), \(Words.rate(report.rate)), \(Words.bytes(Int64(report.peakBytes))) of "
                    + "memory; as of \(report.takenAt)"),
        ])
        for (text, count) in known where count > 0 {
            table.add([.init("known", .quiet), .init("\(Words.count(count)) \(text)")])
        }
        for unjudged in report.unjudged {
            table.add([
                .init("not judged", .quiet), .init("\(Words.count(unjudged.count)) \(unjudged.text)", .attention),
            ])
        }
        table.printed(hasTitles: false)
        printDifferences()
    }

    private var known: [(String, Int)] {
        let known = report.known
        return [
            ("rows are on their way", known.onTheirWay), ("rows are held for parked keys", known.held),
            ("rows were skipped by operators", known.skipped), ("records are of rows that were edited", known.edited),
            ("rows were left out when the table was adopted", known.leftOut),
            ("records are of replays", known.replayed), ("records repeat an event", known.duplicates),
            ("records are of other outboxes", known.ofOtherOutboxes),
            ("rows or records are recorded as lost", known.lost),
            ("orders have events that the read model has not applied yet", known.notProjectedYet),
        ]
    }

    private func printDifferences() {
        for kind in DifferenceKind.allCases {
            guard let count = report.differences[kind.rawValue] else { continue }
            print("\n\(Terminal.coloured("\(kind.rawValue): \(Words.count(count))", .bad))")
            var table = Table(["key", "seq", "row", "record", "what"], numbers: [1, 2])
            for example in report.examples where example.kind == kind {
                table.add([
                    .init(example.key ?? example.eventId ?? ""), .init(example.sequenceNumber.map { "\($0)" } ?? ""),
                    .init(example.outboxId.map { "\($0)" } ?? ""), .init(example.record ?? ""), .init(example.text),
                ])
            }
            table.printed()
        }
    }
}

/// A line on a terminal's standard error that shows how much is done, and how long the rest may take.
final class ProgressBar: Sendable {
    private static let width = 30
    private static let distance = Duration.milliseconds(200)
    private let began = ContinuousClock.now
    private let shown = Mutex<ContinuousClock.Instant?>(nil)
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func show(_ share: Double) {
        guard isTerminal else { return }
        let isDue = shown.withLock { shown in
            guard shown.map({ .now - $0 >= Self.distance }) ?? true else { return false }
            shown = .now
            return true
        }
        guard isDue else { return }
        let full = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: Self.width - full)
        let left =
            share > 0.02 ? ", \(Words.age((ContinuousClock.now - began) / .seconds(1) * (1 - share) / share)) left" : ""
        report("\r[\(bar)] \(Int(share * 100)) %\(left)\u{1B}[K", end: "")
    }

    func clear() {
        if isTerminal { report("\r\u{1B}[K", end: "") }
    }
}
