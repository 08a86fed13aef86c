"""Where people live, as time zones know it: a small table of zones, postal codes and area codes.

Made by hand for trying things out: a region that lies in two zones stands in the one where most of its people live.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Zone:
    id: str
    olson: str
    display: str


ZONES = {
    olson: Zone(id=id_, olson=olson, display=display)
    for id_, olson, display in (
        ("2", "Pacific/Honolulu", "(UTC-10:00) Hawaii"),
        ("3", "America/Anchorage", "(UTC-09:00) Alaska"),
        ("33", "America/Los_Angeles", "(UTC-08:00) Pacific Time (US & Canada)"),
        ("34", "America/Vancouver", "(UTC-08:00) Pacific Time (Vancouver)"),
        ("5", "America/Phoenix", "(UTC-07:00) Arizona"),
        ("6", "America/Denver", "(UTC-07:00) Mountain Time (US & Canada)"),
        ("7", "America/Boise", "(UTC-07:00) Mountain Time (Boise)"),
        ("8", "America/Edmonton", "(UTC-07:00) Mountain Time (Edmonton)"),
        ("9", "America/Whitehorse", "(UTC-07:00) Yukon"),
        ("10", "America/Chicago", "(UTC-06:00) Central Time (US & Canada)"),
        ("11", "America/Winnipeg", "(UTC-06:00) Central Time (Winnipeg)"),
        ("12", "America/Regina", "(UTC-06:00) Saskatchewan"),
        ("13", "America/Mexico_City", "(UTC-06:00) Guadalajara, Mexico City, Monterrey"),
        ("14", "America/Bogota", "(UTC-05:00) Bogota, Lima, Quito"),
        ("15", "America/New_York", "(UTC-05:00) Eastern Time (US & Canada)"),
        ("16", "America/Indiana/Indianapolis", "(UTC-05:00) Indiana (East)"),
        ("17", "America/Toronto", "(UTC-05:00) Eastern Time (Toronto)"),
        ("18", "America/Detroit", "(UTC-05:00) Eastern Time (US & Canada)"),
        ("19", "America/Puerto_Rico", "(UTC-04:00) Puerto Rico"),
        ("20", "America/Halifax", "(UTC-04:00) Atlantic Time (Canada)"),
        ("21", "America/Santiago", "(UTC-04:00) Santiago"),
        ("22", "America/St_Johns", "(UTC-03:30) Newfoundland"),
        ("23", "America/Sao_Paulo", "(UTC-03:00) Brasilia"),
        ("24", "America/Argentina/Buenos_Aires", "(UTC-03:00) City of Buenos Aires"),
        ("25", "Europe/London", "(UTC+00:00) Dublin, Edinburgh, Lisbon, London"),
        ("26", "Europe/Lisbon", "(UTC+00:00) Lisbon"),
        ("27", "Europe/Dublin", "(UTC+00:00) Dublin"),
        ("28", "Europe/Berlin", "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"),
        ("29", "Europe/Paris", "(UTC+01:00) Brussels, Copenhagen, Madrid, Paris"),
        ("30", "Europe/Madrid", "(UTC+01:00) Madrid"),
        ("31", "Europe/Rome", "(UTC+01:00) Rome"),
        ("32", "Europe/Amsterdam", "(UTC+01:00) Amsterdam"),
        ("35", "Europe/Vienna", "(UTC+01:00) Vienna"),
        ("36", "Europe/Zurich", "(UTC+01:00) Bern, Zurich"),
        ("37", "Europe/Warsaw", "(UTC+01:00) Warsaw"),
        ("38", "Europe/Athens", "(UTC+02:00) Athens, Bucharest"),
        ("39", "Africa/Johannesburg", "(UTC+02:00) Harare, Pretoria"),
        ("40", "Asia/Dubai", "(UTC+04:00) Abu Dhabi, Muscat"),
        ("41", "Asia/Kolkata", "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi"),
        ("42", "Asia/Singapore", "(UTC+08:00) Kuala Lumpur, Singapore"),
        ("43", "Asia/Manila", "(UTC+08:00) Manila"),
        ("44", "Asia/Hong_Kong", "(UTC+08:00) Hong Kong"),
        ("45", "Australia/Perth", "(UTC+08:00) Perth"),
        ("46", "Asia/Tokyo", "(UTC+09:00) Osaka, Sapporo, Tokyo"),
        ("47", "Australia/Darwin", "(UTC+09:30) Darwin"),
        ("48", "Australia/Adelaide", "(UTC+09:30) Adelaide"),
        ("49", "Australia/Brisbane", "(UTC+10:00) Brisbane"),
        ("50", "Australia/Sydney", "(UTC+10:00) Canberra, Melbourne, Sydney"),
        ("51", "Australia/Melbourne", "(UTC+10:00) Melbourne"),
        ("52", "Australia/Hobart", "(UTC+10:00) Hobart"),
        ("53", "Pacific/Guam", "(UTC+10:00) Guam, Port Moresby"),
        ("54", "Pacific/Auckland", "(UTC+12:00) Auckland, Wellington"),
    )
}

AREA_CODES = {
    code: olson
    for olson, codes in (
        ("America/New_York", "201 202 203 212 215 216 301 305 315 347 401 404 407 410 412 502 508 516 610 614 617 631"),
        ("America/New_York", "646 678 703 704 718 757 770 781 802 803 804 813 860 908 914 917 919 954 973"),
        ("America/Detroit", "248 313 517 586 616 734 810"),
        ("America/Indiana/Indianapolis", "260 317 463 574 765"),
        ("America/Chicago", "205 210 214 225 251 312 314 316 402 405 414 417 501 504 512 515 601 605 608 612 615 630"),
        ("America/Chicago", "651 701 708 713 773 816 817 832 847 850 901 913 918 972"),
        ("America/Denver", "303 307 308 385 406 505 575 719 720 801 915 970"),
        ("America/Boise", "208"),
        ("America/Phoenix", "480 520 602 623 928"),
        ("America/Los_Angeles", "206 209 213 253 310 323 408 415 424 425 503 509 510 541 559 562 619 626 650 661 702"),
        ("America/Los_Angeles", "707 714 747 760 775 805 818 831 858 909 916 925 949 951 971"),
        ("America/Anchorage", "907"),
        ("Pacific/Honolulu", "808"),
        ("America/Puerto_Rico", "787 939"),
        ("Pacific/Guam", "671"),
        ("America/Toronto", "343 416 418 438 450 514 519 613 647 705 819 905"),
        ("America/Winnipeg", "204 431"),
        ("America/Regina", "306 639"),
        ("America/Edmonton", "403 587 780 825"),
        ("America/Vancouver", "236 250 604 778"),
        ("America/Halifax", "506 782 902"),
        ("America/St_Johns", "709"),
    )
    for code in codes.split()
}
"""North America only: elsewhere a number has no area code of three digits."""

EXCHANGES = {
    "541881": "America/Boise",
    "541889": "America/Boise",
    "605342": "America/Denver",
    "605343": "America/Denver",
}
"""Area code and exchange, where the exchange lies in another zone than most of its area."""

POSTAL_FORMS = {
    "US": r"[0-9]{5}(-?[0-9]{4})?",
    "CA": r"[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]",
    "GB": r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}",
    "AU": r"[0-9]{4}",
    "AT": r"[0-9]{4}",
    "CH": r"[0-9]{4}",
    "DE": r"[0-9]{5}",
    "ES": r"[0-9]{5}",
    "FR": r"[0-9]{5}",
    "IT": r"[0-9]{5}",
    "NL": r"[0-9]{4} ?[A-Z]{2}",
}
"""How postal codes look. Without a country the first form that fits says which it is."""

POSTAL_PREFIXES = {
    "US": {
        **dict.fromkeys(("006", "007", "008", "009"), "America/Puerto_Rico"),
        **dict.fromkeys(("0", "1", "2", "30", "31", "32", "33", "34", "398", "399"), "America/New_York"),
        **dict.fromkeys(("324", "325", "35", "36", "370", "371", "372", "375", "38", "39"), "America/Chicago"),
        **dict.fromkeys(
            ("373", "374", "376", "377", "378", "379", "40", "41", "425", "426", "427"), "America/New_York"
        ),
        **dict.fromkeys(("420", "421", "422", "423", "424"), "America/Chicago"),
        **dict.fromkeys(("43", "44", "45"), "America/New_York"),
        **dict.fromkeys(("46", "47"), "America/Indiana/Indianapolis"),
        **dict.fromkeys(("463", "464", "476", "477"), "America/Chicago"),
        **dict.fromkeys(("48", "49"), "America/Detroit"),
        **dict.fromkeys(("5", "6", "7"), "America/Chicago"),
        **dict.fromkeys(("577", "586", "59", "691", "693", "798", "799"), "America/Denver"),
        **dict.fromkeys(("80", "81", "82", "83", "84", "87", "88"), "America/Denver"),
        **dict.fromkeys(("832", "833", "834", "836", "837", "979"), "America/Boise"),
        **dict.fromkeys(("85", "86"), "America/Phoenix"),
        **dict.fromkeys(("835", "838", "889", "89", "9"), "America/Los_Angeles"),
        **dict.fromkeys(("967", "968"), "Pacific/Honolulu"),
        "969": "Pacific/Guam",
        **dict.fromkeys(("995", "996", "997", "998", "999"), "America/Anchorage"),
    },
    "CA": {
        "A": "America/St_Johns",
        **dict.fromkeys("BCE", "America/Halifax"),
        **dict.fromkeys("GHJKLMNP", "America/Toronto"),
        "R": "America/Winnipeg",
        "S": "America/Regina",
        **dict.fromkeys("TX", "America/Edmonton"),
        "V": "America/Vancouver",
        "Y": "America/Whitehorse",
    },
    "GB": {"": "Europe/London"},
    "AU": {
        **dict.fromkeys("12", "Australia/Sydney"),
        **dict.fromkeys("38", "Australia/Melbourne"),
        **dict.fromkeys("49", "Australia/Brisbane"),
        "5": "Australia/Adelaide",
        "6": "Australia/Perth",
        "7": "Australia/Hobart",
        "0": "Australia/Darwin",
    },
    "AT": {"": "Europe/Vienna"},
    "CH": {"": "Europe/Zurich"},
    "DE": {"": "Europe/Berlin"},
    "ES": {"": "Europe/Madrid"},
    "FR": {"": "Europe/Paris"},
    "IT": {"": "Europe/Rome"},
    "NL": {"": "Europe/Amsterdam"},
}
"""By country, from the beginning of a postal code to its zone; the longest beginning wins."""
