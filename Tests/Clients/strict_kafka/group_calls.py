"""Calls of consumer groups."""

from answers import each, outcome
from errors import Refused
from groups import Group
from wire import Fields


class GroupCalls:
    def group(self, name):
        if not name:
            raise Refused("INVALID_GROUP_ID")
        if name not in self.groups:
            self.groups[name] = Group(self.group_delay)
        return self.groups[name]

    async def join_group(self, request, version):
        try:
            generation, protocol, leader, member, others = await self.group(request.group).join(request, version >= 4)
        except Refused as refusal:
            return Fields(error=refusal.code, generation=-1, member=getattr(refusal, "member", request.member))
        return Fields(error=0, generation=generation, protocol=protocol, leader=leader, member=member, members=[
            Fields(member=name, instance=instance, metadata=metadata) for name, instance, metadata in others])

    async def sync_group(self, request, version):
        try:
            return Fields(error=0, assignment=await self.group(request.group).sync(request))
        except Refused as refusal:
            return Fields(error=refusal.code)

    async def heartbeat(self, request, version):
        return outcome(lambda: self.group(request.group).beat(request) or {})

    async def leave_group(self, request, version):
        return outcome(lambda: self.group(request.group).leave(request.member) or {})

    async def offset_commit(self, request, version):
        def commit(name, one):
            group = self.group(request.group)
            group.check_commit(request)
            group.commit((name, one.index), one.offset, one.metadata)
            return {}
        return Fields(topics=each(request.topics, commit))

    async def offset_fetch(self, request, version):
        group = self.group(request.group)
        topics = request.topics
        if topics is None:
            names = sorted({name for name, _ in group.offsets})
            topics = [Fields(name=name, partitions=[one for known, one in sorted(group.offsets) if known == name]) for name in names]

        def look(name, one):
            if request.require_stable and group.is_unstable((name, one)):
                raise Refused("UNSTABLE_OFFSET_COMMIT")
            offset, metadata = group.offsets.get((name, one), (-1, ""))
            return {"offset": offset, "metadata": metadata, "leader_epoch": -1}
        return Fields(error=0, topics=each(topics, look, offset=-1, metadata="", leader_epoch=-1))
