// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// One settings list for every target: Swift 6 mode comes from the tools version.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// MARK: - Packages

/// Pinned, so that two builds agree. A new version is a commit of its own.
let packages: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf.git", exact: "1.39.0"),
    .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioConcurrency: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

// MARK: - Targets

/// A folder below Sources. A group imports only the groups above it and itself.
enum Group: String {
    case support = "Support"
    case clients = "Clients"
    case servers = "Servers"
    case relay = "Relay"
    case orders = "Orders"
    case operations = "Operations"
    case executables = "Executables"

    func path(_ name: String) -> String { "Sources/\(rawValue)/\(name)" }
}

func library(
    _ group: Group, _ name: String, _ dependencies: [Target.Dependency] = [], embedded: [String] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: group.path(name), resources: embedded.map { .embedInCode($0) },
        swiftSettings: settings)
}

func executable(_ name: String, path: String? = nil, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: path ?? Group.executables.path(name), swiftSettings: settings)
}

func cLibrary(_ name: String, pkgConfig: String, debian: String) -> Target {
    .systemLibrary(
        name: name, path: Group.clients.path(name), pkgConfig: pkgConfig, providers: [.apt([debian])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, swiftSettings: settings)
}

func testKit(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: settings)
}

let support: [Target] = [
    library(.support, "Sabotage"),
    library(.support, "Threads"),
    library(.support, "Values", ["Threads"]),
    .target(name: "CStandardDescriptors", path: Group.support.path("CStandardDescriptors")),
    library(
        .support, "Runtime",
        ["CStandardDescriptors", "Sabotage", "Threads", "Values", logging, lifecycle, unixSignals]),
    library(.support, "Listening", [nioCore, logging]),
    library(.support, "Admin", ["Runtime", "Values", "Listening", hummingbird, nioCore, nioPosix, logging, lifecycle]),
]

let clients: [Target] = [
    cLibrary("CLibPQ", pkgConfig: "libpq", debian: "libpq-dev"),
    cLibrary("CRDKafka", pkgConfig: "rdkafka", debian: "librdkafka-dev"),
    cLibrary("CNGHTTP2", pkgConfig: "libnghttp2", debian: "libnghttp2-dev"),
    cLibrary("CZlib", pkgConfig: "zlib", debian: "zlib1g-dev"),
    library(.clients, "Postgres", ["CLibPQ", "Threads", "Values", "Runtime", logging, lifecycle]),
    library(.clients, "Kafka", ["CRDKafka", "Threads", "Values"]),
]

let servers: [Target] = [
    library(.servers, "HTTP2", ["CNGHTTP2", "Listening", nioCore, nioPosix, nioConcurrency, nioTLS, nioSSL, logging]),
    library(
        .servers, "HTTP1",
        ["HTTP2", "Listening", "Threads", "Values", nioCore, nioPosix, nioConcurrency, logging]),
    library(.servers, "GRPC", ["HTTP2", "CZlib", protobuf, nioCore, nioConcurrency, logging]),
]

let relay: [Target] = [
    library(.relay, "Outbox", ["Postgres", "Sabotage", "Threads", "Values", logging]),
    library(
        .relay, "OutboxAdoption", ["Outbox", "Postgres"],
        embedded: [
            "relay_0001_tables", "relay_0002_parked_retry", "relay_0003_operator_views",
            "relay_0004_operations", "relay_0005_record_loss", "relay_0006_bulk", "relay_0007_setup_decisions",
            "relay_0008_amended",
            "schema_version", "source_view", "wake_trigger",
        ].map { "Schema/\($0).sql" }),
    library(.relay, "OutboxKafka", ["Outbox", "Kafka", "Threads", "Values"]),
    library(.relay, "Simulation", ["Outbox", "Postgres", "Sabotage", "Threads", "Values", logging]),
]

let orders: [Target] = [
    library(.orders, "Orders"),
    .target(name: "OrdersProto", dependencies: [protobuf], path: Group.orders.path("OrdersProto")),
    library(
        .orders, "EventStore",
        ["Postgres", "Sabotage", "Threads", "Values", "Orders", "OrdersProto", protobuf, logging]),
    library(.orders, "Consumers", ["Kafka", "Threads", "Values", logging]),
    library(
        .orders, "Projection",
        ["Consumers", "EventStore", "Orders", "Postgres", "Sabotage", "Threads", "Values", logging]),
    library(
        .orders, "Payments",
        ["Consumers", "EventStore", "Orders", "Postgres", "Sabotage", "Threads", "Values", logging]),
    library(
        .orders, "OrdersAPI",
        [
            "EventStore", "Postgres", "Orders", "OrdersProto", "GRPC", "HTTP1", "HTTP2", "Runtime", "Admin",
            "Threads", "Values", protobuf, nioCore, nioPosix, logging, lifecycle,
        ], embedded: ["OpenAPI/openapi.json", "OpenAPI/docs.html"]),
]

