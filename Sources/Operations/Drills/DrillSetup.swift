import Glibc
public import Kafka
public import Sabotage

/// Where the programs of a stack are, and how it is set up.
public struct DrillSetup: Sendable {
    /// How rows reach Kafka.
    public enum Delivery: String, Sendable, CaseIterable {
        /// With an idempotent producer, beside the embedded Kafka.
        case atLeastOnce = "at-least-once"
        /// With Kafka transactions, beside the strict Kafka of the tests.
        case exactlyOnce = "exactly-once"
    }

    /// The folder of the executables.
    public var programs: String
    /// The folder of `migrations`.
    public var migrations: String
    /// The strict Kafka, `Tests/Clients/strict_kafka` of a checkout.
    public var strictKafka: String
    /// Where each drill gets a folder for its data and logs.
    public var directory = "/tmp"
    /// See ``Delivery``.
    public var delivery = Delivery.atLeastOnce
    /// A Kafka that runs already, with its settings; nil for one of the drill's own.
    public var kafka: KafkaConfiguration?
    /// The URL of a server of Postgres that runs already, on which drills may make databases; nil for one of their own.
    public var database: String?
    /// How long a drill of mixed faults lasts, in minutes.
    public var minutes = 1
    /// Breaks the services on purpose; nil for honest ones.
    public var mutant: Mutant?
    /// How long the stack may take after the fault until nothing is on its way, in seconds.
    var drainSeconds = DrillLimits.drainSeconds

    /// - Parameter program: the path of a program beside which the others are.
    public init(beside program: String, checkout: String) {
        programs = program.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        migrations = checkout + "/migrations"
        strictKafka = checkout + "/Tests/Clients/strict_kafka"
    }

    /// Why a drill cannot be run with this setup; nil if it can.
    public func refusal(_ drill: Drill) -> String? {
        let needs = drill.needs
        if kafka != nil, !needs.isDisjoint(with: [.brokers, .strictKafka]) { return "switches a Kafka of its own" }
        if delivery == .exactlyOnce, needs.contains(.brokers) { return "switches the embedded Kafka" }
        let server: DrillNeeds = [.server, .smallDisk, .smallTablespace, .standby]
        if database != nil, !needs.isDisjoint(with: server) { return "breaks a Postgres of its own" }
        if delivery == .atLeastOnce, drill.traits.contains(.needsExactlyOnce) { return "needs exactly-once delivery" }
        if needs.contains(.strictKafka), access(strictKafka, R_OK) != 0 {
            return "needs the strict Kafka of a checkout"
        }
        return needs.missing
    }

    /// Checks what every drill needs.
    ///
    /// - Throws: ``DrillError`` that names what is missing.
    public func verify() throws {
        if let database { _ = try DatabaseAddress(database) }
        for program in ["embedded-kafka", "orders-server", "orders-projector", "orders-payments", "outbox-relay"]
        where access("\(programs)/\(program)", X_OK) != 0 {
            throw DrillError("there is no \(program) in \(programs): run make build")
        }
        guard access(migrations, R_OK) == 0 else {
            throw DrillError("there is no folder \(migrations): start drills in a checkout, or give --checkout")
        }
        guard delivery == .atLeastOnce || kafka != nil || access(strictKafka, R_OK) == 0 else {
            throw DrillError("exactly-once delivery needs the strict Kafka of a checkout, \(strictKafka)")
        }
        if database == nil { _ = try DrillPostgres.programs() }
    }
}
