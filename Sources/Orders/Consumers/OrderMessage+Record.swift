import Kafka
import Payments

extension OrderMessage {
    init(_ record: KafkaRecord) {
        self.init(
            partition: record.partition,
            offset: record.offset,
            orderID: record.key.flatMap { String(validating: $0, as: UTF8.self) },
            eventType: record.header("ce_type").flatMap { String(validating: $0, as: UTF8.self) })
    }
}
