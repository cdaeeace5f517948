import Glibc
import NIOCore
import Runtime
import Testing

@testable import OrdersAPI

struct ServerConfigurationTests {
    private func problems(_ variables: [String: String]) -> [String] {
        let environment = EnvironmentReader(variables)
        _ = ServerConfiguration(environment)
        do {
            try environment.finish()
            return []
        } catch {
            return error.problems.map(\.variable)
        }
    }

    @Test func defaultsAreTheReferencesPorts() {
        let configuration = ServerConfiguration(EnvironmentReader([:]))
        #expect(configuration.http.port == 8080)
        #expect(configuration.grpc.port == 8081)
        #expect(configuration.tls == nil)
        #expect(configuration.grpcEventLoops == nil)
        #expect(configuration.corsAllowedOrigins == [])
    }

    @Test func mistakesNameTheirVariable() {
        #expect(problems(["HTTP_PORT": "x"]) == ["HTTP_PORT"])
        #expect(problems(["HTTP_PORT": "9000", "GRPC_PORT": "9000"]) == ["GRPC_PORT"])
        #expect(problems(["WRITE_LANES": "0"]) == ["WRITE_LANES"])
        #expect(problems(["GRPC_EVENT_LOOPS": "0"]) == ["GRPC_EVENT_LOOPS"])
        #expect(problems(["TLS_CERTIFICATE_FILE": "c.pem"]) == ["TLS_PRIVATE_KEY_FILE"])
        #expect(problems(["TLS_PRIVATE_KEY_FILE": "k.pem"]) == ["TLS_CERTIFICATE_FILE"])
        #expect(problems(["TLS_CLIENT_CA_FILE": "a.pem"]) == ["TLS_CLIENT_CA_FILE"])
        #expect(problems(["CORS_ALLOWED_ORIGINS": "shop.example"]) == ["CORS_ALLOWED_ORIGINS"])
        #expect(problems(["CORS_ALLOWED_ORIGINS": "https://shop.example, http://localhost:3000"]) == [])
    }

    @Test func aTakenPortSaysWhichVariableToChange() {
        let endpoint = ServerConfiguration(EnvironmentReader([:])).grpc
        let error = endpoint.cannotListen(IOError(errnoCode: EADDRINUSE, reason: "bind"))
        #expect(error.problems.map(\.variable) == ["GRPC_PORT"])
        let address = endpoint.cannotListen(IOError(errnoCode: EADDRNOTAVAIL, reason: "bind"))
        #expect(address.problems.map(\.variable) == ["GRPC_HOST"])
    }
}
