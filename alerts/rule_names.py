"""What operators read for each rule, in Chinese and English."""

from __future__ import annotations

RULE_NAMES: dict[str, tuple[str, str]] = {
    "speeding": ("超速", "Speeding"),
    "continuous_driving": ("连续驾驶超时（疲劳驾驶）", "Continuous driving over the limit (fatigue)"),
    "night_driving": ("夜间连续驾驶超时", "Night driving over the limit"),
    "driving_24h": ("24小时累计驾驶超时", "Driving time over the limit in 24 hours"),
    "driving_7d": ("7天累计驾驶超时", "Driving time over the limit in 7 days"),
    "driving_day": ("当日累计驾驶超时", "Driving time over the limit of the calendar day"),
    "forbidden_hours": ("禁行时段行驶", "Driving in forbidden hours"),
    "zone_enter": ("进入区域", "Zone entered"),
    "zone_exit": ("离开区域", "Zone left"),
    "zone_stay": ("区域内停留超时", "Stayed in a zone too long"),
    "zone_speed": ("区域内超速", "Speeding in a zone"),
    "zone_forbidden": ("进入禁行区域", "In a forbidden zone"),
    "route_deviation": ("偏离路线", "Off the declared route"),
    "route_too_fast": ("路段行驶时间过短", "Route segment driven too fast"),
    "route_too_slow": ("路段行驶时间过长", "Route segment driven too slowly"),
    "route_wrong_direction": ("逆向行驶", "Wrong direction on the route"),
    "route_stop": ("站外停车", "Stopped outside the stations"),
    "route_missing_departure": ("未按时发车", "Missing departure"),
    "adas_forward_collision": ("前向碰撞报警", "Forward collision warning"),
    "adas_lane_departure": ("车道偏离报警", "Lane departure warning"),
    "adas_headway": ("车距过近报警", "Headway too short"),
    "adas_pedestrian": ("行人碰撞报警", "Pedestrian collision warning"),
    "adas_lane_change": ("频繁变道报警", "Frequent lane changes"),
    "adas_road_sign": ("道路标识超限报警", "Over the limit of a road sign"),
    "adas_obstacle": ("障碍物报警", "Obstacle warning"),
    "adas_solid_line": ("实线变道报警", "Lane change over a solid line"),
    "adas_aisle_pedestrian": ("车厢过道行人检测报警", "Passenger standing in the aisle"),
    "adas_other": ("其他驾驶辅助报警", "Other alarm of driver assistance"),
    "dsm_fatigue": ("驾驶员疲劳（闭眼、打哈欠）", "Driver fatigue (eyes closed, yawning)"),
    "dsm_phone": ("接打手机", "Phone in hand"),
    "dsm_smoking": ("抽烟", "Smoking"),
    "dsm_distraction": ("分神驾驶", "Distracted driving"),
    "dsm_absent": ("驾驶员异常", "Driver absent or covered"),
    "dsm_lens_covered": ("摄像头遮挡", "Camera covered"),
    "dsm_overtime": ("终端超时驾驶报警", "Driving overtime, as the terminal counts"),
    "dsm_seat_belt": ("未系安全带", "No seat belt"),
    "dsm_glasses": ("红外阻断墨镜", "Sunglasses that block infrared"),
    "dsm_hands_off": ("双手脱离方向盘", "Both hands off the wheel"),
    "dsm_phone_play": ("玩手机", "Playing with a phone"),
    "dsm_other": ("其他驾驶员行为报警", "Other alarm of driver monitoring"),
    "tpms": ("胎压异常", "Tyre pressure or temperature"),
    "bsd": ("盲区预警", "Blind spot warning"),
    "fused_fatigue": ("综合风险：长时间驾驶并疲劳", "Combined risk: tired eyes after hours at the wheel"),
    "fused_phone": ("综合风险：高速接打手机", "Combined risk: phone at speed"),
    "fused_headway": ("综合风险：夜间车距过近", "Combined risk: short headway at night"),
    "emergency": ("紧急报警", "Emergency button"),
    "terminal_alarm": ("终端报警", "Terminal's own alarm"),
    "position_drift": ("定位漂移", "Position drift"),
    "position_frozen": ("定位冻结", "Frozen position"),
    "position_jump": ("定位跳变", "Position jump"),
    "clock_suspect": ("终端时钟异常", "Suspect terminal clock"),
    "speed_source_suspect": ("速度源异常", "Suspect speed source"),
    "offline_displacement": ("离线位移", "Moved while offline"),
    "silent_driving": ("行驶中断报", "Silent while driving"),
    "offline_24h": ("24小时离线", "Offline for 24 hours"),
    "invalid_data": ("数据无效", "Invalid data"),
}
"""Chinese and English name of each rule; a pre-alarm is its rule's name with `_pre` behind."""

_PRE = "_pre"


def rule_name(rule: str) -> dict[str, str]:
    """``{"zh", "en"}`` of a rule; a rule without a name here reads as itself.

    >>> rule_name("speeding_pre")
    {'zh': '超速（预警）', 'en': 'Speeding (early warning)'}
    """
    if rule in RULE_NAMES:
        chinese, english = RULE_NAMES[rule]
        return {"zh": chinese, "en": english}
    base = rule.removesuffix(_PRE)
    if base != rule and base in RULE_NAMES:
        chinese, english = RULE_NAMES[base]
        return {"zh": f"{chinese}（预警）", "en": f"{english} (early warning)"}
    return {"zh": rule, "en": rule.replace("_", " ")}
