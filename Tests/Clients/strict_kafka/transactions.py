"""The transaction coordinator: the producers of each id, and the outcome of transactions (KIP-98, KIP-360, KIP-447)."""

import asyncio
import time

from errors import Refused

EMPTY, ONGOING, COMMITTING, ABORTING, COMMITTED, ABORTED = "empty", "ongoing", "committing", "aborting", "committed", "aborted"
LAST_EPOCH = 32766
LONGEST_TIMEOUT_MS = 900_000


class Transaction:
    """The state of one transactional id."""

    def __init__(self, producer_id, timeout):
        self.producer_id, self.epoch, self.timeout = producer_id, -1, timeout
        self.state, self.began = EMPTY, 0.0
        self.partitions, self.groups = set(), set()

    @property
    def is_ending(self):
        return self.state in (COMMITTING, ABORTING)


class Coordinator:
    """
    - completion: seconds between deciding about a transaction and its markers.
    - finish: writes a marker: topic, partition, producer id, epoch, whether it commits.
    - settle: the same for a group's offsets.
    """

    def __init__(self, completion, finish, settle):
        self.completion, self.finish, self.settle = completion, finish, settle
        self.all, self.next_id = {}, 1000
        self.expired = 0
        self.tasks = set()

    def new_id(self):
        self.next_id += 1
        return self.next_id

    def start(self, name, timeout, producer_id, epoch):
        """InitProducerId: the producer id and epoch from now on. An open transaction is aborted first."""
        if name is None:
            return self.new_id(), 0
        if not name:
            raise Refused("INVALID_REQUEST")
        if not 0 < timeout <= LONGEST_TIMEOUT_MS:
            raise Refused("INVALID_TRANSACTION_TIMEOUT")
        found = self.all.get(name)
        if found is None:
            found = self.all[name] = Transaction(self.new_id(), timeout)
        if producer_id not in (None, -1) and (producer_id, epoch) != (found.producer_id, found.epoch):
            raise Refused("PRODUCER_FENCED")
        if found.is_ending:
            raise Refused("CONCURRENT_TRANSACTIONS")
        if found.state == ONGOING:
            self.fence(name, found)
            raise Refused("CONCURRENT_TRANSACTIONS")
        if found.epoch >= LAST_EPOCH:
            found.producer_id, found.epoch = self.new_id(), -1
        found.epoch += 1
        found.timeout, found.state = timeout, EMPTY
        return found.producer_id, found.epoch

    def known(self, name, producer_id, epoch):
        found = self.all.get(name)
        if found is None or found.producer_id != producer_id:
            raise Refused("INVALID_PRODUCER_ID_MAPPING")
        if found.epoch != epoch:
            raise Refused("PRODUCER_FENCED")
        return found

    def add(self, name, producer_id, epoch, partitions=(), groups=()):
        found = self.known(name, producer_id, epoch)
        if found.is_ending:
            raise Refused("CONCURRENT_TRANSACTIONS")
        if found.state != ONGOING:
            found.state, found.began = ONGOING, time.monotonic()
        found.partitions.update(partitions)
        found.groups.update(groups)

    def verify(self, name, producer_id, epoch, place):
        """A transactional batch is accepted only for a partition of the open transaction, offsets only for its groups (KIP-890)."""
        found = self.all.get(name)
        if found is None or found.producer_id != producer_id:
            raise Refused("INVALID_PRODUCER_ID_MAPPING")
        if found.epoch != epoch:
            raise Refused("INVALID_PRODUCER_EPOCH")
        if found.is_ending:
            # Producers get a code that they know as a reason to retry.
            raise Refused("NOT_ENOUGH_REPLICAS")
        if found.state != ONGOING or place not in found.partitions | found.groups:
            raise Refused("INVALID_TXN_STATE", "it was not added to the transaction")

    def end(self, name, producer_id, epoch, commits):
        """EndTxn: answered when it is decided; the markers follow."""
        found = self.known(name, producer_id, epoch)
        if found.state == ONGOING:
            return self.decide(name, found, commits)
        if (found.state, commits) in ((COMMITTED, True), (ABORTED, False)):
            return None
        if (found.state, commits) in ((COMMITTING, True), (ABORTING, False)):
            raise Refused("CONCURRENT_TRANSACTIONS")
        raise Refused("INVALID_TXN_STATE", f"it is {found.state}")

    def fence(self, name, found):
        """The producer is fenced, and its open transaction is aborted."""
        found.epoch += 1
        self.decide(name, found, False)

    def decide(self, name, found, commits):
        found.state = COMMITTING if commits else ABORTING
        task = asyncio.create_task(self.complete(name, found, commits))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def complete(self, name, found, commits):
        """The markers come after a delay, and all at once.

        A broker gets the markers of all its partitions in one request, and looks at the waiting fetches after the last of them.
        So a fetch that waits at the end of these partitions gets the records of each; there must be no await in the loop.
        """
        await asyncio.sleep(self.completion)
        for place in sorted(found.partitions) + sorted(found.groups):
            if isinstance(place, tuple):
                self.finish(*place, found.producer_id, found.epoch, commits)
            else:
                self.settle(place, found.producer_id, commits)
        found.partitions, found.groups = set(), set()
        found.state = COMMITTED if commits else ABORTED

    def expire(self):
        """Aborts transactions that are open for longer than their producer's timeout."""
        for name, found in self.all.items():
            if found.state == ONGOING and time.monotonic() - found.began > found.timeout / 1000:
                self.expired += 1
                self.fence(name, found)
