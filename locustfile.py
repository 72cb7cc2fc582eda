"""What Locust runs: phones with the Mobile SDK. `locust` for the web page, `make run` for a run with a verdict."""

from locust import events

from footfall.live.locust.install import install
from footfall.live.locust.user import PhoneUser


class Shopper(PhoneUser):
    """A slot for the scenario's customers and their phones."""

    abstract = False


install(events)
