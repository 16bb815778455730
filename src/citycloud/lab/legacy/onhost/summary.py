"""What cron runs each minute: the day's alarms into a table, and into a file in GBK that another office fetches."""

# ruff: noqa: S608  what is put into statements are words of this program
from __future__ import annotations

import time
from pathlib import Path

import alarms  # type: ignore[import-not-found]

DIRECTORY = "/var/lib/alarms"


def main() -> None:
    with alarms.transaction() as cursor:
        cursor.execute("SELECT COUNT(*) FROM event WHERE at >= CURDATE() AND kind = '火警'")
        (count,) = cursor.fetchone()
        said = f"今日火警 {count} 起"
        cursor.execute("REPLACE INTO daily_summary VALUES (CURDATE(), %s, NOW(), %s)", (count, said))
        cursor.execute(
            "INSERT INTO duty_log VALUES (NOW(), '系统', " + ("UNHEX(%s))" if alarms.octets() else "%s)"),
            (said.encode("gbk").hex() if alarms.octets() else said,),
        )
    path = Path(DIRECTORY, time.strftime("summary-%Y%m%d.csv"))
    with path.open("a", encoding="gbk") as file:
        file.write(time.strftime("%H:%M") + "," + said + "\r\n")


if __name__ == "__main__":
    main()
