import EventStore

extension EventStore: OrderStore {}
