"""How far away the broker is, and how long it works: its answers are held back until they are due. It costs no processor.

A request travels for half of the latency. The requests of one connection are then served one after the other, as Apache Kafka does; the
answer travels for the other half. Requests that are under way together wait for the network together.
"""


class Distance:
    def __init__(self, latency=0.0, request_time=0.0, byte_time=0.0):
        """In seconds: a round trip through the network, the work for each request, and that for each byte of a request."""
        self.latency, self.request_time, self.byte_time = latency, request_time, byte_time

    @property
    def is_none(self):
        return not (self.latency or self.request_time or self.byte_time)


class Road:
    """One connection's way to the broker."""

    def __init__(self, distance):
        self.distance, self.free_at = distance, 0.0

    def due(self, came_at, size):
        """When the answer to a request of so many bytes arrives at the client, if the broker itself takes no time."""
        begin = max(came_at + self.distance.latency / 2, self.free_at)
        self.free_at = begin + self.distance.request_time + size * self.distance.byte_time
        return self.free_at + self.distance.latency / 2
