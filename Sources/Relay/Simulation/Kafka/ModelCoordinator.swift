import Outbox

/// Who may write for a `transactional.id`, and what is written and not yet visible.
struct ModelCoordinator {
    enum Item {
        case message(ModelKafka.Message)
        case record(DeliveryRecord)
    }

    /// The newest committed record.
    var lastRecord: DeliveryRecord?
    private var epoch = 0
    private var items: [Item] = []
    /// How often a producer that was fenced tried to do something.
    private(set) var fencings = 0

    /// Fences earlier producers and undoes what they left open. Returns the new producer's epoch.
    mutating func open() -> Int {
        items = []
        epoch += 1
        return epoch
    }

    mutating func append(_ item: Item, epoch: Int) -> Bool {
        guard isCurrent(epoch) else { return false }
        items.append(item)
        return true
    }

    /// Ends the transaction and returns what was in it; nil if the producer is fenced.
    mutating func end(epoch: Int) -> [Item]? {
        guard isCurrent(epoch) else { return nil }
        defer { items = [] }
        return items
    }

    mutating func expire() {
        guard !items.isEmpty else { return }
        items = []
        epoch += 1
    }

    private mutating func isCurrent(_ epoch: Int) -> Bool {
        if epoch == self.epoch { return true }
        fencings += 1
        return false
    }
}
