import Operations
import Synchronization
import Testing

@testable import Console

/// What pages ask again by themselves costs the database a bounded number of statements.
@Suite struct SharedAnswersTests {
    /// All that an open console asks, in the worst case, stays below the bound.
    @Test func theSharesAddUp() {
        let status = Double(OperatorDesk.statementsOfStatus) / Double(ConsoleLimits.statusMilliseconds) * 1_000
        let lag = Double(OperatorDesk.statementsOfLag + 1) / Double(ConsoleLimits.lagMilliseconds) * 1_000
        // A connection that was not used for a while is asked for a sign of life, at most every five seconds.
        let signs = Double(ConsoleLimits.questionConnections) / 5
        #expect(status + lag + signs + ConsoleLimits.refreshStatementsPerSecond <= ConsoleLimits.statementsPerSecond)
    }

    @Test func pagesShareAnAnswerThatIsNewerThanTheStatus() async throws {
        let desk = Desk()
        let status = desk.now
        desk.pass(.milliseconds(100))
        for _ in 0..<20 {
            let answer = try await desk.ask("events", mayBeOld: true, since: status)
            #expect(answer.json == "events 1" && !answer.isOld)
        }
        #expect(desk.asked == ["events"])
    }

    @Test func aPageIsToldThatItsAnswerIsOld() async throws {
        let desk = Desk(statements: 6)
        _ = try await desk.ask("events", mayBeOld: true, since: nil)
        desk.pass(.seconds(2))
        #expect(try await desk.ask("events", mayBeOld: true, since: desk.now).isOld)
        desk.pass(.seconds(2))
        let later = try await desk.ask("events", mayBeOld: true, since: desk.now)
        #expect(later.json == "events 2" && !later.isOld)
    }

    /// Many different pages, each of which asks at every status, for a quarter of an hour.
    @Test func manyPagesTakeTurnsWithinTheBound() async throws {
        let desk = Desk(statements: 2)
        let seconds = 900
        for _ in 0..<seconds / 2 {
            desk.pass(.seconds(2))
            for page in 0..<10 { _ = try await desk.ask("page \(page)", mayBeOld: true, since: desk.now) }
        }
        let statements = Double(2 * desk.asked.count)
        // The first answer of each page is one that a person waits for.
        #expect(statements <= Double(seconds) * ConsoleLimits.refreshStatementsPerSecond + 20)
        let turns = (0..<10).map { page in desk.asked.count { $0 == "page \(page)" } }
        #expect((turns.max() ?? 0) - (turns.min() ?? 0) <= 1, "\(turns)")
    }

    @Test func aPersonIsAlwaysAnswered() async throws {
        let desk = Desk(statements: 1_000)
        for number in 1...3 {
            #expect(try await desk.ask("events", mayBeOld: false, since: nil).json == "events \(number)")
        }
        // Nor do such questions silence the pages for ever.
        desk.pass(.seconds(ConsoleLimits.longestRefreshSeconds))
        #expect(try await !desk.ask("events", mayBeOld: true, since: nil).isOld)
    }
}

/// Answers with the name of the question and how often it was asked, by a clock of its own.
private final class Desk: Sendable {
    private let time = Mutex(ContinuousClock.Instant.now)
    private let questions = Mutex<[String]>([])
    private let statements: Int
    private let answers = Mutex<SharedAnswers?>(nil)

    init(statements: Int = 2) {
        self.statements = statements
        answers.withLock { $0 = SharedAnswers(clock: { self.now }) }
    }

    var now: ContinuousClock.Instant { time.withLock { $0 } }
    var asked: [String] { questions.withLock { $0 } }

    func pass(_ duration: Duration) { time.withLock { $0 += duration } }

    func ask(
        _ target: String, mayBeOld: Bool, since: ContinuousClock.Instant?
    ) async throws -> SharedAnswers.Answer {
        guard let answers = answers.withLock({ $0 }) else { throw CancellationError() }
        return try await answers.answer(target, mayBeOld: mayBeOld, since: since) {
            let number = self.questions.withLock { asked in
                asked.append(target)
                return asked.count { $0 == target }
            }
            return ("\(target) \(number)", self.statements)
        }
    }
}