let operations: [Target] = [
    library(
        .operations, "Operations",
        ["EventStore", "Kafka", "Orders", "Outbox", "OutboxAdoption", "Postgres", "Projection", "Values"],
        embedded: [
            "appends_events", "operator_orders", "operator_relay", "payments", "projector", "reader_orders",
            "reader_relay", "server",
        ].map { "Roles/\($0).sql" }),
    library(
        .operations, "Verify",
        [
            "EventStore", "Kafka", "Operations", "Orders", "Outbox", "OutboxKafka", "Postgres", "Threads", "Values",
        ]),
    library(
        .operations, "Drills",
        [
            "Kafka", "Operations", "OrdersProto", "Outbox", "OutboxAdoption", "OutboxKafka", "Postgres", "Sabotage",
            "Threads",
            "Values", "Verify", protobuf,
        ]),
    library(
        .operations, "Console",
        [
            "Admin", "Kafka", "Listening", "Operations", "Outbox", "Postgres", "Runtime", "Threads", "Values",
            hummingbird, httpTypes, nioCore, logging, lifecycle,
        ],
        embedded: [
            "console.css", "console.html", "icon.svg", "openapi.json", "actions.js", "api.js", "bulks.js", "chart.js",
            "checks.js", "decisions.js", "dom.js", "drills.js", "format.js", "live.js", "main.js", "orders.js",
            "outbox.js",
            "parked.js", "pills.js", "pipeline.js", "rebuilds.js", "replays.js", "row.js",
            "timeline.js",
        ].map { "Assets/\($0)" }),
]

let executables: [Target] = [
    executable("orders-server", ["OrdersAPI", "Runtime"]),
    executable(
        "orders-projector",
        ["Projection", "Consumers", "Kafka", "Postgres", "Runtime", "Admin", logging, lifecycle]),
    executable(
        "orders-payments",
        ["Payments", "Consumers", "Kafka", "Postgres", "EventStore", "Runtime", "Admin", logging, lifecycle]),
    executable(
        "outboxctl",
        [
            "Admin", "Drills", "Kafka", "Operations", "Outbox", "OutboxAdoption", "OutboxKafka", "Postgres", "Runtime",
            "Sabotage", "Threads",
            "Values", "Verify", logging, lifecycle, arguments,
        ]),
    executable("outbox-console", ["Admin", "Console", "Kafka", "Postgres", "Runtime", logging]),
    executable("outbox-simulator", ["Outbox", "Sabotage", "Simulation", arguments]),
    executable("embedded-kafka", ["Kafka", "Runtime", "Threads", logging, lifecycle]),
    executable(
        "outbox-relay", path: "relay/Sources",
        [
            "Outbox", "OutboxKafka", "Kafka", "Postgres", "Sabotage", "Threads", "Runtime", "Admin", logging, lifecycle,
            arguments,
        ]),
]

let benchmarks: [Target] = [
    executable(
        "http2-bench-server", path: "Benchmarks/http2-server", ["GRPC", "HTTP2", protobuf, nioCore, nioPosix, logging])
]

