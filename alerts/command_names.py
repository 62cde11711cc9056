"""What operators read for kinds, states and reasons of commands."""

from __future__ import annotations

from collections.abc import Mapping

Names = Mapping[str, tuple[str, str]]

KIND_NAMES: Names = {
    "text": ("文本信息下发", "Text"),
    "parameters_set": ("设置终端参数", "Set parameters"),
    "parameters_query": ("查询终端参数", "Query parameters"),
    "terminal_control": ("终端控制", "Terminal control"),
    "attributes_query": ("查询终端属性", "Query attributes"),
    "position_query": ("位置信息查询", "Query position"),
    "track": ("临时位置跟踪", "Temporary tracking"),
    "alarm_confirm": ("人工确认报警", "Confirm alarm"),
    "link_check": ("链路检测", "Link check"),
    "area_set": ("设置区域或路线", "Set area or route"),
    "area_delete": ("删除区域或路线", "Delete areas or routes"),
    "areas_query": ("查询区域或路线", "Query areas or routes"),
    "photo": ("摄像头立即拍摄", "Shoot now"),
    "media_search": ("多媒体数据检索", "Search media"),
    "media_upload": ("多媒体数据上传", "Upload media"),
    "media_single_upload": ("单条多媒体数据上传", "Upload one medium"),
    "record": ("录音", "Record sound"),
    "phone_callback": ("电话回拨", "Call back"),
    "vehicle_control": ("车辆控制", "Vehicle control"),
    "peripheral_query": ("查询外设", "Query peripherals"),
    "driver_query": ("上报驾驶员身份", "Query driver"),
    "recorder_query": ("行驶记录仪数据采集", "Query recorder"),
    "attachments": ("报警附件上传", "Upload alarm files"),
    "archive_start": ("开始原始报文存档", "Archive raw frames"),
    "archive_stop": ("停止原始报文存档", "Stop archiving"),
}

STATE_NAMES: Names = {
    "waiting": ("等待下发", "Waiting"),
    "sent": ("已下发", "Sent"),
    "delivered": ("终端已收到", "Delivered"),
    "answered": ("已应答", "Answered"),
    "failed": ("失败", "Failed"),
    "expired": ("已过期", "Expired"),
}

REASON_NAMES: Names = {
    "not_connected": ("终端未上线", "The terminal was not connected"),
    "not_acknowledged": ("终端未确认收到", "The terminal did not acknowledge it"),
    "not_answered": ("终端已收到但未应答", "The terminal acknowledged it and did not answer"),
    "no_answer": ("多次重发后终端仍无应答", "No answer after all repetitions"),
    "link_lost": ("链路中断，执行结果未知", "The link broke; whether it was carried out is not known"),
    "refused": ("终端拒绝执行", "The terminal says that it failed"),
    "bad_message": ("终端认为消息有误", "The terminal says that the message is wrong"),
    "unsupported": ("终端不支持", "The terminal does not support it"),
    "channel_unsupported": ("终端不支持该通道", "The terminal does not have this channel"),
    "unencodable": ("该终端的协议版本无法表示此指令", "It cannot be said in the terminal's edition"),
    "stopped": ("已被停止", "Stopped"),
}


def name_of(names: Names, key: str | None) -> dict[str, str] | None:
    """``{"zh", "en"}`` of a key; a key without a name is its own. A reason may have more behind a colon."""
    if key is None:
        return None
    code, _, more = key.partition(": ")
    chinese, english = names.get(code, (code, code))
    return {"zh": f"{chinese}：{more}" if more else chinese, "en": f"{english}: {more}" if more else english}
