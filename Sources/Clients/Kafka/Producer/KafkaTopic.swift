import CRDKafka

/// A producer's handle of one topic: obtained once per name, so that messages carry no name.
///
/// It keeps the producer's client alive. `@unchecked`: the pointer is constant, librdkafka's topics are thread-safe.
public final class KafkaTopic: @unchecked Sendable {
    /// A name for which ``isValid(_:)`` is true.
    public let name: String
    let pointer: OpaquePointer
    private let client: ClientHandle

    init(_ name: String, _ client: ClientHandle) throws(KafkaError) {
        guard Self.isValid(name) else {
            throw KafkaError(
                .invalidTopic,
                "\"\(name.prefix(KafkaLimits.topicNameBytes))\" is no topic name: 1–\(KafkaLimits.topicNameBytes) "
                    + "of A–Z a–z 0–9 . _ - and neither \".\" nor \"..\"")
        }
        guard let pointer = rd_kafka_topic_new(client.pointer, name, nil) else {
            throw KafkaError(KafkaErrorCode(rd_kafka_last_error()), "cannot open topic \(name)")
        }
        self.name = name
        self.pointer = pointer
        self.client = client
    }

    deinit { rd_kafka_topic_destroy(pointer) }

    /// Tells the topic's delivery reports from those of the producer's other topics.
    public var id: KafkaTopicID { KafkaTopicID(address: UInt(bitPattern: pointer)) }

    /// Whether a broker accepts the name, by Kafka's own rule. A broker would refuse a bad name only after the message
    /// was queued.
    public static func isValid(_ name: String) -> Bool {
        let bytes = name.utf8
        guard !bytes.isEmpty, bytes.count <= KafkaLimits.topicNameBytes, name != ".", name != ".." else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}

/// The identity of a topic's handle: the same for all messages to one topic of one producer.
public struct KafkaTopicID: Hashable, Sendable {
    let address: UInt
}
