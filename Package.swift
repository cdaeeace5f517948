// swift-tools-version: 6.2
import PackageDescription

/// One settings list for every target: Swift 6 mode comes from the tools version.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// MARK: - Packages

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioConcurrency: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

// MARK: - Targets

func library(_ name: String, _ dependencies: [Target.Dependency], _ more: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings + more)
}

/// The request path of HTTP/2 spends a fourteenth of its time on checks of exclusive access; tests and debug builds keep them.
let hotPath: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

func executable(_ name: String, path: String? = nil, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, swiftSettings: settings)
}

let systemLibraries: [Target] = [
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CRDKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
]

let libraries: [Target] = [
    library("Threads", []),
    library("Runtime", [logging, lifecycle]),
    library("Admin", ["Runtime", hummingbird, nioCore, nioPosix, logging, lifecycle]),
    library("Postgres", ["CLibPQ", "Threads"]),
    library("Kafka", ["CRDKafka", "Threads"]),
    library("HTTP2", ["CNGHTTP2", nioCore, nioPosix, nioConcurrency, nioTLS, nioSSL, logging], hotPath),
    library("GRPC", ["HTTP2", "CZlib", protobuf, nioCore, nioPosix, nioConcurrency, logging], hotPath),
    .target(name: "OrdersProto", dependencies: [protobuf]),
    library("Orders", []),
    library("EventStore", ["Postgres", "Threads", "Orders", "OrdersProto", protobuf, logging]),
    library(
        "OrdersAPI",
        [
            "EventStore", "Postgres", "Orders", "OrdersProto", "GRPC", "HTTP2", "Runtime", "Admin",
            hummingbird, hummingbirdCore, httpTypes, protobuf, nioCore, nioPosix, nioHTTP1, nioHTTPTypes, logging, lifecycle,
        ]),
    library("Outbox", ["Postgres", "Threads", logging]),
    library("Projection", ["Postgres", "Threads", "EventStore", "Orders", "OrdersProto", protobuf, logging]),
    library("Payments", ["Postgres", "Threads", "EventStore", "Orders", "OrdersProto", protobuf, logging]),
    library("Messaging", ["Kafka", "Outbox", "Postgres", "Threads", "Projection", "Payments", logging]),
]

let executables: [Target] = [
    executable("orders-server", ["OrdersAPI", "EventStore", "Postgres", "GRPC", "HTTP2", "Runtime", logging, lifecycle]),
    executable(
        "orders-projector", ["Projection", "Messaging", "Kafka", "Threads", "Postgres", "Runtime", "Admin", logging, lifecycle]),
    executable(
        "orders-payments", ["Payments", "Messaging", "Kafka", "Threads", "Postgres", "EventStore", "Runtime", "Admin", logging, lifecycle]),
    executable("outboxctl", ["Postgres", "Outbox", "Runtime", arguments]),
    executable("embedded-kafka", ["Kafka", "Runtime", "Threads", logging, lifecycle]),
    executable(
        "outbox-relay", path: "relay/Sources",
        ["Outbox", "Messaging", "Kafka", "Postgres", "Threads", "Runtime", "Admin", logging, lifecycle, arguments]),
    executable(
        "http2-bench-server", path: "Benchmarks/http2-server", ["GRPC", "HTTP2", protobuf, nioCore, nioPosix, logging]),
]

let testTargets: [Target] = [
    .target(name: "ThreadSanitizerKit", path: "Tests/ThreadSanitizerKit"),
    .target(
        name: "TestKit",
        dependencies: ["Postgres", "Kafka", "Threads", "ThreadSanitizerKit"],
        path: "Tests/TestKit",
        swiftSettings: settings),
    .target(
        name: "InvariantKit",
        dependencies: ["EventStore", "Kafka", "Orders", "Postgres"],
        path: "Tests/InvariantKit",
        swiftSettings: settings),
    .target(
        name: "HTTP2TestKit",
        dependencies: ["HTTP2", "CNGHTTP2", nioCore, nioPosix, logging],
        path: "Tests/HTTP2TestKit",
        swiftSettings: settings),
    tests("InvariantKit", ["InvariantKit", "Orders", "Postgres"]),
    tests("Threads", ["Threads"]),
    tests("Runtime", ["Runtime", logging]),
    tests("Admin", ["Admin", "Runtime", "TestKit", logging]),
    tests("Postgres", ["Postgres", "Threads", "TestKit"]),
    tests("Kafka", ["Kafka", "Threads", "TestKit"]),
    tests("HTTP2", ["HTTP2", "HTTP2TestKit", "CNGHTTP2", nioCore, nioPosix, nioEmbedded, nioSSL, logging]),
    tests("GRPC", ["GRPC", "HTTP2", "HTTP2TestKit", protobuf, nioCore, nioPosix, nioEmbedded, logging]),
    tests("Orders", ["Orders"]),
    tests("EventStore", ["EventStore", "Orders", "OrdersProto", "Postgres", "Threads", "TestKit", protobuf, logging]),
    tests(
        "OrdersAPI",
        [
            "OrdersAPI", "EventStore", "Orders", "OrdersProto", "Postgres", "GRPC", "HTTP2", "Admin", "TestKit",
            "HTTP2TestKit", "Runtime", nioCore, hummingbird, .product(name: "HummingbirdTesting", package: "hummingbird"), httpTypes,
            protobuf, logging,
            lifecycle,
        ]),
    tests("Outbox", ["Outbox", "Postgres", "Threads", "TestKit", logging]),
    tests("Relay", ["outbox-relay", "Admin", "Kafka", "Messaging", "Outbox", "Postgres", "Runtime", "TestKit"]),
    tests("Projection", ["Projection", "EventStore", "Orders", "OrdersProto", "Postgres", "Threads", "TestKit", protobuf, logging]),
    tests("Payments", ["Payments", "EventStore", "Orders", "OrdersProto", "Postgres", "Threads", "TestKit", protobuf, logging]),
    tests(
        "Messaging",
        [
            "Messaging", "Kafka", "Threads", "EventStore", "Orders", "Outbox", "Projection", "Payments", "Postgres", "TestKit", protobuf,
            logging,
        ]),
    tests(
        "EndToEnd",
        [
            "InvariantKit", "TestKit", "HTTP2TestKit", "Threads", "Postgres", "Kafka", "Outbox", "Orders", "OrdersProto", protobuf,
            "orders-server", "orders-projector", "orders-payments", "outboxctl", "embedded-kafka", "outbox-relay",
        ]),
]

let package = Package(
    name: "transactional-outbox",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    ],
    targets: systemLibraries + libraries + executables + testTargets
)
