import HTTP2
import HTTP2TestKit
import Testing

@testable import HTTP1

/// The machine as a conversation: bytes in, actions out.
struct HTTP1MachineTests {
    /// A machine with what it needs, and its actions as texts.
    private struct Conversation: ~Copyable {
        var machine = HTTP1Machine(limits: HTTP1Limits())
        private var gatherer = FieldGatherer()

        init() {}

        var isIdle: Bool { machine.isIdle }
        var isReceiving: Bool { machine.isReceiving }
        var mayReceiveMore: Bool { machine.mayReceiveMore }
        var exchange: HTTP1Machine.Exchange { machine.exchange }

        mutating func hears(_ text: String) -> String {
            Array(text.utf8).withUnsafeBytes { machine.receive($0) }
            return goesOn()
        }

        mutating func goesOn() -> String {
            switch machine.next(&gatherer) {
            case .wait: return "wait"
            case .sendContinue: return "continue"
            case .answer(let request):
                let fields = request.headers.all.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
                let body = String(decoding: request.body, as: UTF8.self)
                return "\(request.method) \(request.target) [\(fields)] \(body)"
            case .refuse(let refusal): return "\(refusal.status) \(refusal.part)"
            }
        }
    }

    @Test func oneRequestAfterTheOther() {
        var peer = Conversation()
        expectSame(peer.isIdle, true)
        expectSame(peer.hears("GET /a HTTP/1.1\r\nHOST: x\r\n"), "wait")
        expectSame(peer.isReceiving, true)
        expectSame(peer.hears("X-Two:  2 \r\n\r\nGET /b HTTP/1.1\r\nHost: y\r\n\r\n"), "GET /a [host=x x-two=2] ")
        expectSame(peer.isReceiving, false)
        expectSame(peer.goesOn(), "wait")
        peer.machine.answered(keepsAlive: true)
        expectSame(peer.goesOn(), "GET /b [host=y] ")
        peer.machine.answered(keepsAlive: true)
        expectSame(peer.isIdle, true)
    }

    @Test func aBodyInPieces() {
        var peer = Conversation()
        expectSame(peer.hears("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"), "wait")
        expectSame(peer.hears("c"), "wait")
        expectSame(peer.hears("deGET"), "POST / [host=x content-length=5] abcde")
        peer.machine.answered(keepsAlive: true)
        expectSame(peer.goesOn(), "wait")
        expectSame(peer.isReceiving, true)
    }

    @Test func aClientThatExpects() {
        var peer = Conversation()
        let head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n"
        expectSame(peer.hears(head), "continue")
        expectSame(peer.goesOn(), "wait")
        expectSame(peer.hears("1\r\na\r\n0\r\n\r\n").hasSuffix("] a"), true)
    }

    @Test func afterARefusalNothingIsRead() {
        var peer = Conversation()
        expectSame(peer.hears("GET / HTTP/1.1\r\n\r\n"), "400 Host")
        expectSame(peer.hears("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "wait")
        expectSame(peer.mayReceiveMore, true)
    }

    @Test func afterTheLastResponseNothingIsRead() {
        var peer = Conversation()
        expectSame(peer.hears("GET / HTTP/1.0\r\n\r\n"), "GET / [] ")
        expectSame(peer.exchange, .init(isHead: false, isVersion10: true, isKeptAlive: false))
        peer.machine.answered(keepsAlive: false)
        expectSame(peer.mayReceiveMore, false)
        expectSame(peer.hears("GET / HTTP/1.0\r\n\r\n"), "wait")
        expectSame(peer.mayReceiveMore, true)
    }

    @Test func whatEachRequestIsIsForgottenAfterIt() {
        var peer = Conversation()
        expectSame(peer.hears("HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").hasPrefix("HEAD"), true)
        expectSame(peer.exchange, .init(isHead: true, isVersion10: true, isKeptAlive: true))
        peer.machine.answered(keepsAlive: true)
        expectSame(peer.hears("GET / HTTP/1.1\r\nHost: x\r\n\r\n").hasPrefix("GET"), true)
        expectSame(peer.exchange, .init(isHead: false, isVersion10: false, isKeptAlive: true))
    }
}
