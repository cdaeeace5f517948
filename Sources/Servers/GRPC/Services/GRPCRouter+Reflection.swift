extension GRPCRouter {
    /// Registers server reflection, v1 and v1alpha, for all services that the router has by then and for itself. Call
    /// it last.
    ///
    /// - Parameter descriptorSets: serialized `google.protobuf.FileDescriptorSet`s of the services, imports included.
    ///   Those of health and reflection are added.
    public mutating func reflection(descriptorSets: [[UInt8]]) throws(GRPCError) {
        let own = GRPCDescriptors.fileDescriptorSet.withUTF8Buffer { Base64.decode($0) } ?? []
        let index = try DescriptorIndex(descriptorSets + [own])
        let names = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]
        let reflection = ServerReflection(index: index, services: (services + names).sorted())
        for name in names {
            // v1alpha differs from v1 in its package alone, so both speak v1's messages.
            bidirectional(name, "ServerReflectionInfo") {
                (
                    requests: GRPCRequestStream<Grpc_Reflection_V1_ServerReflectionRequest>,
                    writer: GRPCResponseWriter<Grpc_Reflection_V1_ServerReflectionResponse>, _
                ) in
                for try await request in requests { try await writer.write(reflection.answer(request)) }
            }
        }
    }
}
