"""What every number of the control room means: one table for the pages and for the handbook."""

from __future__ import annotations

from collections.abc import Mapping

from shangliu.platform.text import Text

MEANINGS: Mapping[str, Text] = {
    "waiting": Text(
        "此刻停在这一步、还没往下走的单据数，直接数各单据表；"
        "看已结束的时段时，是时段结束那一刻的数",
        "Objects that stand at this step now, counted in their own tables; for a period that is"
        " over, those that stood there when it ended",
    ),
    "oldest": Text(
        "等待中的单据里，进入当前状态最早的一张到现在的时长；只有看到现在的时段才有",
        "How long the object that has waited longest has been in its state; only for periods that"
        " reach up to now",
    ),
    "level": Text(
        "最久的一张用掉时限的四分之三为“接近”，超过时限为“超时”；没有时限的步骤不判断",
        "Near: the oldest has used three quarters of its service time; late: it is over it; steps"
        " without a service time are not judged",
    ),
    "count": Text(
        "时段内这一步发生的次数，每个事件算一次",
        "How often the step was taken in the period, each event once",
    ),
    "rate": Text(
        "时段内次数除以时段的小时数", "Times in the period divided by the hours of the period"
    ),
    "p50": Text(
        "时段内走这一步的单据，在前一状态停留时长的中位数：一半更短，一半更长（误差 1%）",
        "Median of the time that objects had spent in the state before when they took this step"
        " (right to 1 %)",
    ),
    "p95": Text(
        "时段内走这一步的单据，在前一状态停留时长的第 95 百分位："
        "一百单里九十五单不超过它（误差 1%）",
        "95th percentile of the time spent in the state before (right to 1 %)",
    ),
    "edge": Text(
        "时段内走过这条线的次数；线越粗走的越多",
        "How often the way was gone in the period; the thicker the more",
    ),
    "share": Text(
        "菱形的每个出口占同一菱形全部出口次数的比例",
        "The part of all that left the same diamond which left by this exit",
    ),
    "letters": Text(
        "这一步发出、对方还没收到的消息数：等待重试的和已放弃的",
        "Messages of this step that have not arrived: those that wait for another try and those"
        " given up",
    ),
    "before": Text(
        "紧挨着所选时段之前、同样长的一段时间",
        "The stretch of the same length just before the chosen one",
    ),
    "change": Text(
        "所选时段比前一时段多（▲）或少（▼）百分之几；“=”是没有变，“新”是前一时段为零",
        "By how many percent the chosen period is above (▲) or below (▼) the one before; “=”: no"
        " change; “new”: there was none before",
    ),
    "heat_waiting": Text(
        "每个节点等待的单据数；阶段是其中各步之和",
        "Objects that wait at each node; a stage has the sum of its steps",
    ),
    "heat_dwell": Text(
        "每一步的中位停留；阶段取其中最慢的一步",
        "The median dwell of each step; a stage has that of its slowest step",
    ),
    "heat_failure": Text(
        "时段内放弃的消息、失败的外部调用（算在单据当时的上一步），以及定义里标为问题的步骤发生的次数",
        "Messages given up and outside calls that failed in the period (counted at the step that"
        " the object had taken last), and how often steps were taken that the definition calls a"
        " problem",
    ),
    "heat_loss": Text(
        "从这里往下走的次数里，直接走进坏结局的比例。坏结局：单据结束或停住的状态里，正常路线到不了的那些",
        "Of all that went on from here, the part that went straight into a bad end: a state in"
        " which an object ends or rests and to which the good way does not lead",
    ),
    "passed": Text(
        "时段内走过这里的单据，最新的在前", "Objects that passed here, the newest first"
    ),
    "attention": Text(
        "最久的一张已超时限或接近时限的步骤，超时的在前",
        "Steps whose oldest object is over its service time or near it, the late ones first",
    ),
    "playback": Text(
        "回放某一天：圆点是单据沿连线走动，节点上的数是那一刻等待的单据数，每 15 分钟一个数",
        "A day played again: dots are objects on their way; the numbers are what waited at that"
        " time, one for every 15 minutes",
    ),
}


def meaning(key: str) -> str:
    """The definition of a number in the active language."""
    return str(MEANINGS[key])
