import Kafka
import Projection

extension ConsumedMessage {
    /// Key and headers as the outbox relay writes them: CloudEvents in binary mode.
    init(_ record: KafkaRecord) {
        self.init(
            partition: record.partition,
            offset: record.offset,
            orderID: record.key.flatMap { String(validating: $0, as: UTF8.self) },
            sequenceNumber: record.header("ce_sequence").flatMap { Int64(String(decoding: $0, as: UTF8.self)) },
            eventType: record.header("ce_type").flatMap { String(validating: $0, as: UTF8.self) },
            payload: record.value.map { Array($0) } ?? [])
    }
}
