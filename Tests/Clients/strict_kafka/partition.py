"""One partition: its log, the state of each producer, and the open and the aborted transactions."""

import asyncio
import bisect
from collections import deque
from dataclasses import dataclass, field

import batches
from errors import Refused

REMEMBERED_BATCHES = 5


@dataclass
class ProducerState:
    epoch: int = -1
    last_sequence: int = -1
    # First and last sequence number, and the offset of the last batches of this epoch.
    recent: deque = field(default_factory=lambda: deque(maxlen=REMEMBERED_BATCHES))
    # Where its open transaction begins.
    open_since: int | None = None


@dataclass
class Aborted:
    producer_id: int
    first_offset: int
    last_offset: int


class Partition:
    def __init__(self, topic, index):
        self.topic, self.index = topic, index
        self.log, self.ends = [], []
        self.start = self.end = 0
        self.producers, self.aborted = {}, []
        self.waiting = set()
        # Batches that were refused because of `refuse-first`.
        self.refused = 0

    @property
    def stable(self):
        """The end for readers of committed messages."""
        return min((state.open_since for state in self.producers.values() if state.open_since is not None), default=self.end)

    # Writing

    def append(self, batch):
        """The offset of a producer's batch, also if it is there already."""
        if batch.producer_id != batches.NO_PRODUCER:
            state = self.producers.get(batch.producer_id, ProducerState())
            known = self.duplicate(state, batch)
            if known is not None:
                return known
            self.check(state, batch)
            self.producers[batch.producer_id] = state
            if batch.epoch != state.epoch:
                state.epoch = batch.epoch
                state.recent.clear()
        self.write(batch)
        if batch.producer_id != batches.NO_PRODUCER:
            state.last_sequence = batch.last_sequence
            state.recent.append((batch.first_sequence, batch.last_sequence, batch.base_offset))
            if batch.is_transactional and state.open_since is None:
                state.open_since = batch.base_offset
        self.wake()
        return batch.base_offset

    @staticmethod
    def duplicate(state, batch):
        if batch.epoch == state.epoch:
            for first, last, offset in state.recent:
                if (first, last) == (batch.first_sequence, batch.last_sequence):
                    return offset
        return None

    @staticmethod
    def check(state, batch):
        if batch.epoch < state.epoch:
            raise Refused("INVALID_PRODUCER_EPOCH", f"epoch {batch.epoch} after {state.epoch}")
        if state.epoch < 0:
            # As Apache Kafka does: a producer without state may begin with any number, since its batches may have been deleted.
            # So the second of two batches under way is accepted as the first where the first one was refused.
            return
        expected = (state.last_sequence + 1) % batches.SEQUENCES if batch.epoch == state.epoch else 0
        if batch.first_sequence != expected:
            raise Refused("OUT_OF_ORDER_SEQUENCE_NUMBER", f"{batch.first_sequence} where {expected} was to come")
        if state.open_since is not None and not batch.is_transactional:
            raise Refused("INVALID_TXN_STATE", "a batch outside the producer's open transaction")

    def write(self, batch):
        batch.place(self.end)
        self.log.append(batch)
        self.ends.append(batch.last_offset)
        self.end = batch.last_offset + 1

    def finish(self, producer_id, epoch, commits):
        """Ends a transaction, as the coordinator decided."""
        state = self.producers.setdefault(producer_id, ProducerState())
        if epoch < state.epoch:
            raise Refused("INVALID_PRODUCER_EPOCH")
        end = batches.marker(producer_id, epoch, commits)
        self.write(end)
        if epoch > state.epoch:
            # The next batch of this epoch begins anew.
            state.epoch, state.last_sequence = epoch, -1
            state.recent.clear()
        if state.open_since is not None and not commits:
            self.aborted.append(Aborted(producer_id, state.open_since, end.base_offset))
        state.open_since = None
        self.wake()

    def delete_before(self, offset):
        self.start = max(self.start, offset)
        kept = bisect.bisect_left(self.ends, self.start)
        del self.log[:kept], self.ends[:kept]

    def delete_older(self, time):
        """Deletes the decided batches up to the first one that has a record of this time (milliseconds since 1970) or later."""
        offset = self.start
        for batch in self.log:
            if batch.newest >= time or batch.last_offset >= self.stable:
                break
            offset = batch.last_offset + 1
        self.delete_before(offset)

    def delete_beyond(self, size):
        """Deletes the oldest decided batches, for as long as the others are at least so many bytes."""
        left, offset = sum(len(batch.data) for batch in self.log), self.start
        for batch in self.log:
            left -= len(batch.data)
            if left < size or batch.last_offset >= self.stable:
                break
            offset = batch.last_offset + 1
        self.delete_before(offset)

    # Reading

    def read(self, offset, limit, is_committed_only):
        """The batches from the one that holds `offset` on: the first whole, more while they fit. And the aborted transactions among them."""
        if not self.start <= offset <= self.end:
            raise Refused("OFFSET_OUT_OF_RANGE")
        bound = self.stable if is_committed_only else self.end
        found, size, end = [], 0, offset
        for place in range(bisect.bisect_left(self.ends, offset), len(self.log)):
            batch = self.log[place]
            if batch.base_offset >= bound or found and size + len(batch.data) > limit:
                break
            found.append(batch.data)
            size += len(batch.data)
            end = batch.last_offset + 1
        if not is_committed_only:
            return found, None
        return found, [one for one in self.aborted if one.last_offset >= offset and one.first_offset < end]

    def offset_at(self, timestamp):
        """The first batch with a record of this time or later; the record within the batch is not known here."""
        for batch in self.log:
            if batch.newest >= timestamp and not batch.is_control:
                return batch.newest, batch.base_offset
        return -1, -1

    def wake(self):
        for event in self.waiting:
            event.set()

    def watch(self, event: asyncio.Event):
        self.waiting.add(event)

    def forget(self, event: asyncio.Event):
        self.waiting.discard(event)
