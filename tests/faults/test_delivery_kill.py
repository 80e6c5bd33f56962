"""A process that delivers messages is killed at random, also while a gateway has a message and has not answered.

No message is lost, and none is doubled where the channel knows it again: by its key, or by the name of its file.
"""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.simulator.gateway import Behaviour, running_gateway
from tests.vaccinated import Vaccinated
from vaxcert.model.phones import parse_phone
from vaxcert.registry.database.engine import open_engine
from vaxcert.registry.notifications import store
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.schedule import LEASE, NotificationState
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.notifications.delivery import DeliveryWorker
from vaxcert.service.registry.notifications.delivery_http import SmsGateway
from vaxcert.service.registry.notifications.delivery_local import FolderCarrier
from vaxcert.service.registry.notifications.delivery_post import parse_url
from vaxcert.service.registry.notifications.notify import notify_phone
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from typing import NoReturn

    from tests.registry_fixture import RegistryUnderTest
    from tests.simulator.gateway import Gateway
    from vaxcert.service.registry.notifications.delivery_channels import Carrier

MESSAGES = 40
KILLS = 6
BATCH = 6
PATIENCE = 10.0
WITHIN = timedelta(seconds=2)


@pytest.fixture
def site(shared_registry: RegistryUnderTest) -> Vaccinated:
    return Vaccinated.alone(shared_registry)


def fill(registry: RegistryUnderTest) -> set[str]:
    """Put messages into the outbox, and return their ids."""
    found = set()
    with registry.desk.working(registry.actor(Role.SERVICE), registry.at) as work:
        for number in range(MESSAGES):
            phone = parse_phone(f"09123{number:05}")
            message = notify_phone(work, phone, "registration-received", f"k:{number}", code=f"{number}")
            found.add(str(message))
    return found


def start(registry: RegistryUnderTest, carrier: Carrier) -> int:
    """Begin to deliver in a process of its own, whose clock goes on from the registry's; return its id."""
    registry.desk.close()  # no connection is shared
    at, begun = registry.at, time.monotonic()
    process = os.fork()
    if process == 0:
        _deliver(registry, carrier, lambda: at + timedelta(seconds=time.monotonic() - begun))
    return process


def _deliver(registry: RegistryUnderTest, carrier: Carrier, clock: Callable[[], datetime]) -> NoReturn:
    try:
        desk = Desk(open_engine(registry.url), registry.keyring, Reference())
        DeliveryWorker(desk, dict.fromkeys(Channel, carrier), clock, batch=BATCH).deliver()
    except BaseException:  # noqa: BLE001 - this process must never go on as a second test run
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wait_for(happened: Callable[[], bool], process: int) -> bool:
    """Wait until it *happened*, or the *process* has ended; return whether it had not ended."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        if os.waitpid(process, os.WNOHANG) != (0, 0):
            return False
        time.sleep(0.002)
    return True


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(process, 0)[1])


def finish(registry: RegistryUnderTest, carrier: Carrier) -> None:
    """Let workers that nobody kills deliver the rest, as time goes by."""
    for _ in range(8):
        registry.later(seconds=LEASE.total_seconds() * 2)
        _, status = os.waitpid(start(registry, carrier), 0)
        assert os.waitstatus_to_exitcode(status) == 0
        if states(registry) == {NotificationState.SENT: MESSAGES}:
            return
    pytest.fail(f"not all was sent: {states(registry)}")


def states(registry: RegistryUnderTest) -> dict[NotificationState, int]:
    with registry.desk.reading() as connection:
        return store.counts(connection)


def test_s5_no_message_is_lost_or_doubled_however_often_the_worker_is_killed(site: Vaccinated) -> None:
    registry = site.registry
    chance = random.Random(5)
    wanted = fill(registry)
    with running_gateway() as gateway:
        carrier = SmsGateway(parse_url(gateway.url), within=WITHIN)
        for number in range(KILLS):
            # Every other time the gateway has messages whose answers never come before the kill.
            if number % 2:
                gateway.gate.clear()
            gateway.to_come.extend(chance.choices([Behaviour(), Behaviour(is_silent=True), Behaviour(status=503)], k=3))
            least = len(gateway.arrivals) + chance.randint(1, BATCH)
            process = start(registry, carrier)
            if wait_for(lambda: len(gateway.arrivals) >= least, process):  # noqa: B023 - asked at once
                kill(process)
            gateway.gate.set()
            registry.later(seconds=LEASE.total_seconds() * 2)
        finish(registry, carrier)
    assert gateway.messages.keys() == wanted
    check_bodies(gateway)
    tries = Counter(arrival.headers["idempotency-key"] for arrival in gateway.arrivals)
    assert max(tries.values()) > 1  # or nothing was tried twice, and nothing was tested


def check_bodies(gateway: Gateway) -> None:
    """Check that each try of a message was the same message."""
    bodies = {(arrival.headers["idempotency-key"], arrival.body) for arrival in gateway.arrivals}
    assert len(bodies) == MESSAGES


def test_s5_each_message_is_one_file_however_often_the_worker_is_killed(site: Vaccinated, tmp_path: Path) -> None:
    registry = site.registry
    chance, folder = random.Random(6), tmp_path / "outgoing"
    wanted = fill(registry)
    carrier = FolderCarrier(folder)
    for _ in range(KILLS):
        least = written(folder) + chance.randint(1, BATCH)
        process = start(registry, carrier)
        if wait_for(lambda: written(folder) >= least, process):  # noqa: B023 - asked at once
            kill(process)
        registry.later(seconds=LEASE.total_seconds() * 2)
    finish(registry, FolderCarrier(folder))
    assert {path.name for path in folder.iterdir()} == {f"{each}.json" for each in wanted}
    assert all(path.stat().st_size for path in folder.iterdir())


def written(folder: Path) -> int:
    return len(list(folder.glob("*.json")))


def test_s5_two_workers_at_once_send_each_message_once(site: Vaccinated) -> None:
    registry = site.registry
    wanted = fill(registry)
    with running_gateway() as gateway:
        carrier = SmsGateway(parse_url(gateway.url), within=WITHIN)
        processes = [start(registry, carrier) for _ in range(2)]
        assert [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in processes] == [0, 0]
    assert gateway.messages.keys() == wanted
    assert len(gateway.arrivals) == MESSAGES
    assert states(registry) == {NotificationState.SENT: MESSAGES}


def test_e6_an_alert_leaves_with_the_next_look_at_the_outbox(site: Vaccinated) -> None:
    # `vaxcert registry deliver` looks every two seconds, and the alert is due at once: so it leaves within five.
    registry = site.registry
    site.contact("0935111222", site=site.site)
    with running_gateway() as gateway:
        carrier = SmsGateway(parse_url(gateway.url), within=WITHIN)
        site.report_serious()
        assert DeliveryWorker(registry.desk, dict.fromkeys(Channel, carrier), lambda: registry.at).deliver().sent == 1
    (arrival,) = gateway.arrivals
    assert arrival.told["text"].startswith("Phan ung nang: ca ")
