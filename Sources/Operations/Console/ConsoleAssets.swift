import HTTPTypes
import Hummingbird

/// The files of the page. They are part of the binary, and the page loads nothing from anywhere else.
struct ConsoleAssets: Sendable {
    /// A file and its entity tag.
    private struct Asset: Sendable {
        let bytes: [UInt8]
        let type: String
        let tag: String

        init(_ bytes: [UInt8], _ type: String) {
            self.bytes = bytes
            self.type = type
            // FNV-1a, 64 bits: it need only differ from one release to the next.
            let hash = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            tag = "\"\(String(hash, radix: 16))\""
        }
    }

    private let files: [String: Asset]

    init() {
        let script = "text/javascript; charset=utf-8"
        files = [
            "": Asset(PackageResources.console_html, "text/html; charset=utf-8"),
            "console.css": Asset(PackageResources.console_css, "text/css; charset=utf-8"),
            "icon.svg": Asset(PackageResources.icon_svg, "image/svg+xml"),
            "actions.js": Asset(PackageResources.actions_js, script),
            "api.js": Asset(PackageResources.api_js, script),
            "bulks.js": Asset(PackageResources.bulks_js, script),
            "chart.js": Asset(PackageResources.chart_js, script),
            "checks.js": Asset(PackageResources.checks_js, script),
            "decisions.js": Asset(PackageResources.decisions_js, script),
            "dom.js": Asset(PackageResources.dom_js, script),
            "drills.js": Asset(PackageResources.drills_js, script),
            "format.js": Asset(PackageResources.format_js, script),
            "live.js": Asset(PackageResources.live_js, script),
            "main.js": Asset(PackageResources.main_js, script),
            "orders.js": Asset(PackageResources.orders_js, script),
            "outbox.js": Asset(PackageResources.outbox_js, script),
            "parked.js": Asset(PackageResources.parked_js, script),
            "pills.js": Asset(PackageResources.pills_js, script),
            "pipeline.js": Asset(PackageResources.pipeline_js, script),
            "rebuilds.js": Asset(PackageResources.rebuilds_js, script),
            "replays.js": Asset(PackageResources.replays_js, script),
            "row.js": Asset(PackageResources.row_js, script),
            "timeline.js": Asset(PackageResources.timeline_js, script),
        ]
    }

    /// The names of all files; the page itself has the empty name.
    var names: [String] { files.keys.sorted() }

    /// A file, or 304 if the browser has it already.
    func response(_ name: String, ifNoneMatch: String?) -> Response? {
        guard let asset = files[name] else { return nil }
        let headers: HTTPFields = [.contentType: asset.type, .eTag: asset.tag, .cacheControl: "no-cache"]
        if ifNoneMatch == asset.tag { return Response(status: .notModified, headers: headers) }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    }
}
