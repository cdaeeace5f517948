import Testing

@testable import OrdersAPI

struct PageTokenTests {
    @Test func isReadBack() {
        for id in ["x", "018f1234-5678-9abc-def0-123456789abc", String(repeating: "ü", count: 255)] {
            let token = PageToken(createdAtMicroseconds: 1_704_103_200_000_001, orderID: id)
            #expect(PageToken(token.text) == token)
            #expect(token.text.wholeMatch(of: /[0-9a-f]{15,2053}/) != nil)
        }
    }

    @Test func othersAreRefused() {
        let token = PageToken(createdAtMicroseconds: 1, orderID: "x").text
        for text in [
            "", "x", "!!!!", token + "=", token.uppercased() + "A0", String(token.dropLast()), token + "00",
            String(repeating: "a", count: 4097),
        ] {
            #expect(PageToken(text) == nil, "\(text.prefix(40))")
        }
    }
}
