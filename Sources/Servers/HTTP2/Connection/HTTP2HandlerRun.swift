/// A handler that was started by `HTTP2Stream.run`.
package struct HTTP2HandlerRun {
    /// What a handler does; it stays on the event loop where nothing sends it elsewhere.
    package typealias Work = nonisolated(nonsending) @Sendable () async -> Void

    let task: HandlerTask
    let turn: UInt64

    /// Cancels the handler's task; does nothing when the handler is over. On the event loop only.
    package func cancel() { task.cancel(turn) }
}
