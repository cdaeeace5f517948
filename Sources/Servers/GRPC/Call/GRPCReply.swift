import HTTP2
public import SwiftProtobuf

/// The answer to a call whose handler has no task: the handler returns before there is an answer. May be used on any
/// thread; the first answer counts.
public struct GRPCReply<Response: Message & Sendable>: Sendable {
    let call: GRPCServerCall

    /// Ends the call with the response that `make` returns, or with the status of the error that it throws.
    ///
    /// - Parameter make: called once on the call's event loop, so it must not block.
    public func send(_ make: @escaping @Sendable () throws -> Response) {
        call.stream.call { [call] in
            do {
                try call.succeed(onLoop: make())
            } catch {
                call.fail(onLoop: GRPCError(any: error))
            }
        }
    }

    /// Names the work that is cancelled when the client leaves or the deadline passes. To be called inside the handler,
    /// which runs on the event loop.
    public func whenCancelled(cancel work: any GRPCCancellable) {
        call.setWork(work)
    }
}

/// The work of a handler that has no task.
public protocol GRPCCancellable: AnyObject, Sendable {
    /// Nobody waits for the result any more. Called on the call's event loop, perhaps after the work is done.
    func cancel()
}
