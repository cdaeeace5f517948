import Postgres
import Projection
import Runtime

await ServiceProcess.run(name: "orders-projector") { environment, logger in
    let settings = try ProjectorSettings(environment, logger)
    let metrics = ProjectorMetrics()
    return [
        metrics.adminServer(settings, logger),
        try TransactionPoolerCheck(settings.projector.postgres),
        try ProjectorService(settings, metrics, logger),
    ]
}
