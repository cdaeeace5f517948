"""The topics of the broker: creating them, their settings, their deletion."""

import re
import time
import uuid

from errors import Refused
from partition import Partition

NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")
DEFAULTS = {
    "cleanup.policy": "delete", "max.message.bytes": "1048588", "retention.ms": "604800000", "retention.bytes": "-1",
    "segment.bytes": "1073741824", "min.insync.replicas": "1", "min.cleanable.dirty.ratio": "0.5", "compression.type": "producer",
    "message.timestamp.type": "CreateTime", "message.timestamp.before.max.ms": str((1 << 63) - 1), "message.timestamp.after.max.ms": "3600000",
    "unclean.leader.election.enable": "false", "delete.retention.ms": "86400000", "segment.ms": "604800000",
}
NUMERIC = {
    "max.message.bytes", "message.timestamp.before.max.ms", "message.timestamp.after.max.ms", "retention.ms", "retention.bytes", "segment.bytes",
    "min.insync.replicas", "delete.retention.ms",
}
UNKNOWN = "UNKNOWN_TOPIC_OR_PARTITION"


class Topic:
    def __init__(self, name, count, settings, known_from):
        self.name, self.id, self.settings = name, uuid.uuid4().bytes, settings
        self.known_from = known_from
        self.partitions = [Partition(name, index) for index in range(count)]

    def setting(self, name):
        return self.settings.get(name, DEFAULTS[name])

    def check_times(self, batch):
        """Refuses a batch with a record that is too old or of the future, as Kafka does since 4.0."""
        if self.stamps_itself:
            return
        now = time.time() * 1000
        if batch.newest > now + int(self.setting("message.timestamp.after.max.ms")):
            raise Refused("INVALID_TIMESTAMP", "a record is of the future")
        if batch.first_time < now - int(self.setting("message.timestamp.before.max.ms")):
            raise Refused("INVALID_TIMESTAMP", "a record is too old")

    def delete_old(self, partition):
        """Deletes what is older than retention.ms, by the times of the records, and the oldest of what is more than retention.bytes.
        Kafka does so a segment at a time and some minutes later."""
        if "delete" not in self.setting("cleanup.policy"):
            return
        if (retention := int(self.setting("retention.ms"))) >= 0:
            partition.delete_older(time.time() * 1000 - retention)
        if (size := int(self.setting("retention.bytes"))) >= 0:
            partition.delete_beyond(size)

    @property
    def stamps_itself(self):
        """Whether records get the time of their arrival."""
        return self.setting("message.timestamp.type") == "LogAppendTime"

    @property
    def is_known(self):
        """Whether the brokers know the topic, which takes some time after its creation."""
        return time.monotonic() >= self.known_from


class Topics:
    """
    - partitions: of a topic that is created on use; 0 creates none.
    - delay: seconds until a topic that was created can be used.
    """

    def __init__(self, partitions, delay):
        self.on_use, self.delay = partitions, delay
        self.all, self.troubles = {}, {}
        # How many batches for each partition without records are refused, and by which code.
        self.first_refusals = (0, "NONE")

    def trouble(self, name, code):
        """From now on requests for the topic are refused with this code; `none` ends that."""
        self.troubles.pop(name, None)
        if code != "none":
            self.troubles[name] = Refused(code)

    def refuse_first(self, partition):
        """As a broker that leads a partition in the metadata and has not made its log yet: the requests of that time are refused."""
        count, code = self.first_refusals
        if partition.end == 0 and partition.refused < count:
            partition.refused += 1
            raise Refused(code)

    def find(self, name):
        """For clients; the broker itself can use the topic."""
        if name in self.troubles:
            raise self.troubles[name]
        return self.existing(name)

    def existing(self, name):
        topic = self.all.get(name)
        if topic is None or not topic.is_known:
            raise Refused(UNKNOWN)
        return topic

    def partition(self, name, index):
        """For clients: no client meets records that are older than the topic's retention."""
        topic = self.find(name)
        partition = self.of(topic, index)
        topic.delete_old(partition)
        return partition

    @staticmethod
    def of(topic, index):
        if not 0 <= index < len(topic.partitions):
            raise Refused(UNKNOWN)
        return topic.partitions[index]

    @staticmethod
    def check_name(name):
        if not NAME.fullmatch(name) or name in (".", ".."):
            raise Refused("INVALID_TOPIC_EXCEPTION", f"'{name}' is no topic name")

    @staticmethod
    def check_settings(settings):
        for name, value in settings.items():
            if name not in DEFAULTS:
                raise Refused("INVALID_CONFIG", f"unknown setting {name}")
            if name == "message.timestamp.type" and value not in ("CreateTime", "LogAppendTime"):
                raise Refused("INVALID_CONFIG", f"{name} is CreateTime or LogAppendTime")
            if name in NUMERIC and not re.fullmatch(r"-?\d+", value or ""):
                raise Refused("INVALID_CONFIG", f"{name}={value} is no number")
        policies = {policy.strip() for policy in settings.get("cleanup.policy", "delete").split(",")}
        if not policies <= {"compact", "delete"}:
            raise Refused("INVALID_CONFIG", "cleanup.policy is compact, delete or both")

    def create(self, name, count, replicas, settings, is_trial=False):
        self.check_name(name)
        if name in self.all:
            raise Refused("TOPIC_ALREADY_EXISTS", f"Topic '{name}' already exists.")
        if count != -1 and count < 1:
            raise Refused("INVALID_PARTITIONS", "a topic has at least one partition")
        if replicas not in (-1, 1):
            raise Refused("INVALID_REPLICATION_FACTOR", "there is one broker")
        self.check_settings(settings)
        if not is_trial:
            self.all[name] = Topic(name, 1 if count == -1 else count, settings, time.monotonic() + self.delay)

    def create_on_use(self, name):
        if self.on_use and name not in self.all:
            self.create(name, self.on_use, -1, {})

    def delete(self, name):
        topic = self.all.pop(name, None)
        if topic is None:
            raise Refused(UNKNOWN)
        for partition in topic.partitions:
            partition.wake()

    def change(self, name, settings):
        """The topic has these settings besides those that it had."""
        self.check_settings(settings)
        self.existing(name).settings.update(settings)

    def recreate(self, name):
        """Deletes a topic and makes it again, with the same partitions and settings, a new id and no records, while nobody looks."""
        topic = self.existing(name)
        self.delete(name)
        self.all[name] = Topic(name, len(topic.partitions), topic.settings, time.monotonic())

    def wipe(self):
        """All records and what is known of producers are lost, as with the disk of a single broker. The topics stay."""
        for topic in self.all.values():
            old, topic.partitions = topic.partitions, [Partition(topic.name, one.index) for one in topic.partitions]
            for partition in old:
                partition.wake()

    def grow(self, name, count):
        topic = self.find(name)
        if count <= len(topic.partitions):
            raise Refused("INVALID_PARTITIONS", f"it has {len(topic.partitions)} already")
        topic.partitions += [Partition(name, index) for index in range(len(topic.partitions), count)]
