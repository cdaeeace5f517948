import SwiftProtobuf

/// Finds descriptor files by name, by a symbol that they define, or by an extension that they define.
struct DescriptorIndex: Sendable {
    private var files: [String: File] = [:]
    private var symbols: [String: String] = [:]
    private var extensions: [String: [Int32: String]] = [:]

    private struct File: Sendable {
        var bytes: [UInt8]
        var imports: [String]
    }

    /// Throws INTERNAL when a set cannot be read.
    ///
    /// - Parameter sets: serialized `google.protobuf.FileDescriptorSet`s. A file that is in several sets is taken once.
    init(_ sets: [[UInt8]]) throws(GRPCError) {
        do {
            for set in sets {
                for file in try Google_Protobuf_FileDescriptorSet(serializedBytes: set).file
                where files[file.name] == nil {
                    try add(file)
                }
            }
        } catch {
            throw GRPCError(.internal, "a descriptor set for reflection cannot be read")
        }
    }

    private mutating func add(_ file: Google_Protobuf_FileDescriptorProto) throws {
        files[file.name] = File(bytes: try file.serializedBytes(), imports: file.dependency)
        let prefix = file.package.isEmpty ? "" : file.package + "."
        for message in file.messageType { add(message, prefix, file.name) }
        for enumeration in file.enumType { symbols[prefix + enumeration.name] = file.name }
        for found in file.extension { add(found, prefix, file.name) }
        for service in file.service {
            symbols[prefix + service.name] = file.name
            for method in service.method { symbols["\(prefix)\(service.name).\(method.name)"] = file.name }
        }
    }

    private mutating func add(_ message: Google_Protobuf_DescriptorProto, _ prefix: String, _ file: String) {
        let name = prefix + message.name
        symbols[name] = file
        for field in message.field { symbols["\(name).\(field.name)"] = file }
        for oneof in message.oneofDecl { symbols["\(name).\(oneof.name)"] = file }
        for enumeration in message.enumType { symbols["\(name).\(enumeration.name)"] = file }
        for nested in message.nestedType { add(nested, name + ".", file) }
        for found in message.extension { add(found, name + ".", file) }
    }

    private mutating func add(_ found: Google_Protobuf_FieldDescriptorProto, _ prefix: String, _ file: String) {
        symbols[prefix + found.name] = file
        extensions[String(found.extendee.drop { $0 == "." }), default: [:]][found.number] = file
    }

    /// The file and all files that it imports, the file itself first; nil if there is no such file.
    func file(named name: String) -> [[UInt8]]? {
        guard files[name] != nil else { return nil }
        var found: [[UInt8]] = []
        var seen: Set<String> = []
        var queue = [name]
        while let next = queue.popLast() {
            guard seen.insert(next).inserted, let file = files[next] else { continue }
            found.append(file.bytes)
            queue.append(contentsOf: file.imports)
        }
        return found
    }

    /// The file that defines a fully qualified symbol, with its imports.
    func file(defining symbol: String) -> [[UInt8]]? {
        symbols[symbol].flatMap { file(named: $0) }
    }

    /// The file that defines an extension of a message, with its imports.
    func file(extending type: String, number: Int32) -> [[UInt8]]? {
        extensions[type]?[number].flatMap { file(named: $0) }
    }

    /// The numbers of all known extensions of a message; nil if the message is not known.
    func extensionNumbers(of type: String) -> [Int32]? {
        if let known = extensions[type] { return known.keys.sorted() }
        return symbols[type] == nil ? nil : []
    }
}
