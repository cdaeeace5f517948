import Runtime

await ServiceProcess.run(name: "embedded-kafka", drainTimeout: { _ in .seconds(2) }) { environment, logger in
    let settings = try EmbeddedKafkaSettings(environment)
    return [try EmbeddedKafkaService(settings, logger)]
}
