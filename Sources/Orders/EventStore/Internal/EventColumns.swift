import Postgres
import Values

/// Events as columns.
struct EventColumns {
    private var ids: PostgresArray
    private var orders: PostgresArray
    private var sequences: PostgresArray
    private var types: PostgresArray
    private var payloads: PostgresArray
    private var traceparents: PostgresArray
    private var times: PostgresArray

    init(reserving count: Int) {
        ids = PostgresArray(.uuid, reserving: count)
        orders = PostgresArray(.text, reserving: count * 2)
        sequences = PostgresArray(.int8, reserving: count)
        types = PostgresArray(.text, reserving: count)
        payloads = PostgresArray(.bytea, reserving: count * 6)
        traceparents = PostgresArray(.text, reserving: count)
        times = PostgresArray(.timestamptz, reserving: count)
    }

    var count: Int { ids.count }

    mutating func append(_ event: PlannedEvent, _ order: ExactText) {
        ids.append(event.id)
        orders.append(order.text)
        sequences.append(event.sequenceNumber)
        types.append(event.type.rawValue)
        payloads.append(event.bytes)
        if let traceparent = event.traceparent { traceparents.append(traceparent) } else { traceparents.appendNull() }
        times.append(microsecondsSince1970: event.time)
    }

    var parameters: [PostgresParameter] {
        [
            .array(ids), .array(orders), .array(sequences), .array(types), .array(payloads), .array(traceparents),
            .array(times),
        ]
    }
}
