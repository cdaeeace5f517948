/// The bounds of the API, the same over REST and gRPC.
enum APILimits {
    /// Orders on a page of the list.
    static let listPageOrders: ClosedRange<UInt32> = 1...100
    static let defaultListPageOrders: UInt32 = 10
    /// Events in one answer of the history.
    static let historyPageEvents: ClosedRange<UInt32> = 1...1000
    static let defaultHistoryPageEvents: UInt32 = 1000
    /// How long a list waits for a version when the client sets no deadline.
    static let defaultProjectionWait: Duration = .seconds(5)
    /// The longest that a list waits for a version, whatever the client's deadline.
    static let maximumProjectionWait: Duration = .seconds(30)
    /// Events a watcher reads from the store at once.
    static let watchPageEvents = 100
    /// Watchers and waiting lists of one server; one more is refused.
    static let maximumWatchers = 20_000
    /// Longest page token, in bytes: a time, and an identifier of 255 characters in hexadecimal.
    static let maximumPageTokenBytes = 2053
    /// What running requests get to finish when the server stops.
    static let drainTimeout: Duration = .seconds(10)
}
