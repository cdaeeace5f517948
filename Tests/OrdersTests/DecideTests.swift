import Orders
import Testing

/// Every reachable state against every command: one table, no gaps.
struct DecideTests {
    /// Every state that a history can lead to, with the history.
    static let histories: [(name: String, events: [OrderEvent])] = [
        ("absent", []),
        ("placed", [.placed(Sample.details)]),
        ("initiated", [.placed(Sample.details), .paymentInitiated]),
        ("paid", [.placed(Sample.details), .paymentInitiated, .paid]),
        ("failed", [.placed(Sample.details), .paymentInitiated, .paymentFailed(reason: "declined")]),
        ("in transit", [.placed(Sample.details), .paymentInitiated, .paid, .shippingStatusUpdated(.inTransit)]),
        ("delivered", [.placed(Sample.details), .paymentInitiated, .paid, .shippingStatusUpdated(.delivered)]),
        ("cancelled while pending", [.placed(Sample.details), .cancelled(reason: Sample.reason)]),
        (
            "cancelled while initiated",
            [.placed(Sample.details), .paymentInitiated, .cancelled(reason: Sample.reason)]
        ),
        (
            "cancelled while paid",
            [.placed(Sample.details), .paymentInitiated, .paid, .cancelled(reason: Sample.reason)]
        ),
        (
            "cancelled while failed",
            [
                .placed(Sample.details), .paymentInitiated, .paymentFailed(reason: "declined"),
                .cancelled(reason: Sample.reason),
            ]
        ),
    ]

    static let commands: [OrderCommand] = [
        .place(Sample.details), .cancel(reason: Sample.reason), .initiatePayment, .recordPayment,
        .recordPaymentFailure(reason: Sample.reason), .updateShippingStatus(.inTransit),
        .updateShippingStatus(.delivered),
    ]

    /// One row per history, one column per command; nil means that the command happens.
    static let expected: [[OrderRejection.Reason?]] = [
        [nil] + Array(repeating: .orderNotFound, count: 6),
        [.alreadyPlaced, nil, nil, .paymentNotInitiated, .paymentNotInitiated, .notPaid, .notPaid],
        [.alreadyPlaced, nil, .paymentAlreadyInitiated, nil, nil, .notPaid, .notPaid],
        [.alreadyPlaced, nil, .alreadyPaid, .alreadyPaid, .alreadyPaid, nil, nil],
        [.alreadyPlaced, nil, .paymentAlreadyFailed, .paymentAlreadyFailed, .paymentAlreadyFailed, .notPaid, .notPaid],
        [.alreadyPlaced, nil, .alreadyPaid, .alreadyPaid, .alreadyPaid, .shippingNotForward, nil],
        [.alreadyPlaced] + Array(repeating: .alreadyDelivered, count: 6),
        [.alreadyPlaced] + Array(repeating: .alreadyCancelled, count: 6),
        [.alreadyPlaced] + Array(repeating: .alreadyCancelled, count: 6),
        [.alreadyPlaced] + Array(repeating: .alreadyCancelled, count: 6),
        [.alreadyPlaced] + Array(repeating: .alreadyCancelled, count: 6),
    ]

    static func event(of command: OrderCommand) -> OrderEvent {
        switch command {
        case .place(let details): .placed(details)
        case .cancel(let reason): .cancelled(reason: reason)
        case .updateShippingStatus(let status): .shippingStatusUpdated(status)
        case .initiatePayment: .paymentInitiated
        case .recordPayment: .paid
        case .recordPaymentFailure(let reason): .paymentFailed(reason: reason)
        }
    }

    @Test(arguments: histories.indices, commands.indices)
    func everyStateAnswersEveryCommand(row: Int, column: Int) {
        let history = Self.histories[row]
        let command = Self.commands[column]
        let decision = decide(command, history.events.fold())
        switch (decision, Self.expected[row][column]) {
        case (.success(let events), nil):
            #expect(events == [Self.event(of: command)], "\(history.name)")
        case (.failure(let rejection), let reason?):
            #expect(rejection.reason == reason, "\(history.name): \(command)")
        case (let decision, let reason):
            Issue.record("\(history.name), \(command): \(decision), expected \(reason?.rawValue ?? "to happen")")
        }
    }

    @Test(
        arguments: [ShippingStatus.waitingForPayment, .waitingForShipment, .cancelled], histories.indices.dropFirst())
    func shippingStatusIsNeverSetToThese(status: ShippingStatus, row: Int) {
        let decision = decide(.updateShippingStatus(status), Self.histories[row].events.fold())
        guard case .failure(let rejection) = decision else {
            Issue.record("\(status) accepted")
            return
        }
        #expect(rejection.reason == .invalidArgument)
        #expect(rejection.field == "status")
    }

    @Test func theTableHasEveryStateReachableByItsCommands() {
        var known = Set(Self.histories.map { $0.events.fold() })
        var unexplored = Array(known)
        while let state = unexplored.popLast() {
            for command in Self.commands {
                // The table's failed state has another reason than the command; the reason decides nothing.
                var command = command
                if case .recordPaymentFailure = command { command = .recordPaymentFailure(reason: "declined") }
                guard case .success(let events) = decide(command, state) else { continue }
                let next = events.fold(from: state)
                if known.insert(next).inserted { unexplored.append(next) }
            }
        }
        // Cancelling after the goods left, and delivering through transit, add nothing that decides differently.
        let extra = known.subtracting(Self.histories.map { $0.events.fold() })
        #expect(extra.isEmpty, "\(extra)")
    }

    @Test(arguments: [
        ("customer_id", "", 256), ("vendor_id", "", 256), ("product_id", "", 256), ("payment_method", "", 256),
    ])
    func placementNamesTheFieldAtFault(field: String, empty: String, tooLong: Int) {
        for value in [empty, String(repeating: "é", count: tooLong), "nul\0"] {
            var details = Sample.details
            switch field {
            case "customer_id": details.customerID = value
            case "vendor_id": details.vendorID = value
            case "product_id": details.productID = value
            default: details.paymentMethod = value
            }
            expectInvalid(.place(details), nil, field: field)
        }
    }

    @Test func identifiersMayHave255CharactersOfAnyLength() {
        var details = Sample.details
        details.customerID = String(repeating: "日", count: 255)
        #expect(decide(.place(details), nil) == .success([.placed(details)]))
    }

    @Test(arguments: [0, -1, Int32.min])
    func quantityIsMoreThanZero(quantity: Int32) {
        var details = Sample.details
        details.quantity = quantity
        expectInvalid(.place(details), nil, field: "quantity")
    }

    @Test func freeOrdersAreRefused() {
        var details = Sample.details
        details.totalPrice = Money(cents: 0)!
        expectInvalid(.place(details), nil, field: "total_price")
    }

    @Test(arguments: ["", String(repeating: "x", count: 1025)])
    func reasonsHave1To1024Characters(reason: String) {
        expectInvalid(.cancel(reason: reason), Sample.placed, field: "reason")
        var initiated = Sample.placed
        initiated.paymentStatus = .initiated
        expectInvalid(.recordPaymentFailure(reason: reason), initiated, field: "reason")
    }

    private func expectInvalid(_ command: OrderCommand, _ state: OrderState?, field: String) {
        guard case .failure(let rejection) = decide(command, state) else {
            Issue.record("accepted: \(command)")
            return
        }
        #expect(rejection.reason == .invalidArgument)
        #expect(rejection.field == field)
        #expect(rejection.message.hasPrefix(field + ": "))
    }
}
