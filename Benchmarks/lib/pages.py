"""Pages of a console that listen to its live updates."""
import threading
import urllib.request


class Listeners:
    """So many streams, each read by a thread."""

    def __init__(self, url, count):
        self.url, self.count = url, count
        self.updates = [0] * count
        self.changed = threading.Condition()
        self.answers = []

    def __enter__(self):
        for number in range(self.count):
            self.answers.append(urllib.request.urlopen(self.url + "/api/v1/live", timeout=30))
            threading.Thread(target=self.read, args=(number,), daemon=True).start()
        return self

    def __exit__(self, *_):
        for answer in self.answers:
            answer.fp.raw._sock.shutdown(2)

    def read(self, number):
        try:
            for line in self.answers[number]:
                if line.startswith(b"event: status"):
                    with self.changed:
                        self.updates[number] += 1
                        self.changed.notify_all()
        except OSError:
            pass

    def wait_for_updates(self, count):
        """Until each page got so many more."""
        wanted = [updates + count for updates in self.updates]
        with self.changed:
            if not self.changed.wait_for(lambda: all(has >= want for has, want in zip(self.updates, wanted)), 60):
                raise RuntimeError("a page gets no updates")
