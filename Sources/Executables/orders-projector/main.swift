import Runtime

await ServiceProcess.run(name: "orders-projector") { environment, logger in
    let settings = try ProjectorSettings(environment)
    let metrics = ProjectorMetrics()
    return [
        metrics.adminServer(settings, logger),
        try ProjectorService(settings, metrics, logger),
    ]
}
