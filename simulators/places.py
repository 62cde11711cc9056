"""The 13 cities of Jiangsu and some towns between them, WGS-84, to about a kilometre."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A city or town: its name in Chinese, its centre in degrees and, for a city, its plate letter."""

    name: str
    longitude_deg: float
    latitude_deg: float
    plate_letter: str = ""


CITIES: tuple[Place, ...] = (
    Place("南京", 118.780, 32.060, "A"),
    Place("无锡", 120.300, 31.570, "B"),
    Place("徐州", 117.190, 34.260, "C"),
    Place("常州", 119.970, 31.780, "D"),
    Place("苏州", 120.620, 31.300, "E"),
    Place("南通", 120.870, 32.010, "F"),
    Place("连云港", 119.170, 34.590, "G"),
    Place("淮安", 119.020, 33.600, "H"),
    Place("盐城", 120.140, 33.380, "J"),
    Place("扬州", 119.420, 32.420, "K"),
    Place("镇江", 119.450, 32.170, "L"),
    Place("泰州", 119.920, 32.480, "M"),
    Place("宿迁", 118.280, 33.960, "N"),
)

TOWNS: tuple[Place, ...] = (
    Place("江阴", 120.270, 31.890),
    Place("靖江", 120.260, 32.030),
    Place("常熟", 120.750, 31.670),
    Place("太仓", 121.100, 31.460),
    Place("昆山", 120.960, 31.380),
    Place("宜兴", 119.820, 31.350),
    Place("溧阳", 119.480, 31.430),
    Place("丹阳", 119.580, 31.990),
    Place("六合", 118.840, 32.340),
    Place("盱眙", 118.520, 33.000),
    Place("高邮", 119.450, 32.790),
    Place("宝应", 119.330, 33.230),
    Place("泰兴", 120.040, 32.170),
    Place("海安", 120.450, 32.540),
    Place("启东", 121.650, 31.820),
    Place("东台", 120.310, 32.860),
    Place("阜宁", 119.800, 33.770),
    Place("响水", 119.570, 34.200),
    Place("沭阳", 118.770, 34.120),
    Place("新沂", 118.350, 34.370),
    Place("兴化", 119.850, 32.930),
    Place("泗洪", 118.220, 33.450),
    Place("洪泽", 118.880, 33.290),
    Place("金湖", 119.020, 33.020),
)

PLACES: dict[str, Place] = {place.name: place for place in CITIES + TOWNS}
