"""Calls of transactional producers."""

from answers import each, fenced_as_known, outcome
from errors import Refused
from wire import Fields


class TransactionCalls:
    async def init_producer_id(self, request, version):
        def start():
            producer_id, epoch = self.transactions.start(request.transactional_id, request.timeout, request.producer_id, request.epoch)
            return {"producer_id": producer_id, "epoch": epoch}
        return fenced_as_known(outcome(start, producer_id=-1, epoch=-1), version >= 4)

    async def add_partitions_to_txn(self, request, version):
        places = [(topic.name, one) for topic in request.topics for one in topic.partitions]
        refusals = {place: refusal for place in places if (refusal := self.refusal(*place))}
        whole = Fields(error=0)
        if not refusals:
            whole = outcome(lambda: self.transactions.add(
                request.transactional_id, request.producer_id, request.epoch, partitions=places) or {})

        def added(name, one):
            if refusals:
                raise refusals.get((name, one)) or Refused("OPERATION_NOT_ATTEMPTED")
            return {}
        answers = each(request.topics, added)
        for one in (one for topic in answers for one in topic.partitions):
            one.error = one.error or fenced_as_known(whole, version >= 2).error
        return Fields(topics=answers)

    def refusal(self, name, partition):
        """The reason why a partition may not be part of a transaction, if there is one."""
        try:
            self.topics.partition(name, partition)
        except Refused as refusal:
            return refusal

    async def add_offsets_to_txn(self, request, version):
        return fenced_as_known(outcome(lambda: self.transactions.add(
            request.transactional_id, request.producer_id, request.epoch, groups=[request.group]) or {}), version >= 2)

    async def end_txn(self, request, version):
        return fenced_as_known(outcome(lambda: self.transactions.end(
            request.transactional_id, request.producer_id, request.epoch, request.commits) or {}), version >= 2)

    async def txn_offset_commit(self, request, version):
        def commit(name, one):
            group = self.group(request.group)
            self.transactions.verify(request.transactional_id, request.producer_id, request.epoch, request.group)
            group.check_commit(request)
            group.commit_in_transaction(request.producer_id, (name, one.index), one.offset, one.metadata)
            return {}
        return Fields(topics=each(request.topics, commit))
