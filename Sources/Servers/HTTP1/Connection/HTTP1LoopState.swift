import HTTP2
import NIOCore
import Threads
import Values

/// The state that the HTTP/1.1 connections of one event loop share. Used on the event loop only.
final class HTTP1LoopState: @unchecked Sendable {
    let loop: HTTP2LoopContext
    let application: any HTTP1Application
    /// Memory in which the fields of a head are gathered.
    var gatherer = FieldGatherer()
    private var dateSecond: Int64 = -1
    private var dateText = ""

    init(eventLoop: any EventLoop, application: any HTTP1Application) {
        loop = HTTP2LoopContext(eventLoop: eventLoop)
        self.application = application
    }

    /// The value of the field `Date` (RFC 9110 §6.6.1). The text is made once per second.
    func date() -> String {
        let second = WallClock.microsecondsSince1970 / 1_000_000
        if second != dateSecond {
            (dateSecond, dateText) = (second, CivilTime(secondsSince1970: second).imfFixdate)
        }
        return dateText
    }
}
