/// The requests that gather for one lane while it works: bounded, and nobody waits in it while Postgres is away.
///
/// No I/O and no lock inside. The caller asks ``offer(_:)`` and ``take(_:)`` under its lock and does what they answer.
struct GatherQueue<Element> {
    enum Refusal: Equatable {
        case full
        /// Postgres is away, for this reason.
        case down(String)
        case closed
    }

    enum Offer: Equatable {
        /// Taken. If nobody works, the caller must set the worker to work.
        case accepted(startWorker: Bool)
        case refused(Refusal)
    }

    private enum Status {
        case up
        case down(String)
        case closed
    }

    private let bound: Int
    private var waiting: [Element] = []
    private var isWorking = false
    private var status = Status.up

    init(bound: Int) {
        self.bound = bound
    }

    /// Whether requests are accepted as far as Postgres is concerned.
    var isUp: Bool {
        if case .up = status { return true }
        return false
    }

    /// How many requests wait.
    var count: Int { waiting.count }

    var isClosed: Bool {
        if case .closed = status { return true }
        return false
    }

    mutating func offer(_ element: Element) -> Offer {
        switch status {
        case .closed: return .refused(.closed)
        case .down(let reason): return .refused(.down(reason))
        case .up: break
        }
        guard waiting.count < bound else { return .refused(.full) }
        waiting.append(element)
        return .accepted(startWorker: startWorking())
    }

    /// Sets the worker to work though nothing waits, so that it connects. Returns false if it works already.
    mutating func startWorking() -> Bool {
        defer { isWorking = true }
        return !isWorking
    }

    /// The next requests, at most `limit`, in order of arrival. When there are none the worker ends, unless it holds
    /// some from an earlier batch.
    mutating func take(_ limit: Int, workerHoldsSome: Bool = false) -> [Element] {
        guard !waiting.isEmpty, limit > 0 else {
            isWorking = workerHoldsSome
            return []
        }
        if waiting.count <= limit {
            defer { waiting.removeAll(keepingCapacity: true) }
            return waiting
        }
        defer { waiting.removeFirst(limit) }
        return Array(waiting.prefix(limit))
    }

    /// Postgres is away: refuses requests from now on, and hands out those that waited, to be refused too.
    mutating func goDown(_ reason: String) -> [Element] {
        if case .up = status { status = .down(reason) }
        defer { waiting.removeAll() }
        return waiting
    }

    mutating func comeUp() {
        if case .down = status { status = .up }
    }

    /// Accepts nothing more; what waits is still worked on.
    mutating func close() {
        status = .closed
    }
}
