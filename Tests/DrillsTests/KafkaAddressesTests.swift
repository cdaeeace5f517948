import Testing

@testable import Drills

/// Brokers' addresses in the answers that tell them.
struct KafkaAddressesTests {
    private static func number(_ value: Int, _ bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func text(_ text: String) -> [UInt8] { number(text.utf8.count, 2) + Array(text.utf8) }

    private static func frame(_ bytes: [UInt8]) -> [UInt8] { number(bytes.count, 4) + bytes }

    private static func request(_ key: Int, _ version: Int, _ correlation: Int) -> [UInt8] {
        frame(number(key, 2) + number(version, 2) + number(correlation, 4) + text("client") + [1, 2, 3])
    }

    private static func answer(_ correlation: Int, _ body: [UInt8]) -> [UInt8] {
        frame(number(correlation, 4) + body)
    }

    /// What the client gets, with everything in pieces of this size.
    private static func through(_ request: [UInt8], _ answer: [UInt8], piece: Int) -> [UInt8] {
        var addresses = KafkaAddresses()
        for start in stride(from: 0, to: request.count, by: piece) {
            addresses.request(Array(request[start..<min(request.count, start + piece)]))
        }
        return stride(from: 0, to: answer.count, by: piece).flatMap { start in
            addresses.answer(Array(answer[start..<min(answer.count, start + piece)])) { host, port in
                host == "broker.internal" ? port + 1 : 7
            }
        }
    }

    private static func metadata(_ brokers: [(String, Int)], version: Int) -> [UInt8] {
        (version >= 3 ? number(0, 4) : []) + number(brokers.count, 4)
            + brokers.enumerated().flatMap { index, broker in
                number(index + 1, 4) + text(broker.0) + number(broker.1, 4)
                    + (version >= 1 ? index == 0 ? number(0xFFFF, 2) : text("rack") : [])
            } + [9, 9, 9]
    }

    @Test(arguments: [0, 1, 4, 8], [1, 5, 1_000])
    func brokersAreOnTheLink(_ version: Int, _ piece: Int) {
        let told = Self.metadata([("broker.internal", 9_092), ("other", 9_093)], version: version)
        let wanted = Self.metadata([("127.0.0.1", 9_093), ("127.0.0.1", 7)], version: version)
        let got = Self.through(Self.request(3, version, 77), Self.answer(77, told), piece: piece)
        #expect(got == Self.answer(77, wanted))
    }

    @Test(arguments: [0, 2], [1, 1_000])
    func coordinatorsAreOnTheLink(_ version: Int, _ piece: Int) {
        let make = { (host: String, port: Int) -> [UInt8] in
            (version >= 1 ? Self.number(0, 4) : []) + Self.number(0, 2) + (version >= 1 ? Self.number(0xFFFF, 2) : [])
                + Self.number(1, 4) + Self.text(host) + Self.number(port, 4)
        }
        let request = Self.request(10, version, 5)
        let got = Self.through(request, Self.answer(5, make("broker.internal", 9_092)), piece: piece)
        #expect(got == Self.answer(5, make("127.0.0.1", 9_093)))
        // Without a coordinator there is no address.
        #expect(Self.through(request, Self.answer(5, make("", -1)), piece: piece) == Self.answer(5, make("", -1)))
    }

    @Test func clientsAreToldOfNoNewerVersions() {
        let make = { (metadata: Int, coordinator: Int) -> [UInt8] in
            Self.number(0, 2) + [4]
                + [(1, 3, 13), (3, 0, metadata), (10, 0, coordinator)].flatMap { key, low, high in
                    Self.number(key, 2) + Self.number(low, 2) + Self.number(high, 2) + [0]
                } + Self.number(0, 4) + [0]
        }
        let got = Self.through(Self.request(18, 3, 1), Self.answer(1, make(13, 6)), piece: 1_000)
        #expect(got == Self.answer(1, make(8, 2)))
        let low = Self.through(Self.request(18, 3, 1), Self.answer(1, make(4, 1)), piece: 1_000)
        #expect(low == Self.answer(1, make(4, 1)))
    }

    @Test(arguments: [1, 3, 1_000])
    func otherAnswersPassAsTheyAre(_ piece: Int) {
        let answers =
            Self.answer(1, Array(0..<100)) + Self.answer(2, []) + Self.answer(3, [UInt8](repeating: 7, count: 9_000))
        let requests = Self.request(1, 11, 1) + Self.request(0, 7, 2) + Self.request(1, 11, 3)
        #expect(Self.through(requests, answers, piece: piece) == answers)
    }

    @Test func anAnswerThatCannotBeReadPassesAsItIs() {
        let broken = Self.answer(8, Self.number(0, 4) + Self.number(1_000, 4) + [1, 2, 3])
        #expect(Self.through(Self.request(3, 4, 8), broken, piece: 1_000) == broken)
    }
}
