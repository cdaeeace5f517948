import SwiftProtobuf

extension GRPCServerCall {
    /// The request, or nil after the call was ended because its bytes are not one. On the event loop only.
    func decodeOrFail<M: Message>(_ type: M.Type, _ bytes: UnsafeRawBufferPointer) -> M? {
        do {
            return try GRPCCodec.decode(type, bytes)
        } catch {
            fail(error)
            return nil
        }
    }
}
