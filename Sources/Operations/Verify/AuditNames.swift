import OutboxKafka
import Synchronization

/// The topics and event types of one audit, as numbers. Any thread asks; most answers come from a thread's own
/// ``RowNames`` or ``TypeNames``.
final class AuditNames: Sendable {
    /// The number of a name beyond ``VerifyLimits/names``, which equals no other.
    static let unknown = UInt16.max

    private struct State {
        var topics: [String] = []
        var topicNumbers: [String: UInt16] = [:]
        var types: [String: UInt16] = [:]
    }

    let template: TopicTemplate
    private let state = Mutex(State())

    init(_ template: TopicTemplate) { self.template = template }

    func topic(_ name: String) -> UInt16 {
        state.withLock { state in
            if let known = state.topicNumbers[name] { return known }
            guard state.topics.count < VerifyLimits.names else { return Self.unknown }
            let number = UInt16(state.topics.count)
            state.topics.append(name)
            state.topicNumbers[name] = number
            return number
        }
    }

    func type(_ name: String) -> UInt16 {
        state.withLock { state in
            if let known = state.types[name] { return known }
            guard state.types.count < VerifyLimits.names else { return Self.unknown }
            let number = UInt16(state.types.count)
            state.types[name] = number
            return number
        }
    }

    /// All topics, by number.
    var topics: [String] { state.withLock { $0.topics } }
}

/// The numbers of a row's or event's topic and event type. One thread; a table of its own saves the lock.
struct RowNames {
    struct Numbers {
        var topic: UInt16
        var type: UInt16
    }

    private let names: AuditNames
    private var known: [UInt64: Numbers] = [:]

    init(_ names: AuditNames) { self.names = names }

    mutating func numbers(_ aggregateType: UnsafeRawBufferPointer, _ eventType: UnsafeRawBufferPointer) -> Numbers {
        var hasher = Hasher()
        hasher.combine(bytes: aggregateType)
        hasher.combine(aggregateType.count)
        hasher.combine(bytes: eventType)
        let place = UInt64(bitPattern: Int64(hasher.finalize()))
        if let found = known[place] { return found }
        let (aggregate, event) = (
            String(decoding: aggregateType, as: UTF8.self), String(decoding: eventType, as: UTF8.self)
        )
        let topic = names.template.name(aggregateType: aggregate, eventType: event)
        let made = Numbers(topic: names.topic(topic), type: names.type(event))
        if known.count < VerifyLimits.names { known[place] = made }
        return made
    }
}

/// The number of a record's event type. One thread.
struct TypeNames {
    private let names: AuditNames
    private var known: [UInt64: UInt16] = [:]

    init(_ names: AuditNames) { self.names = names }

    mutating func number(_ type: UnsafeRawBufferPointer) -> UInt16 {
        let place = AuditHash.of(type)
        if let found = known[place] { return found }
        let made = names.type(String(decoding: type, as: UTF8.self))
        if known.count < VerifyLimits.names { known[place] = made }
        return made
    }
}
