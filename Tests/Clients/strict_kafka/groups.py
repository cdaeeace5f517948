"""Consumer groups: their members, the assignment, and the committed offsets."""

import asyncio
import uuid

from errors import Refused

EMPTY, JOINING, SYNCING, STABLE = "empty", "joining", "syncing", "stable"


class Member:
    def __init__(self, session_timeout, rebalance_timeout):
        self.session_timeout, self.rebalance_timeout = session_timeout, rebalance_timeout
        self.protocols, self.assignment, self.instance = [], b"", None
        self.joining = self.syncing = self.alarm = None

    def answer(self, kind, outcome):
        waiting = getattr(self, kind)
        setattr(self, kind, None)
        if waiting is not None and not waiting.done():
            if isinstance(outcome, Exception):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)


class Group:
    """- delay: seconds that the first member of an empty group waits for others."""

    def __init__(self, delay):
        self.delay = delay
        self.state, self.generation, self.protocol, self.leader = EMPTY, 0, "", ""
        self.members, self.expected = {}, set()
        self.offsets, self.pending = {}, {}
        self.rebalance = None

    # Membership

    async def join(self, request, wants_id_first):
        name = request.member
        if not name:
            name = f"member-{uuid.uuid4()}"
            if wants_id_first:
                self.expected.add(name)
                raise NeedsID(name)
        elif name not in self.members and name not in self.expected:
            raise Refused("UNKNOWN_MEMBER_ID")
        shared = set.intersection({one.name for one in request.protocols},
                                  *({one.name for one in other.protocols} for key, other in self.members.items() if key != name))
        if not shared:
            raise Refused("INCONSISTENT_GROUP_PROTOCOL")
        self.expected.discard(name)
        member = self.members.setdefault(name, Member(request.session_timeout, request.rebalance_timeout))
        is_same = [vars(one) for one in member.protocols] == [vars(one) for one in request.protocols]
        member.protocols, member.instance = request.protocols, request.instance
        self.heard(name)
        if self.state in (SYNCING, STABLE) and is_same and (self.state == SYNCING or name != self.leader):
            return self.joined(name)
        member.answer("joining", Refused("REBALANCE_IN_PROGRESS"))
        member.joining = asyncio.get_running_loop().create_future()
        waiting = member.joining
        self.prepare()
        return await waiting

    def prepare(self):
        if self.state != JOINING:
            longest = max((member.rebalance_timeout for member in self.members.values()), default=0) / 1000
            wait, self.rebalance_is_first = (self.delay, True) if self.state == EMPTY else (longest, False)
            self.state = JOINING
            for member in self.members.values():
                member.answer("syncing", Refused("REBALANCE_IN_PROGRESS"))
            self.rebalance = asyncio.get_running_loop().call_later(wait, self.complete)
        if not self.rebalance_is_first and all(member.joining for member in self.members.values()):
            self.complete()

    def complete(self):
        self.rebalance.cancel()
        for name in [name for name, member in self.members.items() if member.joining is None]:
            self.drop(name)
        self.generation += 1
        if not self.members:
            self.state = EMPTY
            return
        self.state = SYNCING
        shared = set.intersection(*({one.name for one in member.protocols} for member in self.members.values()))
        if self.leader not in self.members:
            self.leader = next(iter(self.members))
        self.protocol = next(one.name for one in self.members[self.leader].protocols if one.name in shared)
        for name, member in self.members.items():
            member.assignment = b""
            member.answer("joining", self.joined(name))

    def joined(self, name):
        """The answer to a member; the leader's also lists the other members."""
        others = [(key, member.instance, next(one.metadata for one in member.protocols if one.name == self.protocol))
                  for key, member in self.members.items()] if name == self.leader else []
        return self.generation, self.protocol, self.leader, name, others

    async def sync(self, request):
        member = self.member(request)
        if self.state == JOINING:
            raise Refused("REBALANCE_IN_PROGRESS")
        if self.state == STABLE:
            return member.assignment
        if request.member == self.leader:
            for one in request.assignments:
                if one.member in self.members:
                    self.members[one.member].assignment = one.assignment
            self.state = STABLE
            for one in self.members.values():
                one.answer("syncing", one.assignment)
            return member.assignment
        member.syncing = asyncio.get_running_loop().create_future()
        return await member.syncing

    def member(self, request):
        if request.member not in self.members:
            raise Refused("UNKNOWN_MEMBER_ID")
        if request.generation != self.generation:
            raise Refused("ILLEGAL_GENERATION")
        self.heard(request.member)
        return self.members[request.member]

    def beat(self, request):
        self.member(request)
        if self.state == JOINING:
            raise Refused("REBALANCE_IN_PROGRESS")

    def heard(self, name):
        member = self.members[name]
        if member.alarm:
            member.alarm.cancel()
        member.alarm = asyncio.get_running_loop().call_later(member.session_timeout / 1000, self.expire, name)

    def expire(self, name):
        member = self.members.get(name)
        if member and (member.joining or member.syncing):
            self.heard(name)
        elif member:
            self.leave(name)

    def leave(self, name):
        if name not in self.members and name not in self.expected:
            raise Refused("UNKNOWN_MEMBER_ID")
        self.expected.discard(name)
        if name in self.members:
            self.drop(name)
            if self.members or self.state == JOINING:
                self.prepare()
            else:
                self.state, self.generation = EMPTY, self.generation + 1

    def drop(self, name):
        member = self.members.pop(name)
        member.alarm.cancel()
        for kind in ("joining", "syncing"):
            member.answer(kind, Refused("UNKNOWN_MEMBER_ID"))

    # Offsets

    def check_commit(self, request):
        """Without a generation the client is no member; it may commit while the group has no members."""
        if request.generation is None or request.generation < 0:
            if self.members and not request.member:
                raise Refused("UNKNOWN_MEMBER_ID")
        else:
            self.member(request)
            if self.state == SYNCING:
                raise Refused("REBALANCE_IN_PROGRESS")

    def commit(self, place, offset, metadata):
        self.offsets[place] = (offset, metadata)

    def commit_in_transaction(self, producer_id, place, offset, metadata):
        self.pending.setdefault(producer_id, {})[place] = (offset, metadata)

    def settle(self, producer_id, commits):
        found = self.pending.pop(producer_id, {})
        if commits:
            self.offsets.update(found)

    def is_unstable(self, place):
        return any(place in found for found in self.pending.values())


class NeedsID(Refused):
    """The member must join again under this id."""

    def __init__(self, member):
        super().__init__("MEMBER_ID_REQUIRED")
        self.member = member
