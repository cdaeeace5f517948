import HTTP2TestKit
import Testing

@Suite struct FolderOrderTests {
    @Test func foldersDependOneWay() throws {
        let order = try FolderOrder(module: "Sources/Servers/HTTP2", mainFile: "Server/HTTP2Server.swift")
        #expect(order.breaches == [])
        #expect(order.stated.sorted() == order.existing)
        #expect(order.typeCount > 30)
    }
}
