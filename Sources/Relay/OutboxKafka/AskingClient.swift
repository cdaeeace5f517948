import Kafka
import Synchronization

/// The client that an outbox asks Kafka through: the publisher's while there is one, otherwise one of its own.
///
/// An idle client of librdkafka costs three threads, two connections and about 0.08 % of a core: its main thread spins
/// for up to a millisecond before its timer of one second. Questions about offsets disturb no row, so they need no
/// client of their own beside the publisher's. All methods may be called from any thread.
final class AskingClient: Sendable {
    private struct State {
        weak var publishing: KafkaProducer?
        var own: KafkaProducer?
        /// Takes the errors of the connections out of the queue of `own`.
        var reader: KafkaDeliveryReader?
    }

    private let state = Mutex(State())
    private let kafka: KafkaConfiguration

    /// - Parameter kafka: the publisher's settings.
    init(_ kafka: KafkaConfiguration) {
        var kafka = kafka
        kafka["transactional.id"] = nil
        // Otherwise the end of a partition is the beginning of the first open transaction.
        kafka["isolation.level"] = "read_uncommitted"
        self.kafka = kafka
    }

    /// A publisher's client: questions go through it for as long as it lives. It reads uncommitted messages.
    func lend(_ producer: KafkaProducer) { state.withLock { $0.publishing = producer } }

    /// The publisher's client, or the own one. Who lets go of the former last closes it, which can take a second.
    func borrowed() throws(KafkaError) -> KafkaProducer {
        if let publishing = state.withLock({ $0.publishing }) { return publishing }
        return try own()
    }

    /// The own client, made if there is none.
    func own() throws(KafkaError) -> KafkaProducer {
        try state.withLock { state throws(KafkaError) in
            _ = state.reader?.poll()
            if let own = state.own, !own.isOutdated { return own }
            let made = try KafkaProducer(kafka)
            state.own = made
            state.reader = made.deliveryReader(capacity: 1)
            return made
        }
    }

    /// Closes the own client where the publisher's takes its place. Can take a second: not for the threads that lead
    /// and publish.
    func tidy() {
        let superfluous: KafkaProducer? = state.withLock { state in
            guard state.publishing != nil else { return nil }
            defer { (state.own, state.reader) = (nil, nil) }
            return state.own
        }
        withExtendedLifetime(superfluous) {}
    }
}
