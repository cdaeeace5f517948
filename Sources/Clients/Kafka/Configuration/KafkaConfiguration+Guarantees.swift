extension KafkaConfiguration {
    /// Settings with which a producer would lose, repeat or reorder messages.
    func guaranteeFaults(_ conf: OpaquePointer) -> [KafkaSettingFault] {
        var faults: [KafkaSettingFault] = []
        if Self.value("acks", conf).map({ $0 != "-1" && $0 != "all" }) == true {
            faults += fault(
                ["acks", "request.required.acks"], "must be all: a row that one broker alone has is lost with it")
        }
        if Self.value("enable.idempotence", conf) == "false" {
            faults += fault(
                ["enable.idempotence"], "must be true: otherwise a retry repeats messages and puts them out of order")
        }
        // librdkafka's own default is larger, and lowered where nothing is set.
        let inFlight = ["max.in.flight", "max.in.flight.requests.per.connection"]
        if inFlight.contains(where: { settings[$0] != nil }),
            Self.value("max.in.flight", conf).flatMap({ Int($0) }) ?? 0 > 5
        {
            faults += fault(inFlight, "must be 1 to 5: brokers keep the order of no more requests than that")
        }
        if Self.value("enable.gapless.guarantee", conf) == "false", settings["enable.gapless.guarantee"] != nil {
            faults += fault(
                ["enable.gapless.guarantee"], "must be true: otherwise messages overtake one that was refused")
        }
        if Self.value("partitioner", conf) == "random" {
            faults += fault(
                ["partitioner"], "must not be random: a key would not stay in one partition, and have no order")
        }
        return faults
    }

    private func fault(_ aliases: [String], _ message: String) -> [KafkaSettingFault] {
        let property = aliases.first { settings[$0] != nil } ?? aliases[0]
        return [KafkaSettingFault(variable(for: property), message)]
    }
}
