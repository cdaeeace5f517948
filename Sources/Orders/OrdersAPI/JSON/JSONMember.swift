/// One name and value of a JSON object.
struct JSONMember: Hashable, Sendable {
    let name: String
    let value: JSONValue
}
