import Admin
import Runtime
import TestKit
import Testing

@Suite struct ListenAddressTests {
    private func complaint(_ host: String, _ port: Int) async -> String {
        do {
            try await ListenAddress(host: host, port: port, portVariable: "RELAY_ADMIN_PORT").tryOut()
            return "none"
        } catch {
            return "\(error)"
        }
    }

    @Test func whatIsWrongNamesItsVariable() async throws {
        let holder = try PortHolder()
        #expect(
            await complaint("0.0.0.0", holder.port).hasPrefix(
                "RELAY_ADMIN_PORT: port \(holder.port) of 0.0.0.0 is taken"))
        #expect(
            await complaint("no-such-host.invalid", 0)
                == "RELAY_ADMIN_HOST: 'no-such-host.invalid' is no address, nor a name that has one")
        #expect(await complaint("192.0.2.1", 0) == "RELAY_ADMIN_HOST: 192.0.2.1 is no address of this machine")
        #expect(await complaint("127.0.0.1", 0) == "none")
        withExtendedLifetime(holder) {}
    }
}
