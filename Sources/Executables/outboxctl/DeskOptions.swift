import ArgumentParser
import Glibc
import Kafka
import Operations
import Outbox
import Postgres
import Runtime

/// Where the outbox is, and how answers are printed: every command that asks or decides has these options.
struct DeskOptions: ParsableArguments {
    @OptionGroup var addresses: AddressOptions
    @Option(help: "The schema of the relay, as in RELAY_SCHEMA.")
    var schema = "outbox_relay"
    @Flag(help: "Print JSON: one value with stable field names, on standard output.")
    var json = false
    @Flag(help: "Leave payloads and headers out; OUTBOXCTL_HIDE_PAYLOADS=true does the same.")
    var hidePayloads = false

    /// Runs a read, and once more if the connection turns out to be lost.
    ///
    /// - Parameter body: must only read: it may run twice.
    func reading<T>(_ body: (OperatorDesk) throws -> T) throws -> T {
        try Database.reading { try body(desk($0)) }
    }

    /// Runs an action, once.
    func acting<T>(_ body: (OperatorDesk) throws -> T) throws -> T {
        try body(desk(Database.connect(as: "outboxctl", .short)))
    }

    /// A desk for many questions on one connection.
    func open(_ patience: Database.Patience = .short) throws -> OperatorDesk {
        try desk(Database.connect(as: "outboxctl", patience))
    }

    private func desk(_ connection: PostgresConnection) throws -> OperatorDesk {
        let isHidden = EnvironmentReader(StackAddresses.environment).bool("OUTBOXCTL_HIDE_PAYLOADS", default: false)
        return try OperatorDesk(
            connection, schema: schema, hidesPayloads: hidePayloads || isHidden, caller: Self.caller)
    }

    /// `OUTBOXCTL_CALLER`, else the name of the user.
    static var caller: String {
        let environment = StackAddresses.environment
        let named = ["OUTBOXCTL_CALLER", "SUDO_USER", "USER", "LOGNAME"].lazy.compactMap { environment[$0] }
        return named.first { !$0.isEmpty } ?? userName
    }

    /// Of this process: a service or a container may have no variable that says so.
    private static var userName: String {
        getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "user \(getuid())"
    }

    /// Prints a value as JSON, or with `text`.
    func show(_ value: some Encodable, _ text: () throws -> Void) throws {
        guard json else { return try text() }
        print(try OperatorJSON.text(value, isPretty: Terminal.isTerminal))
    }

    /// Kafka's settings; nil where the environment does not say where Kafka is.
    func kafka() throws -> KafkaConfiguration? {
        let environment = StackAddresses.environment
        guard !environment["KAFKA_BOOTSTRAP_SERVERS", default: ""].isEmpty else { return nil }
        return try KafkaConfiguration.fromEnvironment(environment)
    }

    /// A moment: `5m` is five minutes ago; everything else is read by Postgres.
    func moment(_ text: String, _ option: String, _ desk: OperatorDesk) throws -> Moment {
        do {
            guard let seconds = Self.seconds(text) else { return try desk.moment(text) }
            return try desk.moment(secondsAgo: seconds)
        } catch let error as PostgresError where error.sqlState?.hasPrefix("22") == true {
            throw ValidationError(
                "\(option): '\(text)' is neither a time such as '2026-01-31 12:00+00' nor an age such as 5m")
        }
    }

    private static func seconds(_ text: String) -> Int64? {
        guard let match = text.wholeMatch(of: /(\d{1,9})([smhd])/), let number = Int64(match.1) else { return nil }
        return number * (["s": 1, "m": 60, "h": 3_600][match.2] ?? 86_400)
    }
}

/// Names in the environment for services' admin ports, as `make up` writes them.
enum StackServices {
    private static let variables = [
        ("outbox-relay", "ADMIN_URL_RELAY"), ("orders-projector", "ADMIN_URL_PROJECTOR"),
        ("orders-payments", "ADMIN_URL_PAYMENTS"), ("orders-server", "ADMIN_URL_SERVER"),
    ]

    /// How rows get their topics: that of the relay, else the default.
    static var topics: String { relayTopics ?? "outbox.event.{aggregate_type}" }

    /// The relay's template of topics; nil if neither the environment nor the relay tells it.
    static var relayTopics: String? { relaySetting("RELAY_TOPIC") }

    /// A setting of the relay; nil if neither the environment nor the relay tells it.
    static func relaySetting(_ name: String) -> String? {
        StackAddresses.environment[name].flatMap { $0.isEmpty ? nil : $0 }
            ?? probes.first?.ask().setting(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The services whose addresses are known.
    static var probes: [ServiceProbe] {
        variables.compactMap { name, variable in
            StackAddresses.environment[variable].flatMap { $0.isEmpty ? nil : ServiceProbe(name: name, url: $0) }
        }
    }
}
