"""The vehicle state file: 64-byte blocks with a sum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt808.errors import ChecksumError, LengthError
from stream.jt808.vehicle_state import VehicleState, read_vehicle_states, write_vehicle_states
from tests.jt808.generated import records


@given(st.lists(records(VehicleState, "2013"), max_size=3))
def test_written_and_read_again(states: list[VehicleState]) -> None:
    data = write_vehicle_states(states)
    assert len(data) == 64 * len(states)
    assert read_vehicle_states(data) == states


def test_offsets_of_the_table() -> None:
    block = bytearray(64)
    block[24:26], block[26:28] = (7).to_bytes(2), (655).to_bytes(2)
    block[36:38], block[48:50], block[50:52] = (123).to_bytes(2), (600).to_bytes(2), (601).to_bytes(2)
    block[52], block[55], block[56:58], block[60] = 10, 1, (1500).to_bytes(2), 2
    block[63] = sum(block) & 0xFF
    [state] = read_vehicle_states(bytes(block))
    assert (state.altitude_m, state.speed_kmh, state.acceleration_x_g) == (7, 65.5, 1.23)
    assert (state.pulse_speed_kmh, state.obd_speed_kmh, state.gear) == (60.0, 60.1, 10)
    assert (state.brake, state.engine_rpm, state.turn_light, state.time) == (1, 1500, 2, None)


def test_what_is_no_state_file() -> None:
    with pytest.raises(LengthError):
        read_vehicle_states(bytes(63))
    with pytest.raises(ChecksumError):
        read_vehicle_states(bytes(63) + b"\x01")
