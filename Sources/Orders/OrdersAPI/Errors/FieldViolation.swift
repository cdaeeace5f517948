/// One field of a request that is not acceptable.
struct FieldViolation: Hashable, Sendable {
    /// The field's name in the contract, such as `total_price`; or the name of a header, or `body`.
    let field: String
    /// What is wrong with it, as the rest of a sentence that starts with the field.
    let problem: String

    init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }
}
