import CNGHTTP2

extension HTTP2Field {
    /// Adds the bytes that are not literals, in the order in which `nameValue` takes them.
    func appendDynamicBytes(to bytes: inout [UInt8]) {
        switch storage {
        case .literal: break
        case .named(_, let value): bytes.append(contentsOf: value)
        case .dynamic(let name, let value):
            bytes.append(contentsOf: name)
            bytes.append(contentsOf: value)
        }
    }

    /// libnghttp2's view of the field; dynamic bytes are found at `offset`, which moves past them.
    func nameValue(dynamicBytes: UnsafeMutablePointer<UInt8>?, offset: inout Int) -> nghttp2_nv {
        let noCopyName = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
        let noCopyValue = UInt8(NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
        switch storage {
        case .literal(let name, let value):
            return nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: UnsafeMutablePointer(mutating: value.utf8Start),
                namelen: name.utf8CodeUnitCount, valuelen: value.utf8CodeUnitCount, flags: noCopyName | noCopyValue)
        case .named(let name, let value):
            let start = dynamicBytes.map { $0 + offset }
            offset += value.count
            return nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start), value: start,
                namelen: name.utf8CodeUnitCount, valuelen: value.count, flags: noCopyName)
        case .dynamic(let name, let value):
            let start = dynamicBytes.map { $0 + offset }
            offset += name.count + value.count
            return nghttp2_nv(
                name: start, value: start.map { $0 + name.count }, namelen: name.count, valuelen: value.count, flags: 0)
        }
    }
}
