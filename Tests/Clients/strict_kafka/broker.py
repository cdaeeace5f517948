"""The broker: the state that all connections share. Its methods are the calls of the protocol."""

import asyncio

from answers import outcome
from errors import Refused
from group_calls import GroupCalls
from messages import MESSAGES
from record_calls import RecordCalls
from topic_calls import TopicCalls
from topics import Topics
from transaction_calls import TransactionCalls
from transactions import Coordinator
from wire import Fields

NODE = 1
CLUSTER = "strict-kafka"
EXPIRY_INTERVAL = 0.1


class Broker(RecordCalls, TopicCalls, TransactionCalls, GroupCalls):
    def __init__(self, host, options):
        self.host, self.port = host, 0
        self.topics = Topics(options.auto_create, options.propagation)
        self.groups, self.group_delay = {}, options.group_delay
        self.transactions = Coordinator(options.completion, self.finish, lambda group, *how: self.group(group).settle(*how))

    async def expire(self):
        while True:
            await asyncio.sleep(EXPIRY_INTERVAL)
            self.transactions.expire()

    def finish(self, topic, partition, producer_id, epoch, commits):
        try:
            self.topics.of(self.topics.existing(topic), partition).finish(producer_id, epoch, commits)
        except Refused:
            # The topic was deleted, and its records with it.
            pass

    async def api_versions(self, request, version):
        calls = [Fields(key=one.key, oldest=0 if one.name == "Produce" else one.versions[0], newest=one.versions[1]) for one in MESSAGES]
        return Fields(error=0, calls=calls)

    async def metadata(self, request, version):
        if request.topics is None or version == 0 and not request.topics:
            names = [name for name, topic in self.topics.all.items() if topic.is_known]
        else:
            names = [one.name for one in request.topics]
        broker = Fields(node=NODE, host=self.host, port=self.port)
        may_create = request.may_create is not False
        return Fields(brokers=[broker], cluster=CLUSTER, controller=NODE, operations=-1 << 31, topics=[
            Fields(name=name, operations=-1 << 31, **vars(outcome(lambda: self.describe(name, may_create), partitions=[]))) for name in names])

    def describe(self, name, may_create):
        self.topics.check_name(name)
        if may_create:
            self.topics.create_on_use(name)
        topic = self.topics.find(name)
        return {"id": topic.id, "partitions": [
            Fields(error=0, index=one.index, leader=NODE, leader_epoch=0, replicas=[NODE], in_sync=[NODE]) for one in topic.partitions]}

    async def find_coordinator(self, request, version):
        return Fields(error=0, node=NODE, host=self.host, port=self.port)
