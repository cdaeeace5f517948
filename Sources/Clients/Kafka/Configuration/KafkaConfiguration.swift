/// librdkafka properties for one client, as names and values; any property of librdkafka's CONFIGURATION.md may be set.
///
/// Two layers: defaults (this module's, or an application's through `setDefault`) and settings, which win, also where
/// they use another alias of the same property (`acks` and `request.required.acks`). Nothing is checked until a client
/// is created or `faults(of:)` is called; then an error names the environment variable at fault.
public struct KafkaConfiguration: Sendable, CustomStringConvertible {
    public private(set) var settings: [String: String]
    public private(set) var defaults: [String: String] = [:]
    /// The environment variable each setting came from.
    var sources: [String: String] = [:]

    public init(_ settings: [String: String] = [:]) {
        self.settings = settings
    }

    public init(bootstrapServers: String) {
        self.settings = ["bootstrap.servers": bootstrapServers]
    }

    /// The setting, else the default, else nil: librdkafka's own default is not consulted.
    public subscript(property: String) -> String? {
        get { settings[property] ?? defaults[property] }
        set {
            settings[property] = newValue
            sources[property] = nil
        }
    }

    /// Sets a value that any setting of the same property overrides.
    public mutating func setDefault(_ property: String, _ value: String) {
        defaults[property] = value
    }

    /// Sets a value unless a default exists already; for the layers below an application's own defaults.
    mutating func setFallback(_ property: String, _ value: String) {
        if defaults[property] == nil { defaults[property] = value }
    }

    mutating func set(_ property: String, _ value: String, from variable: String) {
        settings[property] = value
        sources[property] = variable
    }

    /// The variable a property is set by: `KAFKA_` and the name in capitals, dots as underscores.
    public static func environmentVariable(for property: String) -> String {
        "KAFKA_" + property.uppercased().split(separator: ".", omittingEmptySubsequences: false).joined(separator: "_")
    }

    /// Whether a property's value must never be shown.
    public static func isSecret(_ property: String) -> Bool {
        property.contains("password") || property.contains("secret") || property == "ssl.key.pem"
            || property == "sasl.oauthbearer.config"
    }

    /// Sorted `name=value` pairs with secrets masked: safe to log.
    public var description: String {
        settings.merging(defaults) { setting, _ in setting }
            .sorted { $0.key < $1.key }
            .map { "\($0.key)=\(Self.isSecret($0.key) ? "***" : $0.value)" }
            .joined(separator: " ")
    }

    func variable(for property: String) -> String {
        sources[property] ?? Self.environmentVariable(for: property)
    }
}
