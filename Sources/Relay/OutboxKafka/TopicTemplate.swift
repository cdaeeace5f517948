import Kafka

/// A topic name with places for values of the row, such as `outbox.event.{aggregate_type}` or `{header.tenant}.orders`.
public struct TopicTemplate: Equatable, Sendable {
    enum Part: Equatable, Sendable {
        case text(String)
        case aggregateType
        case eventType
        case header(String)
    }

    let parts: [Part]
    /// The template as it was written.
    public let text: String

    /// `outbox.event.{aggregate_type}`, as Debezium's outbox event router names topics.
    public static let `default` = TopicTemplate(
        parts: [.text("outbox.event."), .aggregateType], text: "outbox.event.{aggregate_type}")

    private init(parts: [Part], text: String) {
        self.parts = parts
        self.text = text
    }

    /// Reads a template; nil if a brace is not closed, a place is unknown or the text is empty.
    public init?(_ text: String) {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { return nil }
            if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
            switch rest[rest.index(after: open)..<close] {
            case "aggregate_type": parts.append(.aggregateType)
            case "event_type": parts.append(.eventType)
            case let place where place.hasPrefix("header.") && place.count > "header.".count:
                parts.append(.header(String(place.dropFirst("header.".count))))
            default: return nil
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        guard !parts.isEmpty else { return nil }
        self.init(parts: parts, text: text)
    }

    /// Why no row can have a topic of this template, as the end of a sentence; nil if a row can.
    public var fault: String? {
        var fixed = ""
        var hasPlaces = false
        for part in parts {
            if case .text(let text) = part { fixed += text } else { hasPlaces = true }
        }
        // The shortest name that the template can make.
        guard !KafkaTopic.isValid(hasPlaces ? fixed + "x" : fixed) else { return nil }
        return
            "can be no topic's name: topics have letters, digits, '.', '_' and '-', "
            + "\(KafkaLimits.topicNameBytes) at most"
    }

    /// Whether a topic of this name can come from the template.
    package func canName(_ topic: String) -> Bool { Self.matches(parts[...], topic[...]) }

    private static func matches(_ parts: ArraySlice<Part>, _ rest: Substring) -> Bool {
        guard let part = parts.first else { return rest.isEmpty }
        if case .text(let text) = part {
            return rest.hasPrefix(text) && matches(parts.dropFirst(), rest.dropFirst(text.count))
        }
        // A place has at least one character.
        return rest.indices.dropFirst().contains { matches(parts.dropFirst(), rest[$0...]) }
            || !rest.isEmpty && matches(parts.dropFirst(), rest[rest.endIndex...])
    }

    /// Whether the event type has a part in the name.
    package var usesEventType: Bool { parts.contains(.eventType) }

    /// The headers that have a part in the name; for an adopted table these are columns.
    package var headers: [String] {
        parts.compactMap { if case .header(let name) = $0 { name } else { nil } }
    }

    /// - Parameter headers: a value for each of ``headers``.
    package func name(aggregateType: String, eventType: String, headers: [String: String] = [:]) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .aggregateType: aggregateType
            case .eventType: eventType
            case .header(let name): headers[name] ?? ""
            }
        }.joined()
    }
}
