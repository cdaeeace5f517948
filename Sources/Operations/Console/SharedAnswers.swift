import Operations

/// Answers that pages ask for again by themselves: one answer serves all pages, and the pages together cost Postgres a
/// bounded number of statements per second, however many they are.
///
/// An answer is as new as it can be if it was given after the last status: pages ask when a status tells of a change.
/// If the statements of the moment are used up, a page gets the last answer, and is told its age.
actor SharedAnswers {
    /// A question in the words of its request.
    typealias Target = String

    /// An answer in JSON.
    struct Answer: Sendable {
        let json: String
        let at: ContinuousClock.Instant
        /// Whether something may have changed since.
        var isOld = false
    }

    private var answers: [Target: Answer] = [:]
    private var running: [Target: Task<Answer, any Error>] = [:]
    /// When pages asked last for answers that they did not get new.
    private var refused: [Target: ContinuousClock.Instant] = [:]
    private var freeAt: ContinuousClock.Instant
    /// A page that listens asks again within this time.
    private static let patience = Duration.milliseconds(2 * ConsoleLimits.statusMilliseconds)
    private let clock: @Sendable () -> ContinuousClock.Instant

    /// - Parameter clock: the time of a test.
    init(clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.clock = clock
        freeAt = clock()
    }

    /// - Parameters:
    ///   - mayBeOld: whether the page has asked by itself; a person's question is always asked.
    ///   - since: when the last status was taken.
    ///   - ask: the answer, and how many statements it took.
    func answer(
        _ target: Target, mayBeOld: Bool, since: ContinuousClock.Instant?,
        _ ask: @escaping @Sendable () async throws -> (json: String, statements: Int)
    ) async throws -> Answer {
        if mayBeOld, var known = answers[target] {
            if let since, known.at > since, clock() - known.at < Self.patience { return known }
            guard isFree(for: target, asOldAs: known) else {
                refused[target] = clock()
                known.isOld = true
                return known
            }
        }
        if mayBeOld, let task = running[target] { return try await task.value }
        let task = Task { try await self.ask(target, ask) }
        running[target] = task
        return try await task.value
    }

    private func ask(
        _ target: Target, _ ask: @Sendable () async throws -> (json: String, statements: Int)
    ) async throws -> Answer {
        defer { running[target] = nil }
        refused[target] = nil
        // Asked now: what is committed while the answer is made may be missing in it.
        let now = clock()
        let (json, statements) = try await ask()
        let answer = Answer(json: json, at: now)
        charge(statements, now)
        if answers.count >= ConsoleLimits.sharedAnswers, answers[target] == nil { forgetOldest() }
        answers[target] = answer
        return answer
    }

    /// A page's own questions take turns: first the one whose answer is the oldest.
    private func isFree(for target: Target, asOldAs known: Answer) -> Bool {
        let now = clock()
        guard now >= freeAt else { return false }
        return !refused.contains { other, asked in
            other != target && now - asked < Self.patience && (answers[other].map { $0.at < known.at } ?? false)
        }
    }

    /// Statements are paid for by a pause. A person's questions may use up the pages' share for a while, not for ever.
    private func charge(_ statements: Int, _ now: ContinuousClock.Instant) {
        let cost = Duration.seconds(Double(statements) / ConsoleLimits.refreshStatementsPerSecond)
        freeAt = min(max(freeAt, now) + cost, now + .seconds(ConsoleLimits.longestRefreshSeconds))
    }

    private func forgetOldest() {
        guard let oldest = answers.min(by: { $0.value.at < $1.value.at })?.key else { return }
        answers[oldest] = nil
        refused[oldest] = nil
    }
}
