"""The calls that tools begin with: reflection and health."""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc.health.v1 import health_pb2, health_pb2_grpc
from grpc.reflection.v1 import reflection_pb2 as v1
from grpc.reflection.v1 import reflection_pb2_grpc as v1_services
from grpc.reflection.v1alpha import reflection_pb2 as v1alpha
from grpc.reflection.v1alpha import reflection_pb2_grpc as v1alpha_services

from .check import SECONDS, check, failure, same, expect

SERVICES = [
    "events.v1.OrderService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
    "orders.v1.OrderService",
]

for version, messages, stubs in [("v1", v1, v1_services), ("v1alpha", v1alpha, v1alpha_services)]:

    @check(f"reflection {version}: a call made from nothing but what the server tells")
    def _(server, messages=messages, stubs=stubs):
        with server.channel() as channel:
            pool = descriptor_pool.DescriptorPool()
            stub = stubs.ServerReflectionStub(channel)

            def ask(**question):
                request = messages.ServerReflectionRequest(**question)
                return next(iter(stub.ServerReflectionInfo(iter([request]), timeout=SECONDS)))

            listed = [service.name for service in ask(list_services="").list_services_response.service]
            same(listed, SERVICES, "the services")
            answer = ask(file_containing_symbol="orders.v1.OrderService")
            for serialized in dependencies_first(answer.file_descriptor_response.file_descriptor_proto):
                pool.Add(serialized)
            method = pool.FindServiceByName("orders.v1.OrderService").FindMethodByName("PlaceOrder")
            request = message_factory.GetMessageClass(method.input_type)(
                customer_id="c", vendor_id="v", product_id="p", quantity=1, total_price=1.5, payment_method="CARD"
            )
            parse = message_factory.GetMessageClass(method.output_type).FromString
            call = channel.unary_unary("/orders.v1.OrderService/PlaceOrder", type(request).SerializeToString, parse)
            same(call(request, timeout=SECONDS).version, 1, "the version")
            same(ask(file_containing_symbol="no.Such").error_response.error_code, 5, "the error of an unknown symbol")

    @check(f"reflection {version}: many questions on one stream")
    def _(server, messages=messages, stubs=stubs):
        with server.channel() as channel:
            questions = [messages.ServerReflectionRequest(file_containing_symbol=name) for name in SERVICES * 20]
            answers = list(stubs.ServerReflectionStub(channel).ServerReflectionInfo(iter(questions), timeout=SECONDS))
            same(len(answers), len(questions), "the number of answers")
            expect(all(answer.HasField("file_descriptor_response") for answer in answers), "an error")


def dependencies_first(serialized):
    """The files, each after the files that it imports."""
    files = {file.name: file for file in map(descriptor_pb2.FileDescriptorProto.FromString, serialized)}
    ordered = []

    def visit(name):
        if name in files and files[name] not in ordered:
            for dependency in files[name].dependency:
                visit(dependency)
            ordered.append(files[name])

    for name in list(files):
        visit(name)
    return ordered


@check("health of the server and of each service")
def _(server):
    with server.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in ["", *SERVICES]:
            found = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=SECONDS).status
            same(found, health_pb2.HealthCheckResponse.SERVING, f"the health of '{service}'")
        failure(grpc.StatusCode.NOT_FOUND, lambda: stub.Check(health_pb2.HealthCheckRequest(service="no.Such"), timeout=SECONDS))


@check("health can be watched, also of a service that there is not")
def _(server):
    with server.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service, wanted in [("", health_pb2.HealthCheckResponse.SERVING), ("no.Such", health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)]:
            watch = stub.Watch(health_pb2.HealthCheckRequest(service=service), timeout=SECONDS)
            same(next(watch).status, wanted, f"the health of '{service}'")
            watch.cancel()
