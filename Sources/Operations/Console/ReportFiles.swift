import FoundationEssentials
import HTTPTypes
import Operations
import Synchronization
import Threads

/// The files that checks outside of the console have left, read on a thread of their own: the last audit, and the last
/// report of the drills, which is read again when it has changed.
final class ReportFiles: Sendable {
    /// The scoreboard without the timelines.
    struct Drills: Encodable {
        /// The file that is looked for.
        var path: String
        /// nil where there is no such file.
        var writtenAt: Moment?
        /// Why there is no scoreboard though there is a file.
        var note: String?
        /// See ``DrillScoreboard``.
        var beganAt: Moment?
        /// See ``DrillScoreboard``.
        var delivery: String?
        /// nil without a scoreboard.
        var runs: [DrillScoreboard.Run]?
    }

    private struct Known {
        let writtenAt: Moment
        let bytes: Int
        let board: Result<DrillScoreboard, ConsoleError>
    }

    private let configuration: ConsoleConfiguration
    private let executor: ThreadExecutor
    private let known = Mutex<Known?>(nil)

    /// - Throws: when the process has no thread left.
    init(_ configuration: ConsoleConfiguration) throws {
        self.configuration = configuration
        executor = try ThreadExecutor(name: "console-reports")
    }

    func close() {
        executor.shutdown()
    }

    /// The last audit.
    func audits() async throws -> OperatorReports {
        try await executor.run { [self] in try OperatorReports.read(configuration.reports) }
    }

    /// The scoreboard of the drills: every run, without its timeline.
    func drills() async throws -> Drills {
        try await executor.run { [self] in
            guard let known = read() else { return Drills(path: configuration.drills) }
            var answer = Drills(path: configuration.drills, writtenAt: known.writtenAt)
            switch known.board {
            case .failure(let error): answer.note = error.message
            case .success(let board):
                (answer.beganAt, answer.delivery) = (board.beganAt, board.delivery)
                answer.runs = board.runs.map { run in
                    var short = run
                    (short.marks, short.samples) = (nil, nil)
                    return short
                }
            }
            return answer
        }
    }

    /// One run of the drills with its timeline.
    ///
    /// - Parameter number: its place in the scoreboard, from 1.
    /// - Throws: ``ConsoleError`` where there is no such run.
    func drill(_ number: Int) async throws -> DrillScoreboard.Run {
        try await executor.run { [self] in
            guard let runs = try read()?.board.get().runs, number >= 1, number <= runs.count else {
                throw ConsoleError(.notFound, "the last report of the drills has no run \(number)")
            }
            return runs[number - 1]
        }
    }

    private func read() -> Known? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: configuration.drills),
            let date = attributes[.modificationDate] as? Date, let bytes = attributes[.size] as? Int
        else { return nil }
        let writtenAt = Moment(microseconds: Int64(date.timeIntervalSince1970 * 1_000_000))
        if let known = known.withLock({ $0 }), known.writtenAt == writtenAt, known.bytes == bytes { return known }
        let board = Result { try parsed(bytes) }.mapError { error in
            error as? ConsoleError ?? ConsoleError(.conflict, "it is no report of drills: \(ConsoleBody.words(error))")
        }
        let found = Known(writtenAt: writtenAt, bytes: bytes, board: board)
        known.withLock { $0 = found }
        return found
    }

    private func parsed(_ bytes: Int) throws -> DrillScoreboard {
        guard bytes <= ConsoleLimits.drillReportBytes else {
            throw ConsoleError(.conflict, "it has more than \(ConsoleLimits.drillReportBytes >> 20) MiB")
        }
        guard let data = try? Data(contentsOf: URL(filePath: configuration.drills)),
            let text = String(validating: data, as: UTF8.self)
        else { throw ConsoleError(.conflict, "it cannot be read as UTF-8") }
        let board = try OperatorJSON.value(DrillScoreboard.self, from: text)
        guard board.runs.count <= ConsoleLimits.drillRuns else {
            throw ConsoleError(.conflict, "it has more than \(ConsoleLimits.drillRuns) runs")
        }
        return board
    }
}
