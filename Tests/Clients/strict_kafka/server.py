"""Connections: requests are answered one after the other, as a broker does."""

import asyncio
import struct
import sys
import traceback
from collections import deque

from distance import Road
from errors import CODES
from messages import BY_KEY
from sasl import CALLS, Door
from wire import Fields, Malformed, Reader

LARGEST_REQUEST = 100 << 20


class Server:
    def __init__(self, broker, faults, distance, password_file=None):
        self.broker, self.faults, self.distance, self.password_file = broker, faults, distance, password_file
        self.connections = set()

    async def serve(self, reader, writer):
        self.connections.add(writer)
        loop, road, waiting = asyncio.get_running_loop(), Road(self.distance), deque()
        door = Door(self.password_file)
        try:
            while True:
                size = struct.unpack(">i", await reader.readexactly(4))[0]
                if not 0 < size <= LARGEST_REQUEST:
                    break
                request = await reader.readexactly(size)
                due = road.due(loop.time(), size)
                answer, muted = await self.answer(request, door)
                if answer is None:
                    break
                if not answer:
                    continue
                answer = struct.pack(">i", len(answer)) + answer
                if self.distance.is_none:
                    writer.write(answer)
                    await writer.drain()
                    # As brokers do since Kafka 2.0: the answer comes at once, and the next request is not read yet.
                    if muted:
                        await asyncio.sleep(muted)
                else:
                    # The next request is read meanwhile.
                    waiting.append(answer)
                    loop.call_at(due, send, writer, waiting)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Malformed as problem:
            print("malformed request:", problem, file=sys.stderr, flush=True)
        except Exception:
            traceback.print_exc()
        finally:
            self.connections.discard(writer)
            writer.close()

    async def answer(self, data, door):
        """The bytes to send, none where the client expects no answer, None where the connection is to be closed; and the seconds
        that the connection is muted afterwards."""
        reader = Reader(data)
        key, version, correlation = struct.unpack(">hhi", reader.take(8))
        client = reader.number("i16")
        reader.take(max(client, 0))
        message = BY_KEY.get(key)
        head = struct.pack(">i", correlation)
        if message is None or not message.versions[0] <= version <= message.versions[1]:
            if message is None or message.name != "ApiVersions":
                print(f"unknown call {key} version {version}", file=sys.stderr, flush=True)
                return None, 0
            unsupported = vars(await self.broker.api_versions(None, 0)) | {"error": CODES["UNSUPPORTED_VERSION"]}
            return head + message.write(Fields(**unsupported), 0), 0
        if message.is_flexible(version):
            reader.tags()
            # Except for ApiVersions: a client that asks for the versions may not know this one yet.
            head += b"" if message.name == "ApiVersions" else b"\0"
        if not door.lets_in(message.name):
            return None, 0
        request = message.read(reader, version)
        if message.name in CALLS:
            return head + message.write(door.answer(message.name, request), version), 0
        answer = await self.outcome(message, request, version)
        if answer is None or answer is False:
            return (b"" if answer is False else None), 0
        answer.throttle = self.faults.throttles.get(message.word, 0)
        return head + message.write(answer, version), answer.throttle / 1000

    async def outcome(self, message, request, version):
        name = message.word
        if self.faults.take(self.faults.dropped, name):
            return None
        code = self.faults.code(self.faults.errors, name)
        if code is not None:
            answer = refusal(request, code)
        else:
            answer = await getattr(self.broker, message.method)(request, version)
            # Only a Produce with acks=0 expects no answer.
            if answer is None:
                return False
            code = self.faults.code(self.faults.false_errors, name)
            if code is not None:
                answer = refusal(request, code)
        self.count(name, answer)
        if self.faults.take(self.faults.lost, name):
            return None
        if delay := self.faults.delays.get(name):
            await asyncio.sleep(delay)
        return answer

    def count(self, name, answer):
        self.faults.calls[name] += 1
        told = [getattr(answer, "error", 0) or 0]
        for topic in getattr(answer, "topics", None) or []:
            told += [getattr(topic, "error", 0) or 0] + [getattr(one, "error", 0) for one in getattr(topic, "partitions", None) or []]
        for code in told:
            if code:
                self.faults.errors_told[f"{name}:{NAMES.get(code, code)}"] += 1


def send(writer, waiting):
    """Sends the oldest answer: timers of the same moment may ring in any order."""
    answer = waiting.popleft()
    if not writer.is_closing():
        writer.write(answer)


NAMES = {code: name for name, code in CODES.items()}


def refusal(request, code):
    """An answer with the same code for every part of the request."""
    topics = [
        Fields(name=topic.name, error=code, partitions=[
            Fields(index=one if isinstance(one, int) else one.index, error=code, base_offset=-1, offset=-1, high=-1, stable=-1, preferred=-1, records=b"")
            for one in getattr(topic, "partitions", None) or [] if isinstance(one, int) or hasattr(one, "index")])
        for topic in getattr(request, "topics", None) or []]
    return Fields(error=code, topics=topics, producer_id=-1, epoch=-1, generation=-1, node=-1)
