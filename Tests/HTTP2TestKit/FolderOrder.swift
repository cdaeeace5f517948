import Foundation

/// The order of a module's folders, as the comment of its main file states it (`/// 1. ` and the folder's name in
/// backquotes), and the files that break it.
///
/// The rule: a folder names types of itself and of the folders before it only. The files beside the folders come before
/// all folders. Comments are not read; only types at the top level of a file count.
public struct FolderOrder {
    /// The folders in the stated order.
    public let stated: [String]
    /// The folders that exist, sorted.
    public let existing: [String]
    /// The mentions that break the rule: file, type, and the folder of the type.
    public let breaches: [String]
    /// The number of types that the module declares.
    public let typeCount: Int

    /// Reads the sources.
    ///
    /// - Parameters:
    ///   - module: its folder, seen from the root of the repository, such as `Sources/Servers/HTTP2`.
    ///   - mainFile: the file with the order, seen from the module's folder.
    public init(module: String, mainFile: String, testFile: String = #filePath) throws {
        let root = URL(fileURLWithPath: testFile).deletingLastPathComponent().appendingPathComponent("../..")
        let folder = root.appendingPathComponent(module).standardizedFileURL
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        stated = try Self.stated(in: String(contentsOf: folder.appendingPathComponent(mainFile), encoding: .utf8))
        existing = Set(paths.compactMap { Self.folder(of: $0) }).sorted()

        var texts: [String: String] = [:]
        for path in paths {
            texts[path] = try Self.code(String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8))
        }
        var homes: [String: String] = [:]
        for (path, text) in texts {
            for type in Self.types(in: text) { homes[type] = Self.folder(of: path) }
        }
        typeCount = homes.count
        let places = Dictionary(uniqueKeysWithValues: zip(stated, 1...))
        let place = { (folder: String?) in folder.flatMap { places[$0] } ?? 0 }
        breaches = texts.flatMap { path, text in
            Self.words(in: text).compactMap { word in
                guard let home = homes[word], place(home) > place(Self.folder(of: path)) else { return nil }
                return "\(path) names \(word) of \(home)"
            }
        }.sorted()
    }

    private static func folder(of path: String) -> String? {
        path.contains("/") ? path.split(separator: "/").first.map(String.init) : nil
    }

    private static func stated(in text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("///") }.compactMap { line in
            line.firstMatch(of: /^\/\/\/ \d+\. `(\w+)`/).map { String($0.1) }
        }
    }

    /// The text without the lines that are comments.
    private static func code(_ text: String) -> String {
        text.split(separator: "\n").filter { line in
            !line.drop { $0 == " " }.hasPrefix("//")
        }.joined(separator: "\n")
    }

    private static func types(in code: String) -> [String] {
        code.split(separator: "\n").filter { !$0.hasPrefix(" ") }.compactMap { line in
            line.firstMatch(of: /^(?:@\w+ |public |package |private |final )*(?:class|struct|enum|protocol) (\w+)/)
                .map { String($0.1) }
        }
    }

    private static func words(in code: String) -> Set<String> {
        let isPart = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
        return Set(code.utf8.split { !isPart($0) }.map { String(Substring($0)) })
    }
}
