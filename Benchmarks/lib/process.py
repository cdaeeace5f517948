"""Processes under measurement: started, watched and ended by pid."""
import os
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, check, seconds=60):
    """Waits until check() is true; a set-up step, never part of a measurement."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return
        time.sleep(0.02)
    raise RuntimeError(f"{what} did not happen within {seconds} s")


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
        return True
    except OSError:
        return False


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """One server process, its log, and what it has used."""

    def __init__(self, name, command, log_directory, environment=None, port=None, stdin=subprocess.DEVNULL):
        self.name = name
        self.log_path = os.path.join(log_directory, name + ".log")
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            command, stdin=stdin, stdout=self.log, stderr=self.log, env={**os.environ, **(environment or {})})
        if port:
            self.wait(f"{name} listening", lambda: is_listening(port))

    def wait(self, what, check, seconds=60):
        def alive_and():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}; see {self.log_path}:\n{self.tail()}")
            return check()
        wait_for(what, alive_and, seconds)

    def tail(self):
        with open(self.log_path, "rb") as f:
            return f.read()[-2000:].decode(errors="replace")

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def memory_mb(self, field="VmRSS"):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        return 0.0

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
