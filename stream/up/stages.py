"""The order in which everything starts; it stops in the reverse order."""

from stream.embedded import EmbeddedBroker
from stream.up.drain import Log, wait_until_stored
from stream.up.launch import Launch
from stream.up.roles import start_role, visible, wait_for_role
from stream.up.services import prepare_database, start_broker, start_database

DRAIN_S = 3.0
"""How long a stop waits for the worker to store what the broker still holds; milliseconds as a rule."""


def start_everything(launch: Launch) -> EmbeddedBroker:
    """Database, broker, topics, schema, registry, desk, evidence, worker, gateway, exchange, fleet."""
    console, settings = launch.console, launch.plan.settings
    console.say(f"data and logs are in {launch.plan.data_dir}")
    start_database(launch)
    broker = start_broker(launch)
    prepare_database(launch)
    console.say("starting desk, evidence server, worker and gateway")
    start_role(launch, "desk")
    start_role(launch, "evidence")
    start_intake(launch, broker)
    for name in ("desk", "evidence", *intake_roles(launch)):
        wait_for_role(launch, name)
    if settings.up.simulate:
        start_role(launch, "simulate")
        console.say(f"{settings.simulate.vehicles} simulated vehicles are connecting")
    console.say(f"terminals: JT/T 808 on {settings.gateway.host}:{settings.gateway.port}")
    page = f"http://{visible(settings.desk.host)}:{settings.desk.port}"
    console.say(f"haulwatch is up: {page}  (Ctrl-C stops it)")
    return broker


def start_intake(launch: Launch, broker: EmbeddedBroker) -> None:
    """Those for whom the broker's log is. The evidence server notices a new log by itself."""
    log = log_of(launch, broker)

    def drain() -> None:
        left = wait_until_stored(log, DRAIN_S, lambda: launch.supervisor.in_a_hurry)
        if left:
            launch.console.complain(
                f"  broker: {left} records of its log could not be stored in time and are lost"
            )

    worker, *writers = intake_roles(launch)
    start_role(launch, worker, before_stop=drain)
    for name in writers:
        start_role(launch, name)


def intake_roles(launch: Launch) -> list[str]:
    """Worker, gateway and, where there are links to other platforms, exchange."""
    return ["worker", "gateway", *(["exchange"] if launch.plan.settings.exchange.links else [])]


def log_of(launch: Launch, broker: EmbeddedBroker) -> Log:
    """The log that this start of the broker keeps."""
    return Log(broker.bootstrap_servers, broker.cluster_id, launch.plan.settings.database.dsn)
