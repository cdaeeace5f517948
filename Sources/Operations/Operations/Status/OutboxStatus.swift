/// An outbox at one moment: how much waits, how fast it moves, and what is in its way.
public struct OutboxStatus: Codable, Sendable {
    /// By the clock of Postgres.
    public var takenAt: Moment
    /// nil if it could not be counted in time; ``notes`` says so.
    public var backlog: Backlog?
    /// nil for a first status: rates need two.
    public var rates: Rates?
    /// What becomes of the backlog at these rates.
    public var forecast: DrainForecast?
    /// The relay.
    public var relay: RelayState
    /// What keeps rows from flowing, and who; the most important one first.
    public var blockers: [Blocker]
    /// Keys that are set aside.
    public var parked: ParkedCounts
    /// Replays, bulk actions and rebuilds that are not over.
    public var work: [OpenWork] = []
    /// nil if Postgres did not answer in time.
    public var storage: OutboxStorage?
    /// Consumers in Kafka; empty without Kafka's address.
    public var consumers: [ConsumerGroup] = []
    /// The processes; empty without their addresses.
    public var services: [ServiceHealth] = []
    /// What could not be found out, a sentence each.
    public var notes: [String]

    /// Rows that are committed and neither in Kafka nor held.
    public struct Backlog: Codable, Sendable {
        /// How many.
        public var rows: Int
        /// Whether `rows` is computed from the distance of ids, because there are too many to count.
        public var isEstimate: Bool
        /// When the oldest of them was written, and how many seconds ago.
        public var oldestAt: Moment?
        /// The age of the oldest of them.
        public var oldestAgeSeconds: Double?
        /// The smallest id among them.
        public var oldestId: Int64?
        /// The newest row of the outbox, published or not.
        public var newestId: Int64?
        /// When that row was inserted.
        public var newestAt: Moment?
    }

    /// Rows per second between two statuses.
    public struct Rates: Codable, Sendable {
        /// Rows that were committed.
        public var written: Double
        /// Rows that were published or held.
        public var published: Double
        /// The time between the two statuses.
        public var overSeconds: Double
    }

    /// Keys that are set aside, and their rows.
    public struct ParkedCounts: Codable, Sendable {
        /// How many keys.
        public var keys: Int
        /// How many rows of them.
        public var heldRows: Int
        /// Whether the numbers are the planner's estimates, because there are too many to count.
        public var isEstimate: Bool
        /// Keys whose release was asked for and has not happened yet.
        public var releasing: Int
        /// When the oldest of them was parked.
        public var oldestAt: Moment?
    }

    /// The outbox on disk.
    public struct OutboxStorage: Codable, Sendable {
        /// The table, qualified and quoted.
        public var outbox: String
        /// With indexes.
        public var bytes: Int64?
        /// When the oldest row was inserted.
        public var oldestRowAt: Moment?
        /// nil where the outbox is no ring of leaves: then nothing is deleted by the relay.
        public var leaves: Int?
        /// The leaf that takes new rows.
        public var currentLeaf: Int64?
        /// How long published rows stay, in words such as `1 day`, as the relay tells it; nil if it does not.
        public var retention: String?
    }
}
