"""The vehicles of a fleet: who they are, on paper and on the wire. The same seed gives the same fleet."""

import csv
import random
from dataclasses import dataclass
from pathlib import Path

from simulators.places import CITIES
from stream.jt808.header import Edition

PLATE_YELLOW = 2
# Shares of a provincial fleet, made up but plausible: most are trucks.
CLASS_SHARES = (("heavy_truck", 0.52), ("tour_coach", 0.14), ("line_coach", 0.14), ("hazmat", 0.20))
MASS_KG = {
    "heavy_truck": (18_000, 49_000),
    "tour_coach": (12_000, 18_000),
    "line_coach": (11_000, 17_000),
    "hazmat": (16_000, 40_000),
}
COMPANY = {
    "heavy_truck": ("顺达物流", "远通货运", "恒运运输"),
    "tour_coach": ("金陵旅游客运", "水乡旅游汽车"),
    "line_coach": ("长途客运", "快客运输"),
    "hazmat": ("安化危险品运输", "蓝盾化工物流"),
}
# The standard leaves the letters I and O out of plates.
PLATE_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
REGISTRY_HEADER = (
    "id",
    "terminal_phone",
    "plate",
    "plate_colour",
    "class",
    "total_mass_kg",
    "enterprise",
    "driver",
)
EDITIONS: tuple[Edition, ...] = ("2013", "2019", "2013", "2019", "2011")


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle and its terminal."""

    number: int  # 0-based, stable over seeds, and with it the id and the phone
    vehicle_id: str
    terminal_phone: str
    plate: str
    plate_colour: int
    vehicle_class: str
    total_mass_kg: int
    enterprise: str
    driver: str
    home: str
    edition: Edition


def build_fleet(vehicles: int, seed: int, edition: Edition | None = None) -> list[Vehicle]:
    """Make a fleet, of mixed editions if none is given. Ids and phones depend on the number only."""
    return [_vehicle(number, seed, edition) for number in range(vehicles)]


def _vehicle(number: int, seed: int, edition: Edition | None) -> Vehicle:
    draw = random.Random(f"fleet/{seed}/{number}")
    vehicle_class = draw.choices([name for name, _ in CLASS_SHARES], [share for _, share in CLASS_SHARES])[0]
    city = draw.choice(CITIES)
    low_kg, high_kg = MASS_KG[vehicle_class]
    return Vehicle(
        number=number,
        vehicle_id=f"SIM{number + 1:06d}",
        terminal_phone=str(13_900_000_001 + number),
        plate=f"苏{city.plate_letter}{_plate_tail(number, seed)}",
        plate_colour=PLATE_YELLOW,
        vehicle_class=vehicle_class,
        total_mass_kg=draw.randrange(low_kg, high_kg, 100),
        enterprise=f"{city.name}{draw.choice(COMPANY[vehicle_class])}有限公司",
        driver=f"DRV{number + 1:06d}",
        home=city.name,
        edition=edition or EDITIONS[number % len(EDITIONS)],
    )


def _plate_tail(number: int, seed: int) -> str:
    """Five characters, no two numbers below 6,912,000 alike: two letters and three digits, mixed by seed."""
    digits = (number * 7_919 + seed * 104_729) % 12_000
    block, letter = divmod(digits, 1_000)
    first = PLATE_CHARACTERS[(number // 12_000) % len(PLATE_CHARACTERS)]
    second = PLATE_CHARACTERS[block + 12 * (number // 288_000 % 2)]
    return f"{first}{second}{letter:03d}"


def write_registry(path: str | Path, vehicles: int, seed: int) -> None:
    """Write the fleet as a registry CSV in the format that ``haulwatch registry import`` reads."""
    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(REGISTRY_HEADER)
        for vehicle in build_fleet(vehicles, seed):
            writer.writerow(
                (
                    vehicle.vehicle_id,
                    vehicle.terminal_phone,
                    vehicle.plate,
                    vehicle.plate_colour,
                    vehicle.vehicle_class,
                    vehicle.total_mass_kg,
                    vehicle.enterprise,
                    vehicle.driver,
                )
            )
