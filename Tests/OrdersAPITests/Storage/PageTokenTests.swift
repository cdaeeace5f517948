import Testing

@testable import OrdersAPI

struct PageTokenTests {
    @Test func isReadBack() {
        for id in ["x", "018f1234-5678-9abc-def0-123456789abc", String(repeating: "ü", count: 255)] {
            let token = PageToken(createdAtMicroseconds: -5, orderID: id, filterDigest: .max - 7)
            #expect(PageToken(token.text) == token)
            #expect(token.text.utf8.allSatisfy { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") })
        }
    }

    @Test func othersAreRefused() {
        let token = PageToken(createdAtMicroseconds: 1, orderID: "x", filterDigest: 2).text
        for text in ["", "x", "!!!!", token + "=", String(token.dropLast()), String(repeating: "A", count: 4096)] {
            #expect(PageToken(text) == nil, "\(text.prefix(40))")
        }
    }
}
