/// What came back on one stream.
public struct RawResponse {
    /// Header blocks in order: informational ones, the head, the trailers.
    public var blocks: [[(String, String)]] = []
    public var body: [UInt8] = []
    /// The code of a RST_STREAM that ended it.
    public var resetCode: UInt32?

    /// The first value of a field, in any block, the last block first.
    public subscript(_ name: String) -> String? {
        for block in blocks.reversed() {
            for field in block where field.0 == name { return field.1 }
        }
        return nil
    }

    public var status: String? { self[":status"] }
}
