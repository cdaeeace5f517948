import HTTP2TestKit
import Testing

@Suite struct FolderOrderTests {
    @Test func foldersDependOneWay() throws {
        let order = try FolderOrder(module: "Sources/Servers/GRPC", mainFile: "Server/GRPCServer.swift")
        #expect(order.breaches == [])
        #expect(order.stated.sorted() == order.existing)
        #expect(order.typeCount > 30)
    }
}
