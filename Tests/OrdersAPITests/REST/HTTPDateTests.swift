import Testing

@testable import OrdersAPI

struct HTTPDateTests {
    @Test func itIsTheFixedFormOfRFC9110() {
        #expect(HTTPDate.text(of: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(of: 1_709_164_800) == "Thu, 29 Feb 2024 00:00:00 GMT")
    }
}
