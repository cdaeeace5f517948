/// What a customer orders. It does not change after the order is placed.
///
/// The initializer checks nothing: ``decide(_:_:)`` rejects a placement with values out of bounds.
public struct OrderDetails: Hashable, Sendable {
    /// 1 to 255 characters.
    public var customerID: String
    /// 1 to 255 characters.
    public var vendorID: String
    /// 1 to 255 characters.
    public var productID: String
    /// More than zero.
    public var quantity: Int32
    /// More than zero; for all items together.
    public var totalPrice: Money
    /// 1 to 255 characters, such as `CREDIT_CARD`; passed on to the payment gateway as it is.
    public var paymentMethod: String

    /// Takes the values as they are; see the properties for the bounds.
    public init(
        customerID: String, vendorID: String, productID: String, quantity: Int32, totalPrice: Money,
        paymentMethod: String
    ) {
        self.customerID = customerID
        self.vendorID = vendorID
        self.productID = productID
        self.quantity = quantity
        self.totalPrice = totalPrice
        self.paymentMethod = paymentMethod
    }
}

/// The bounds of an order's texts, the same for REST, gRPC and messages from Kafka.
public enum OrderLimits {
    /// The longest identifier (order, customer, vendor, product, payment method), in Unicode scalars.
    public static let maximumIdentifierCharacters = 255
    /// The longest reason of a cancellation or a declined payment, in Unicode scalars.
    public static let maximumReasonCharacters = 1024

    /// Why an identifier is not acceptable, as the rest of a sentence that starts with the field's name; nil if it is.
    public static func problem(ofIdentifier value: String) -> String? {
        problem(of: value, maximumCharacters: maximumIdentifierCharacters)
    }

    /// Why a reason is not acceptable, as the rest of a sentence that starts with the field's name; nil if it is.
    public static func problem(ofReason value: String) -> String? {
        problem(of: value, maximumCharacters: maximumReasonCharacters)
    }

    /// Characters are Unicode scalars, as Postgres and JSON Schema count them. Postgres cannot store a NUL in a text.
    private static func problem(of value: String, maximumCharacters: Int) -> String? {
        if value.isEmpty || value.utf8.count > maximumCharacters,
            !(1...maximumCharacters).contains(value.unicodeScalars.count)
        {
            return "must have 1 to \(maximumCharacters) characters"
        }
        // Over contiguous bytes, because the iterator of a String costs several times as much.
        let hasNUL = value.utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? value.utf8.contains(0)
        return hasNUL ? "must not contain a NUL character" : nil
    }
}
