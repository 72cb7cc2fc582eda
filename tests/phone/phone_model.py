"""What a phone must do, in a few lines of its own: the oracle of test_phone_machine. Nothing here is the package's."""

from __future__ import annotations

from typing import Any

DONE = (200, 204, 207)
RECOVERABLE = (408, 429, 502, 503, 504, 507)
DROPPED = (201, 400, 404, 413, 422, 500, 501)


class Hit:
    """One thing in the queue: an event, a consent update, or (`kind` reset) a reset of identities."""

    def __init__(self, kind: str, era: int, id: str = "", identities: Any = None, value: Any = None) -> None:
        self.kind, self.era, self.id, self.identities, self.value = kind, era, id, identities, value
        self.attempts = 0


class Model:
    """Queue, consent, identities, state store and hint of one phone."""

    def __init__(self, ios: bool, ecid: str, registered: bool, default: str) -> None:
        self.ios, self.registered, self.default = ios, registered, default
        self.fates: dict[str, str] = {}  # event id -> delivered, dropped or withheld
        self.era = 0  # how many resets there have been
        self.log_in_anew(ecid)
        self.install()

    def install(self) -> None:
        self.queue: list[Hit] = []
        self.said: str | None = None
        self.store: dict[str, tuple[str, int, int]] = {}  # key -> value, maxAge, until
        self.hint = ("", 0)
        self.known: set[str] = set()  # places of the last nearby answer
        self.begin_process()

    def begin_process(self) -> None:
        self.flying: Hit | None = None
        self.retry_ms: int | None = None
        self.started = False  # Lifecycle
        self.close_ms: int | None = None

    def log_in_anew(self, ecid: str) -> None:
        self.ecid, self.ad_id, self.login = ecid, "", {}

    @property
    def collect(self) -> str:
        return (self.said or self.default) if self.registered else "y"

    def identities(self) -> dict[str, list[dict[str, Any]]]:
        def one(id: str, state: str = "ambiguous", primary: bool = False) -> list[dict[str, Any]]:
            return [{"id": id, "authenticatedState": state, "primary": primary}]

        ad = {"IDFA" if self.ios else "GAID": one(self.ad_id)} if self.ad_id else {}
        login = {name: one(id, "authenticated", name != "Email") for name, id in self.login.items()}
        return {"ECID": one(self.ecid), **ad, **login}

    def made(self, id: str) -> None:
        if self.collect == "n":
            self.fates[id] = "withheld"
        else:
            self.queue.append(Hit("event", self.era, id, self.identities()))

    def tell_consent(self, value: dict[str, Any]) -> None:
        if self.registered:
            self.queue.append(Hit("consent", self.era, identities=self.identities(), value=value))

    def decide(self, collect: str) -> None:
        self.said = collect
        if collect == "n":
            self.withhold([hit for hit in self.queue if hit is not self.flying])
            self.queue, self.retry_ms = [], None

    def withhold(self, hits: list[Hit]) -> None:
        self.fates |= {hit.id: "withheld" for hit in hits if hit.kind == "event"}

    def reset(self, ecid: str) -> None:
        self.log_in_anew(ecid)
        self.era += 1
        self.queue.append(Hit("reset", self.era))

    def die(self) -> list[str]:
        """The events whose answer nobody will read; those that are queued still will be sent again, the others not."""
        unread = [self.flying.id] if self.flying and self.flying.kind == "event" else []
        self.fates |= {id: "withheld" for id in unread if self.flying not in self.queue}
        self.begin_process()
        return unread

    def next(self, now_ms: int) -> Hit | None:
        """What leaves now."""
        if self.retry_ms is not None and now_ms >= self.retry_ms:
            self.retry_ms = None
        if self.flying or self.retry_ms is not None or self.collect == "p":
            return None
        while self.queue and self.queue[0].kind == "reset":
            self.queue.pop(0)
            self.store = {}
        self.flying = self.queue[0] if self.queue else None
        if self.flying:
            self.flying.attempts += 1
        return self.flying

    def answered(self, now_ms: int, status: int, failure: str, wait_s: int, handles: list[dict[str, Any]]) -> None:
        hit, self.flying = self.flying, None
        assert hit is not None
        if status in RECOVERABLE or (failure and not (failure == "unreachable" and self.ios)):
            if hit in self.queue:
                self.retry_ms = now_ms + 1000 * wait_s
            else:
                self.withhold([hit])
            return
        if hit in self.queue:
            self.queue.remove(hit)
        if hit.kind == "event":
            self.fates[hit.id] = "delivered" if status in DONE else "dropped"
        if status in (200, 207):
            for handle in handles:
                for item in handle["payload"]:
                    self.take(now_ms, hit, item)

    def take(self, now_ms: int, hit: Hit, item: dict[str, Any]) -> None:
        if "collect" in item:
            if self.registered:
                self.decide(item["collect"]["val"])
        elif hit.era < self.era:
            return
        elif "hint" in item:
            self.hint = (item["hint"], now_ms + 1000 * item["ttlSeconds"])
        elif item["maxAge"] <= 0:
            self.store.pop(item["key"], None)
        else:
            self.store[item["key"]] = (item["value"], item["maxAge"], now_ms + 1000 * item["maxAge"])

    def entries(self, now_ms: int) -> dict[str, tuple[str, int]]:
        return {key: (value, age) for key, (value, age, until) in self.store.items() if now_ms < until}

    def wake_ms(self) -> int | None:
        return min((ms for ms in (self.retry_ms, self.close_ms) if ms is not None), default=None)
