import Admin
import Console
import Kafka
import Logging
import Postgres
import Runtime

/// The console's settings, from the environment.
struct ConsoleSettings {
    let console: ConsoleConfiguration

    /// How long a statement may leave the connection without a byte; each has a shorter limit in Postgres.
    private static let statementDeadline: Duration = .seconds(10)
    private static let tokenCharacters = 16...256

    /// - Throws: `ConfigurationError`, naming every variable that is wrong.
    init(_ environment: EnvironmentReader, _ logger: Logger) throws {
        var postgres = PostgresConfiguration(
            url: environment.databaseURL(fault: PostgresURL.fault), applicationName: "outbox-console")
        // The relay's state is not on a standby.
        postgres.readWriteOnly = true
        postgres.preparesStatements = false
        postgres.statementDeadline = Self.statementDeadline
        postgres.logger = logger
        let address = ListenAddress(
            host: environment.string("CONSOLE_HOST", default: "127.0.0.1"),
            port: environment.port("CONSOLE_PORT", default: 8088), portVariable: "CONSOLE_PORT")
        var console = ConsoleConfiguration(address: address, postgres: postgres)
        console.relaySchema = environment.string("RELAY_SCHEMA", default: console.relaySchema)
        console.allowsActions = environment.bool("CONSOLE_ACTIONS", default: false)
        console.hidesPayloads = environment.bool("CONSOLE_HIDE_PAYLOADS", default: false)
        console.reports = environment.optionalString("CONSOLE_REPORTS")
        console.drills = environment.string("CONSOLE_DRILLS", default: console.drills)
        console.banner = Self.banner(environment)
        console.services = Self.services(environment)
        console.kafka = Self.kafka(environment)
        console.topics = environment.string("RELAY_TOPIC", default: console.topics)
        console.groups = environment.string("CONSOLE_GROUPS", default: "payments").split(separator: ",").map {
            String($0)
        }
        console.access = Self.access(environment)
        // A shell that has read the addresses of `make up` has this one; it is no setting.
        _ = environment.optionalString("CONSOLE_URL")
        environment.reportUnknown(prefix: "CONSOLE_")
        self.console = console
        try environment.finish()
    }

    private static func banner(_ environment: EnvironmentReader) -> ConsoleConfiguration.Banner? {
        let colour = environment.choice("CONSOLE_BANNER_COLOUR", default: ConsoleConfiguration.Banner.Colour.red)
        return environment.optionalString("CONSOLE_BANNER").map { .init(text: $0, colour: colour) }
    }

    /// `NAME=URL,NAME=URL`. The first whose name contains `relay` is asked for the latency.
    private static func services(_ environment: EnvironmentReader) -> [ConsoleConfiguration.Service] {
        let entries = environment.string("CONSOLE_SERVICES", default: "").split(separator: ",")
        return entries.compactMap { entry in
            let parts = entry.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[1].hasPrefix("http://") else {
                environment.report("CONSOLE_SERVICES", "'\(entry)' is not NAME=http://HOST:PORT")
                return nil
            }
            return .init(name: String(parts[0]), url: String(parts[1]), isRelay: parts[0].contains("relay"))
        }
    }

    /// nil without brokers: then the console shows no lag.
    private static func kafka(_ environment: EnvironmentReader) -> KafkaConfiguration? {
        guard environment.optionalString("KAFKA_BOOTSTRAP_SERVERS") != nil else { return nil }
        let kafka = KafkaConfiguration.fromEnvironment(environment.all) { environment.report($0.variable, $0.message) }
        for fault in kafka.faults(of: .consumer) { environment.report(fault.variable, fault.message) }
        return kafka
    }

    private static func access(_ environment: EnvironmentReader) -> ConsoleConfiguration.Access {
        let token = environment.secret("CONSOLE_TOKEN") { token in
            tokenCharacters.contains(token.count)
                && token.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
                ? nil
                : "must have \(tokenCharacters.lowerBound) to \(tokenCharacters.upperBound) letters, digits, dots, "
                    + "hyphens and underscores"
        }
        let header = environment.optionalString("CONSOLE_PROXY_HEADER")
        if token != nil && header != nil {
            environment.report("CONSOLE_PROXY_HEADER", "cannot be set together with CONSOLE_TOKEN; choose one")
        }
        return token.map { .token($0) } ?? header.map { .proxyHeader($0) } ?? .everyone
    }
}
