"""Switches that make calls fail, and the lines that set them.

    lose CALL [COUNT]            the call is done, its connection closed without the answer
    drop CALL [COUNT]            the connection is closed before the call is done
    errors CALL COUNT CODE       it is not done, and answered with this code
    false-errors CALL COUNT CODE it is done, and answered with this code
    delay CALL MILLISECONDS      it is answered later; 0 as usual
    throttle CALL MILLISECONDS   its answer tells of a used-up quota, and the connection's next request waits so long; 0 as usual
    topic-error TOPIC CODE       every request for the topic is refused with this code; none: as usual
    refuse-first COUNT CODE      so many batches for each partition without records are refused; `0 NONE` ends that
    drop-connections             closes all of them
    topic NAME PARTITIONS [SETTING=VALUE ...]
    settings NAME SETTING=VALUE ...
    delete NAME                  deletes a topic
    grow NAME PARTITIONS         the topic has so many partitions from now on
    recreate NAME                deletes a topic and makes it again
    wipe                         all records are lost, and all connections closed; the topics stay
    clear                        no more faults
    status                       the number of answers to each call, by code; transactions that took too long

CALL is a name of the protocol, written like this: produce, end-txn, init-producer-id.
"""

from collections import Counter

from errors import CODES, Refused
from messages import BY_WORD


class Faults:
    def __init__(self):
        self.clear()
        self.calls, self.errors_told = Counter(), Counter()

    def clear(self):
        self.lost, self.dropped, self.delays, self.throttles = Counter(), Counter(), {}, {}
        self.errors, self.false_errors = {}, {}

    @staticmethod
    def take(counter, name):
        """Whether this call is to fail."""
        if counter[name] <= 0:
            return False
        counter[name] -= 1
        return True

    @staticmethod
    def code(errors, name):
        """The code to answer this call with, if any."""
        left, code = errors.get(name, (0, 0))
        if left <= 0:
            return None
        errors[name] = (left - 1, code)
        return code


class Control:
    """Answers lines with `ok ...` or `error ...`."""

    def __init__(self, faults, broker, connections):
        self.faults, self.broker, self.connections = faults, broker, connections

    def answer(self, line):
        words = line.split()
        if not words:
            return "error empty line"
        try:
            return self.obey(words[0], words[1:])
        except (ValueError, IndexError, KeyError):
            return f"error cannot make sense of '{line.strip()}'"
        except Refused as refusal:
            return f"error {refusal}"

    def obey(self, verb, words):
        if verb == "status":
            told = self.faults.calls + self.faults.errors_told
            told["expired"] = self.broker.transactions.expired
            return "ok " + " ".join(f"{name}={count}" for name, count in sorted(told.items()))
        if verb == "clear":
            self.faults.clear()
        elif verb == "drop-connections":
            for writer in list(self.connections):
                writer.close()
        elif verb == "refuse-first":
            self.broker.topics.first_refusals = (int(words[0]), words[1])
        elif verb == "settings":
            self.broker.topics.change(words[0], dict(word.split("=", 1) for word in words[1:]))
        elif verb == "delete":
            self.broker.topics.delete(words[0])
        elif verb == "grow":
            self.broker.topics.grow(words[0], int(words[1]))
        elif verb == "recreate":
            self.broker.topics.recreate(words[0])
        elif verb == "wipe":
            self.broker.topics.wipe()
            self.obey("drop-connections", [])
        elif verb == "topic-error":
            self.broker.topics.trouble(words[0], words[1])
        elif verb == "topic":
            self.broker.topics.create(words[0], int(words[1]), -1, dict(word.split("=", 1) for word in words[2:]))
        else:
            name = words[0]
            if name not in BY_WORD:
                return f"error no call {name}"
            if verb in ("lose", "drop"):
                (self.faults.lost if verb == "lose" else self.faults.dropped)[name] = int(words[1]) if len(words) > 1 else 1
            elif verb in ("errors", "false-errors"):
                (self.faults.errors if verb == "errors" else self.faults.false_errors)[name] = (int(words[1]), CODES[words[2]])
            elif verb == "delay":
                self.faults.delays[name] = int(words[1]) / 1000
            elif verb == "throttle":
                self.faults.throttles[name] = int(words[1])
            else:
                return f"error no verb {verb}"
        return "ok"
