import HTTP2
import HTTP2TestKit

/// Answers 200 and echoes the body; on the path `/hold` it neither answers nor takes the body.
struct ProbeApplication: HTTP2Application {
    func accept(_ stream: HTTP2Stream) -> any HTTP2StreamReceiver {
        stream.headers.first(":path") == "/hold" ? Holder() : Echo(stream)
    }

    private final class Holder: HTTP2StreamReceiver {
        func receive(_ bytes: UnsafeRawBufferPointer) {}
        func receiveEnd() {}
        func becameWritable() {}
        func closed(_ code: HTTP2ErrorCode) {}
    }

    private final class Echo: HTTP2StreamReceiver {
        private let stream: HTTP2Stream

        init(_ stream: HTTP2Stream) {
            self.stream = stream
            stream.respond([HTTP2Field(":status", "200"), HTTP2Field("content-type", "application/octet-stream")])
        }

        func receive(_ bytes: UnsafeRawBufferPointer) {
            stream.send(Array(bytes))
            stream.consume(bytes.count)
        }

        func receiveEnd() { stream.finish() }
        func becameWritable() {}
        func closed(_ code: HTTP2ErrorCode) {}
    }
}
