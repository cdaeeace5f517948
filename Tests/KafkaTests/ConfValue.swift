import CRDKafka

/// Reads one property back from a librdkafka conf object and frees the object.
func confValue(_ conf: OpaquePointer, _ property: String) -> String {
    defer { rd_kafka_conf_destroy(conf) }
    var buffer = [CChar](repeating: 0, count: 512)
    var size = buffer.count
    guard rd_kafka_conf_get(conf, property, &buffer, &size) == RD_KAFKA_CONF_OK else { return "" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
