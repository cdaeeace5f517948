import EventStore
import Payments
import Postgres
import Runtime

await ServiceProcess.run(name: "orders-payments") { environment, logger in
    let settings = try PaymentsSettings(environment, logger)
    let metrics = PaymentsMetrics()
    let store = try EventStore(configuration: settings.store, postgres: settings.payments.postgres, logger: logger)
    return [
        metrics.adminServer(settings, logger),
        try TransactionPoolerCheck(settings.payments.postgres),
        EventStoreService(store: store),
        try PaymentsService(settings, store, metrics, logger),
    ]
}
