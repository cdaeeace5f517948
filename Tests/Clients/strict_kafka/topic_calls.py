"""Calls about topics: making and deleting them, and their settings."""

from answers import outcome
from errors import Refused
from topics import DEFAULTS
from wire import Fields

TOPIC = 2
FROM_TOPIC, FROM_DEFAULT = 1, 5
PUT, DELETE = 0, 1


class TopicCalls:
    async def create_topics(self, request, version):
        def create(one):
            settings = {setting.name: setting.value for setting in one.settings}
            count, replicas = (len(one.assignments), 1) if one.assignments else (one.partitions, one.replicas)
            self.topics.create(one.name, count, replicas, settings, request.is_trial)
            return {}
        return Fields(topics=[Fields(name=one.name, **vars(outcome(lambda: create(one)))) for one in request.topics])

    async def delete_topics(self, request, version):
        return Fields(topics=[Fields(name=name, **vars(outcome(lambda: self.topics.delete(name) or {}))) for name in request.names])

    async def create_partitions(self, request, version):
        return Fields(topics=[
            Fields(name=one.name, **vars(outcome(lambda: self.topics.grow(one.name, one.count) or {}))) for one in request.topics])

    async def describe_configs(self, request, version):
        def describe(one):
            if one.kind != TOPIC:
                return {"settings": []}
            topic = self.topics.find(one.name)
            return {"settings": [
                Fields(name=name, value=topic.setting(name), source=FROM_TOPIC if name in topic.settings else FROM_DEFAULT)
                for name in DEFAULTS if one.keys is None or name in one.keys]}
        return Fields(resources=[Fields(kind=one.kind, name=one.name, **vars(outcome(lambda: describe(one)))) for one in request.resources])

    async def incremental_alter_configs(self, request, version):
        def alter(one):
            if one.kind != TOPIC or any(setting.operation not in (PUT, DELETE) for setting in one.settings):
                raise Refused("INVALID_REQUEST")
            topic = self.topics.find(one.name)
            settings = dict(topic.settings)
            for setting in one.settings:
                settings.pop(setting.name, None)
                if setting.operation == PUT:
                    settings[setting.name] = setting.value
            self.topics.check_settings(settings)
            topic.settings = settings
            return {}
        return Fields(resources=[Fields(kind=one.kind, name=one.name, **vars(outcome(lambda: alter(one)))) for one in request.resources])
