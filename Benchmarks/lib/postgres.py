"""A private Postgres with everything durable: fsync and synchronous_commit on."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile

from . import process


class Postgres:
    def __init__(self):
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.directory = tempfile.mkdtemp(prefix="outbox-bench-")
        self.port = process.free_port()
        self.run_as = []
        if os.getuid() == 0:
            self.run_as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(self.directory, "postgres", "postgres")
        data = os.path.join(self.directory, "data")
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale")
        self.options = (f"-p {self.port} -h 127.0.0.1 -c unix_socket_directories= -c shared_buffers=512MB -c max_connections=200 "
                   "-c max_wal_size=4GB -c checkpoint_timeout=15min -c fsync=on -c synchronous_commit=on "
                   "-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.track=none")
        self.data = data
        self.start()

    def start(self):
        self._run("pg_ctl", "-D", self.data, "-l", os.path.join(self.directory, "log"), "-w", "-t", "120", "-s", "start", "-o", self.options,
                  quiet=True)

    def crash(self):
        """kill -9 of the postmaster; its children notice and end, and until they have, a new one refuses to start."""
        with open(os.path.join(self.data, "postmaster.pid")) as f:
            pid = int(f.readline())
        children = self._children(pid)
        os.kill(pid, signal.SIGKILL)
        process.wait_for("the end of Postgres", lambda: not any(os.path.exists(f"/proc/{p}") for p in [pid, *children]))

    def freeze(self):
        """Stops all its processes: connections stay open and nobody answers. The postmaster first, so that no child is born that runs."""
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in self._processes():
            os.kill(pid, signal.SIGCONT)

    def _processes(self):
        with open(os.path.join(self.data, "postmaster.pid")) as f:
            pid = int(f.readline())
        yield pid
        yield from self._children(pid)

    @staticmethod
    def _children(pid):
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(child) for child in f.read().split()]

    def _run(self, program, *arguments, quiet=False):
        subprocess.run([*self.run_as, os.path.join(self.bin, program), *arguments], check=True, cwd="/",
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL if quiet else None)

    def url(self, database="bench"):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database="bench"):
        self.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", "postgres")
        self.sql(f"CREATE DATABASE {database}", "postgres")

    def sql(self, text, database="bench"):
        """Runs a script and returns the last statement's first column of the first row, as text."""
        out = subprocess.run([os.path.join(self.bin, "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", self.url(database)],
                             input=text, text=True, capture_output=True)
        if out.returncode != 0:
            raise RuntimeError(f"psql: {out.stderr}")
        lines = out.stdout.split("\n")
        return lines[-2].split("|")[0] if len(lines) > 1 else ""

    def cpu_seconds(self):
        """Of all its processes that live, and of those that have ended."""
        total = 0
        postmaster = True
        for pid in self._processes():
            try:
                with open(f"/proc/{pid}/stat") as f:
                    fields = f.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            total += sum(int(field) for field in fields[11:15 if postmaster else 13])
            postmaster = False
        return total / os.sysconf("SC_CLK_TCK")

    def count(self, table, database="bench"):
        return int(self.sql(f"SELECT count(*) FROM {table}", database))

    def settle(self):
        """Between rounds: flush dirty pages, so that no measurement pays for the one before it."""
        self.sql("CHECKPOINT", "postgres")

    def pgbench(self, script, clients, seconds, variables=(), log_prefix=None):
        command = [os.path.join(self.bin, "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)),
                   "-T", str(seconds), "-f", script]
        for name, value in variables:
            command += ["-D", f"{name}={value}"]
        if log_prefix:
            command += ["-l", f"--log-prefix={log_prefix}"]
        command += [self.url()]
        out = subprocess.run(command, capture_output=True, text=True)
        if out.returncode != 0:
            raise RuntimeError(f"pgbench: {out.stderr}")
        return float(next(line for line in out.stdout.split("\n") if line.startswith("tps")).split()[2])

    def stop(self):
        try:
            self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "-s", "stop")
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)
