"""Calls about records: writing, reading, and the offsets where they begin and end."""

import asyncio
import time

import batches
from answers import each
from errors import Refused
from wire import Fields

COMMITTED = 1
LATEST, MAX_TIMESTAMP = -1, -3


class RecordCalls:
    async def produce(self, request, version):
        def take(name, one):
            if request.acks not in (-1, 0, 1):
                raise Refused("INVALID_REQUIRED_ACKS")
            partition, topic = self.topics.partition(name, one.index), self.topics.find(name)
            self.topics.refuse_first(partition)
            if one.records and len(one.records) > int(topic.setting("max.message.bytes")):
                raise Refused("MESSAGE_TOO_LARGE", "the batch is larger than max.message.bytes")
            batch = batches.parse(one.records)
            topic.check_times(batch)
            if batch.is_transactional:
                self.transactions.verify(request.transactional_id, batch.producer_id, batch.epoch, (name, one.index))
            append_time = -1
            if topic.stamps_itself:
                append_time = int(time.time() * 1000)
                batch.stamp(append_time)
            return {"base_offset": partition.append(batch), "append_time": append_time, "log_start": partition.start}
        answers = each(request.topics, take, base_offset=-1, append_time=-1, log_start=-1)
        return Fields(topics=answers) if request.acks else None

    async def fetch(self, request, version):
        deadline = asyncio.get_running_loop().time() + request.max_wait / 1000
        event, watched = asyncio.Event(), self.watched(request)
        for partition in watched:
            partition.watch(event)
        try:
            while True:
                event.clear()
                answers, size, is_refused = self.collect(request)
                left = deadline - asyncio.get_running_loop().time()
                if size >= request.min_bytes or is_refused or left <= 0:
                    return Fields(error=0, session=0, topics=answers)
                try:
                    await asyncio.wait_for(event.wait(), left)
                except TimeoutError:
                    pass
        finally:
            for partition in watched:
                partition.forget(event)

    def watched(self, request):
        found = []
        for topic in request.topics:
            for one in topic.partitions:
                try:
                    found.append(self.topics.partition(topic.name, one.index))
                except Refused:
                    pass
        return found

    def collect(self, request):
        left, size = request.max_bytes, 0

        def read(name, one):
            nonlocal left, size
            partition = self.topics.partition(name, one.index)
            found, aborted = [], None
            if left > 0 or not size:
                found, aborted = partition.read(one.offset, min(one.max_bytes, left), request.isolation == COMMITTED)
            records = b"".join(found)
            left, size = left - len(records), size + len(records)
            return {"high": partition.end, "stable": partition.stable, "log_start": partition.start, "aborted": aborted,
                    "preferred": -1, "records": records}
        answers = each(request.topics, read, high=-1, stable=-1, log_start=-1, preferred=-1, records=b"")
        return answers, size, any(one.error for topic in answers for one in topic.partitions)

    async def list_offsets(self, request, version):
        def look(name, one):
            partition = self.topics.partition(name, one.index)
            timestamp, offset = -1, partition.start
            if one.timestamp == LATEST:
                offset = partition.stable if request.isolation == COMMITTED else partition.end
            elif one.timestamp == MAX_TIMESTAMP:
                timestamp, offset = max(((batch.newest, batch.base_offset) for batch in partition.log), default=(-1, -1))
            elif one.timestamp >= 0:
                timestamp, offset = partition.offset_at(one.timestamp)
            return {"timestamp": timestamp, "offset": offset, "leader_epoch": 0}
        return Fields(topics=each(request.topics, look, timestamp=-1, offset=-1, leader_epoch=-1))

    async def delete_records(self, request, version):
        def delete(name, one):
            partition = self.topics.partition(name, one.index)
            offset = partition.end if one.offset == -1 else one.offset
            if not 0 <= offset <= partition.end:
                raise Refused("OFFSET_OUT_OF_RANGE")
            partition.delete_before(offset)
            return {"low": partition.start}
        return Fields(topics=each(request.topics, delete, low=-1))
