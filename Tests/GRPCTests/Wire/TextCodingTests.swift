import Testing

@testable import GRPC

@Suite struct TextCodingTests {
    private func timeout(_ text: String) -> Duration? {
        Array(text.utf8).withUnsafeBytes { GRPCTimeout.parse($0) }
    }

    @Test func timeoutsHaveAnAmountAndAUnit() {
        #expect(timeout("1H") == .seconds(3_600))
        #expect(timeout("2M") == .seconds(120))
        #expect(timeout("3S") == .seconds(3))
        #expect(timeout("99999999m") == .milliseconds(99_999_999))
        #expect(timeout("5u") == .microseconds(5))
        #expect(timeout("0n") == .zero)
    }

    @Test(arguments: ["", "S", "1", "1s", "-1S", "100000000S", "1 S", "1SS", "٣S"])
    func otherTextIsNoTimeout(_ text: String) {
        #expect(timeout(text) == nil)
    }

    @Test func statusMessagesArePercentEncoded() {
        let encoded = String(decoding: PercentEncoding.encode("100% ö\n"), as: UTF8.self)
        #expect(encoded == "100%25 %C3%B6%0A")
    }

    @Test func base64IsReadWithAndWithoutPadding() {
        for length in 0...40 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            let text = Base64.encode(bytes)
            #expect(!text.contains(UInt8(ascii: "=")))
            #expect(Base64.decode(text) == bytes)
            let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - text.count % 4) % 4)
            #expect(Base64.decode(text + padding) == bytes)
        }
    }

    @Test(arguments: ["A", "AA=A", "AAAAA", "A*==", "AA=", "===="])
    func otherTextIsNoBase64(_ text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }
}