let testTargets: [Target] = [
    .target(name: "ThreadSanitizerKit", path: "Tests/ThreadSanitizerKit"),
    testKit("TestKit", ["OutboxAdoption", "Postgres", "Kafka", "Threads", "Values", "ThreadSanitizerKit", logging]),
    testKit("ConsumersTestKit", ["Consumers", "Threads"]),
    testKit("InvariantKit", ["EventStore", "Kafka", "Orders", "Postgres", "Values"]),
    testKit("HTTP2TestKit", ["HTTP2", "CNGHTTP2", nioCore, nioPosix, logging]),
    tests("Package", []),
    tests("InvariantKit", ["InvariantKit", "Orders", "Postgres", "Values"]),
    tests("Sabotage", ["Sabotage"]),
    tests("Threads", ["Threads"]),
    tests("Values", ["Values", "Threads"]),
    tests("Runtime", ["Runtime", "Values", logging]),
    tests("Listening", ["Listening", nioCore, nioEmbedded, logging]),
    tests("Admin", ["Admin", "Runtime", "TestKit", logging]),
    tests("Postgres", ["Postgres", "Runtime", "Threads", "Values", "TestKit", logging]),
    tests("Kafka", ["Kafka", "CRDKafka", "Threads", "TestKit"]),
    tests(
        "HTTP2",
        ["HTTP2", "HTTP2TestKit", "CNGHTTP2", nioCore, nioPosix, nioConcurrency, nioEmbedded, nioSSL, logging]),
    tests("HTTP1", ["HTTP1", "HTTP2", "HTTP2TestKit", nioCore, nioPosix, logging]),
    tests(
        "GRPC", ["GRPC", "HTTP2", "HTTP2TestKit", protobuf, nioCore, nioPosix, nioConcurrency, nioEmbedded, logging]),
    tests("Outbox", ["Outbox", "OutboxAdoption", "Postgres", "Threads", "Values", "TestKit", logging]),
    tests(
        "Relay",
        ["outbox-relay", "Admin", "Kafka", "OutboxKafka", "Outbox", "Postgres", "Runtime", "Values", "TestKit"]),
    tests("Simulation", ["Simulation", "Outbox", "Postgres", "Sabotage", "TestKit"]),
    .testTarget(
        name: "OutboxAdoptionTests",
        dependencies: ["OutboxAdoption", "Outbox", "Postgres", "Threads", "Values", "TestKit", logging],
        exclude: ["Fixtures"], swiftSettings: settings),
    tests(
        "OutboxKafka",
        ["OutboxKafka", "OutboxAdoption", "Outbox", "Kafka", "Postgres", "Threads", "Values", "TestKit", logging]),
    tests("Orders", ["Orders"]),
    tests(
        "EventStore",
        ["EventStore", "Orders", "OrdersProto", "Postgres", "Threads", "Values", "TestKit", protobuf, logging]),
    tests("Consumers", ["Consumers", "ConsumersTestKit", "Kafka", "Threads", "TestKit"]),
    tests(
        "Projection",
        [
            "Projection", "Consumers", "ConsumersTestKit", "EventStore", "Orders", "Postgres", "Threads", "Values",
            "TestKit",
        ]),
    tests(
        "Payments",
        [
            "Payments", "Consumers", "ConsumersTestKit", "EventStore", "Orders", "Postgres", "Threads", "Values",
            "TestKit",
        ]),
    tests(
        "OrdersAPI",
        [
            "OrdersAPI", "EventStore", "Orders", "OrdersProto", "Postgres", "GRPC", "HTTP1", "HTTP2", "Admin",
            "TestKit",
            "HTTP2TestKit", "Runtime", "Threads", "Values", nioCore, hummingbird, hummingbirdTesting, httpTypes,
            protobuf, logging,
            lifecycle,
        ]),
    tests(
        "Operations",
        [
            "Operations", "EventStore", "Kafka", "Orders", "Outbox", "OutboxAdoption", "OutboxKafka", "Postgres",
            "TestKit",
        ]),
    tests("Console", ["Admin", "Console", "Drills", "Operations", "Postgres", httpTypes, hummingbird, logging]),
    tests(
        "Verify",
        [
            "Verify", "EventStore", "Kafka", "Operations", "Orders", "Outbox", "OutboxKafka", "Postgres", "Values",
            "TestKit",
        ]),
    tests(
        "Drills",
        [
            "Drills", "Kafka", "Operations", "Postgres", "Sabotage", "Verify", "TestKit", "orders-server",
            "orders-projector",
            "orders-payments",
            "embedded-kafka", "outbox-relay",
        ]),
    tests(
        "StatementPlans",
        [
            "EventStore", "Projection", "Payments", "OrdersAPI", "OrdersProto", "Consumers", "Orders", "Postgres",
            "Threads", "TestKit",
        ]),
    tests(
        "EndToEnd",
        [
            "InvariantKit", "TestKit", "HTTP2TestKit", "Threads", "Values", "Postgres", "Kafka", "Outbox", "Orders",
            "OrdersProto", protobuf, "orders-server", "orders-projector", "orders-payments", "outboxctl",
            "embedded-kafka", "outbox-console", "outbox-relay",
        ]),
]

/// An image is built from Sources and relay alone: what measures and tests them is left out where its folder is.
func ifPresent(_ folder: String, _ targets: [Target]) -> [Target] {
    FileManager.default.fileExists(atPath: Context.packageDirectory + "/" + folder) ? targets : []
}

let package = Package(
    name: "transactional-outbox",
    platforms: [.macOS(.v15)],
    products: ["Outbox", "OutboxKafka", "GRPC", "HTTP2", "Postgres", "Kafka"].map { .library(name: $0, targets: [$0]) },
    dependencies: packages,
    targets: support + clients + servers + relay + orders + operations + executables
        + ifPresent("Benchmarks", benchmarks) + ifPresent("Tests", testTargets)
)
