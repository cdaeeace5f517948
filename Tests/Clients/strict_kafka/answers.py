"""The answers of calls: for each partition the result, or the code of the refusal."""

from errors import CODES, Refused
from wire import Fields


def outcome(body, **otherwise):
    """The fields of an answer, or of an answer with only the reason of the refusal."""
    try:
        return Fields(error=0, **body())
    except Refused as refusal:
        return Fields(error=refusal.code, message=refusal.message, **otherwise)


def each(topics, body, **otherwise):
    """The answers for every partition of the request."""
    return [Fields(name=topic.name, partitions=[
        Fields(index=index(one), **vars(outcome(lambda: body(topic.name, one), **otherwise))) for one in topic.partitions]) for topic in topics]


def index(partition):
    return partition if isinstance(partition, int) else partition.index


def fenced_as_known(answer, is_recent):
    """Old versions of a call get the old code for fencing."""
    if answer.error == CODES["PRODUCER_FENCED"] and not is_recent:
        answer.error = CODES["INVALID_PRODUCER_EPOCH"]
    return answer
