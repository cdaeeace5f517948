import Glibc

/// What a drill needs of its stack and of the machine.
public struct DrillNeeds: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int

    /// Any bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Switches the embedded Kafka's brokers, leaders or latency.
    public static let brokers = DrillNeeds(rawValue: 1)
    /// Switches what only the strict Kafka of the tests has.
    public static let strictKafka = DrillNeeds(rawValue: 2)
    /// Stops, fills or reconfigures the server of Postgres.
    public static let server = DrillNeeds(rawValue: 4)
    /// Connections of the services to Postgres and Kafka that can be cut.
    public static let links = DrillNeeds(rawValue: 8)
    /// A small file system for the server of Postgres: root.
    public static let smallDisk = DrillNeeds(rawValue: 16)
    /// The same for a tablespace only.
    public static let smallTablespace = DrillNeeds(rawValue: 32)
    /// A synchronous standby of Postgres.
    public static let standby = DrillNeeds(rawValue: 64)
    /// Clocks of processes that can be set, by libfaketime.
    public static let clocks = DrillNeeds(rawValue: 128)
    /// Rows leave the outbox a second after they are published.
    public static let shortRetention = DrillNeeds(rawValue: 256)
    /// An operator has to act: what is skipped counts as settled.
    public static let `operator` = DrillNeeds(rawValue: 512)

    /// What the machine lacks; nil if nothing.
    var missing: String? {
        if !isDisjoint(with: [.smallDisk, .smallTablespace]), geteuid() != 0 { return "needs root for a file system" }
        if contains(.clocks), DrillClock.library == nil { return "needs libfaketime (Debian: libfaketime)" }
        return nil
    }
}
