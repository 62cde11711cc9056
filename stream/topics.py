"""The topics and their partition counts."""

import asyncio
import time
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from stream.errors import ServiceError
from stream.settings.sections import BrokerSettings

TELEMETRY = "telemetry"
ALERTS = "alerts"
COMMANDS = "commands"
MESSAGES = "messages"
FRAMES = "frames"

#: Topics whose records may be larger than the 1 MiB that brokers take by default, as for a video clip.
_MAX_RECORD_BYTES = {MESSAGES: 8 * 1024 * 1024}

RETRY_S = 0.3


def stated_partitions(settings: BrokerSettings) -> dict[str, int]:
    """The topics with the partition counts that the settings state."""
    return {
        TELEMETRY: settings.telemetry_partitions,
        ALERTS: settings.alerts_partitions,
        COMMANDS: settings.commands_partitions,
        MESSAGES: settings.messages_partitions,
        FRAMES: settings.frames_partitions,
    }


async def ensure_topics(
    bootstrap_servers: str,
    partitions: Mapping[str, int],
    *,
    replication_factor: int = 1,
    timeout_s: float = 30.0,
) -> dict[str, int]:
    """Creates the topics that are missing and returns the partition count each one really has.

    An existing topic is left as it is: more partitions would send a vehicle's reports to another one,
    behind those that are still waiting.

    Raises:
        ServiceError: the broker did not answer within `timeout_s`, or refuses to create a topic.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return await _ensure_once(bootstrap_servers, partitions, replication_factor)
        except (KafkaError, OSError, TimeoutError) as fault:
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"topics cannot be made on the broker at {bootstrap_servers}: "
                    f"{type(fault).__name__} {fault}; is broker.bootstrap_servers right and the broker up?"
                ) from fault
            await asyncio.sleep(RETRY_S)


def differences(wanted: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """One line for each topic whose partition count is not the stated one."""
    return [
        f"topic {name} has {found[name]} partitions, the settings say {count}; it stays as it is"
        for name, count in wanted.items()
        if found.get(name, count) != count
    ]


async def _ensure_once(
    bootstrap_servers: str, partitions: Mapping[str, int], replication_factor: int
) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000)
    await admin.start()
    try:
        # Created before anyone asks about them: a question alone makes some brokers create a topic by
        # their own default.
        wanted = [
            NewTopic(name, count, replication_factor, topic_configs=_configuration(name))
            for name, count in partitions.items()
        ]
        _raise_refusal(await admin.create_topics(wanted))
        found = await _partition_counts(admin, list(partitions))
        absent = sorted(set(partitions) - set(found))
        if absent:
            raise KafkaError(f"not there yet after their creation: {', '.join(absent)}")
        return found
    finally:
        await admin.close()


def _configuration(name: str) -> dict[str, str]:
    size = _MAX_RECORD_BYTES.get(name)
    return {} if size is None else {"max.message.bytes": str(size)}


async def _partition_counts(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    described = await admin.describe_topics(names)
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in described
        if topic["error_code"] == 0 and topic["partitions"]
    }


def _raise_refusal(response: object) -> None:
    for name, code, *rest in response.topic_errors:  # type: ignore[attr-defined]
        if code and for_code(code) is not TopicAlreadyExistsError:
            reason = next((text for text in rest if text), for_code(code).__name__)
            raise ServiceError(f"the broker refuses to create topic {name}: {reason}")
