"""The shape of a mapping file: which keys there are, and what each holds."""

from marshmallow import fields
from marshmallow.validate import Length as Count

from bridge.mappings.rules import OnCustomerChange, OnEmpty
from bridge.mappings.schema.fields import (
    Condition,
    Items,
    Lifetime,
    Moment,
    One,
    OneOrMore,
    Some,
    Tree,
    TrueOrFalse,
    Value,
    Words,
    Yes,
)
from bridge.sources.schema.strict import Choice, Length, MapOf, StrictSchema, Text

SOME = Count(min=1, error="is empty; add an item or leave the key out")


class Anything(fields.Raw):
    """Data as it stands, null too."""

    def __init__(self, data_key: str | None = None, *, required: bool = False) -> None:
        super().__init__(allow_none=True, data_key=data_key, required=required)


class DefaultsShape(StrictSchema):
    channel = Some()
    service = Some()
    expires = Lifetime()
    on_empty = Choice([choice.value for choice in OnEmpty])
    key_prefix = Words()


class SettingShape(StrictSchema):
    key = Some(required=True)
    content = Value(required=True)
    channel = Some()
    service = Some()
    expires = Lifetime()
    on_empty = Choice([choice.value for choice in OnEmpty])
    when = Condition()


class FastPathShape(StrictSchema):
    list_name = Some(required=True, data_key="list")
    layout = Text(required=True)
    values = MapOf(Value(), required=True, data_key="fields")
    custom = Items(Value())


class OperationShape(StrictSchema):
    id = Text(required=True)
    params = Tree()
    body = Tree()
    repeatable = TrueOrFalse()
    order_by = Some()


class StopsShape(StrictSchema):
    customer = Some(required=True)
    operations = Items(Text(), required=True, validate=SOME)


class OnceShape(StrictSchema):
    per = Some(required=True)
    within = Length()


class RuleShape(StrictSchema):
    name = Text(required=True)
    when = Condition()
    once = fields.Nested(OnceShape)
    hold = Yes()
    settings = Items(fields.Nested(SettingShape), validate=SOME)
    fast_path = fields.Nested(FastPathShape)
    forget = Yes()
    operation = fields.Nested(OperationShape)
    stops = fields.Nested(StopsShape)


class CookieShape(StrictSchema):
    customerId = Anything()
    key = Anything()
    channel = Anything()
    service = Anything()


class ExpectedSettingShape(CookieShape):
    content = Anything()
    expiresOnTime = Anything()


class ExpectedRecordShape(StrictSchema):
    list_name = Anything("list")
    values = MapOf(Anything(), data_key="fields")
    custom = Items(Anything())
    record = Anything()


class ExpectedOperationShape(StrictSchema):
    id = Text()
    params = MapOf(Anything())
    body = Anything()


class ExpectedStopShape(StrictSchema):
    customer = Anything()
    operations = Items(Text())


class ExpectedRejectionShape(StrictSchema):
    rule = Text()
    reason = Text()


class ExpectShape(StrictSchema):
    settings = Items(fields.Nested(ExpectedSettingShape))
    deletes = Items(fields.Nested(CookieShape))
    fast_path = Items(fields.Nested(ExpectedRecordShape))
    forget = Items(fields.Nested(CookieShape))
    operations = Items(fields.Nested(ExpectedOperationShape))
    stops = Items(fields.Nested(ExpectedStopShape))
    rejected = Items(fields.Nested(ExpectedRejectionShape))


class GivenEventShape(StrictSchema):
    type = Text(required=True)
    record_id = Text(required=True)
    id = Text()
    tenant = Text()
    occurred_at = Moment()


class GivenShape(StrictSchema):
    event = fields.Nested(GivenEventShape, required=True)
    record = MapOf(Anything())
    previous = MapOf(Anything())
    changed = Items(Text())
    body = Anything()
    headers = MapOf(Text())
    customers = Items(Text())
    written = Items(fields.Nested(CookieShape))
    now = Moment()


class TestShape(StrictSchema):
    __test__ = False  # it is the shape of a mapping's tests, and none of ours

    name = Text(required=True)
    given = fields.Nested(GivenShape, required=True)
    expect = fields.Nested(ExpectShape, required=True)


class MappingShape(StrictSchema):
    version = One(required=True)
    source = Anything(required=True)
    defaults = fields.Nested(DefaultsShape, load_default=dict)
    tables = MapOf(MapOf(Anything()), load_default=dict)
    customer = OneOrMore(Value(), load_default=list)
    on_customer_change = Choice([choice.value for choice in OnCustomerChange], load_default="move")
    owns = Items(Text(), load_default=list)
    rules = Items(fields.Nested(RuleShape), load_default=list)
    tests = Items(fields.Nested(TestShape), load_default=list)
