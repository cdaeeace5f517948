public import Admin
public import Kafka
import Operations
public import Postgres

/// What a console is about and what it allows.
public struct ConsoleConfiguration: Sendable {
    /// Where it listens.
    public var address: ListenAddress
    /// The outbox's database; may be reached through a transaction pooler.
    public var postgres: PostgresConfiguration
    /// The relay's schema, as in `RELAY_SCHEMA`, not quoted.
    public var relaySchema = "outbox_relay"
    /// The processes of the stack, for their health. Default none.
    public var services: [Service] = []
    /// Kafka, for the consumers' lag and the place of an event; nil leaves both out.
    public var kafka: KafkaConfiguration?
    /// The names of the topics, as in `RELAY_TOPIC`: `{aggregate_type}` stands for the aggregate type.
    public var topics = "outbox.event.{aggregate_type}"
    /// The groups of consumers of orders that commit to Kafka.
    public var groups = ["payments"]
    /// Whether pages have buttons and the server acts on them. Default false: it only shows.
    public var allowsActions = false
    /// Whether payloads and the values of headers are left out of every answer. Default false.
    public var hidesPayloads = false
    /// The folder of the last audit; nil for none.
    public var reports: String?
    /// The report of the drills that is shown: the one of `make drill`, from the folder in which the console runs.
    public var drills = ".build/drills.json"
    /// Shown above every page, such as `PRODUCTION`.
    public var banner: Banner?
    /// Who may use the console. Default ``Access/everyone``.
    public var access = Access.everyone

    /// A process with an admin port.
    public struct Service: Sendable {
        /// For people.
        public var name: String
        let probe: ServiceProbe
        /// Whether it is a relay, whose metrics have the latency.
        let isRelay: Bool
        /// Whether it answers clients, and its metrics have their requests.
        var isServer: Bool { name.contains("server") }

        /// - Parameter url: `http://HOST:PORT` of its `/readyz`.
        public init(name: String, url: String, isRelay: Bool = false) {
            self.name = name
            self.isRelay = isRelay
            probe = ServiceProbe(name: name, url: url)
        }
    }

    /// A line above every page.
    public struct Banner: Sendable, Encodable {
        /// What it says.
        public var text: String
        /// Its colour.
        public var colour: Colour

        /// The colours that a banner may have. White text is readable on each of them.
        public enum Colour: String, Sendable, Encodable, CaseIterable {
            case red, orange, green, blue, grey
        }

        /// - Parameter text: one line.
        public init(text: String, colour: Colour) {
            self.text = text
            self.colour = colour
        }
    }

    /// Who may use the console.
    public enum Access: Sendable {
        /// Whoever reaches the port.
        case everyone
        /// Whoever knows a secret: as bearer token, or typed into the login page. It consists of letters, digits, dots,
        /// hyphens and underscores, which forms and cookies carry as they are.
        case token(String)
        /// Whoever a proxy names in this header. The proxy must remove the header from what clients send.
        case proxyHeader(String)
    }

    /// The topic of an aggregate type.
    func topic(_ aggregateType: String) -> String { topics.replacing("{aggregate_type}", with: aggregateType) }

    /// - Parameter address: where the console listens.
    public init(address: ListenAddress, postgres: PostgresConfiguration) {
        self.address = address
        self.postgres = postgres
    }
}
