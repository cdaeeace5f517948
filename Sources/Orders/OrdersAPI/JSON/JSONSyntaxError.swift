/// Where and why a text is not JSON.
struct JSONSyntaxError: Error, Hashable {
    /// Zero-based.
    let byteOffset: Int
    let problem: String
}
