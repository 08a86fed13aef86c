"""Phone numbers, read and checked with Google's libphonenumber."""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from bridge.errors import ExpressionError


@dataclass(frozen=True, kw_only=True, repr=False)
class Phone:
    """A valid phone number; its text is E.164. An extension is not kept: neither form below has room for one."""

    country_code: int
    national: str
    """The national significant number, digits only."""

    def __str__(self) -> str:
        return f"+{self.country_code}{self.national}"

    def __repr__(self) -> str:
        return "Phone(…)"


# One event asks for the same number several times, and reading one costs a hundred microseconds.
@lru_cache(maxsize=1024)
def read_phone(text: str, region: str | None) -> Phone:
    """Raise ExpressionError, without the number, where it cannot be dialled."""
    if region is None and not text.lstrip().startswith("+"):
        raise ExpressionError("the phone number does not begin with +; say its country, as in phone('US')")
    check_region(region)
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise ExpressionError("the value is not a phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise ExpressionError(f"the value is not a valid phone number{f' for {region}' if region else ''}")
    return Phone(
        country_code=number.country_code or 0,
        national=phonenumbers.national_significant_number(number),
    )


def check_region(region: object) -> None:
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise ExpressionError("phone takes a country's two letters in upper case, such as phone('US') or phone('GB')")
