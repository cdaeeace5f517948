import EventStore
import Payments
import Runtime

await ServiceProcess.run(name: "orders-payments") { environment, logger in
    let settings = try PaymentsSettings(environment)
    let metrics = PaymentsMetrics()
    let store = try EventStore(configuration: settings.store, postgres: settings.payments.postgres, logger: logger)
    return [
        metrics.adminServer(settings, logger),
        EventStoreService(store: store),
        try PaymentsService(settings, store, metrics, logger),
    ]
}
