import HTTP2

/// The rest of a request that was answered at its header block; the session takes and drops its body.
final class GRPCRefusedCall: HTTP2StreamReceiver {
    func receive(_ bytes: UnsafeRawBufferPointer) {}
    func receiveEnd() {}
    func becameWritable() {}
    func closed(_ code: HTTP2ErrorCode) {}
}
