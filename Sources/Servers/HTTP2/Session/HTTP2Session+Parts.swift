extension HTTP2Session {
    /// The functions of the driver. The session calls them inside callbacks of libnghttp2, too.
    struct Driver {
        /// There is output. Called once per production.
        var needsFlush: () -> Void
        /// The PING that follows the first GOAWAY was answered.
        var drainAcknowledged: () -> Void
    }

    /// A header block whose last fragment has not come.
    struct HeaderBlock {
        /// A number of its own for each block.
        let token: UInt64
        /// nil for a stream that is closed or was not accepted. Not counted: a closed stream leaves the block.
        let stream: Unmanaged<HTTP2Stream>?
    }
}
