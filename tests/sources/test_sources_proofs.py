"""Each way to prove a sender, against signatures that were made without this code."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import BadSignature, NotReady, Unreadable
from bridge.model import Received
from bridge.sources.signing import sign
from bridge.sources.source import Source
from bridge.sources.tokens import short_keys
from bridge.sources.verify import verify
from tests.sources.recorded import INDEX, posted, problems_of, received, source
from tests.sources.written_out import DYNAMICS, PIPEDRIVE, REST, STANDARD, ZENDESK
from tests.words import NOON

URL = "https://bridge.example.com/webhooks/mine"
BODY = b'{"type":"contact.updated","id":7}'
MONDAY_TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL2JyaWRnZS5leGFtcGxlLmNvbS93ZWJob29rcy9taW5lIiwiZXhwIjox"
    "Nzc4NTc4NTAwLCJpYXQiOjE3Nzg1NzgyMDAsInNob3J0TGl2ZWRUb2tlbiI6InNsdCJ9.ahvfGH_Zl_aTFvGh74Du0MBYcbPxkzih4Uo13KKy_hc"
)
ATLASSIAN_TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjbGllbnQta2V5LTEiLCJleHAiOjE3Nzg1NzgzODAsImlhdCI6MTc3ODU3ODIwMCwi"
    "cXNoIjoiOTMyMWRiZDFkMGFjMDk3YTAxODM4MDY2MTVhZTEwYWE5Yzg2ZDVhYmY3YWRkYmRiODU0ZmVmODUzZTY5MzhmZCJ9."
    "lpJzeXhwx4TUhVysLMa8P1GvTpeDWu8ZFOOOX_HJZtY"
)


@dataclass(frozen=True, kw_only=True)
class Vector:
    """A check, and a request that it must accept at noon."""

    name: str
    verify: str
    secret: str
    headers: dict[str, str] = field(default_factory=dict)
    url: str = URL
    body: bytes = BODY
    format: str = "json"

    def source(self, **env: str) -> Source:
        rest = REST.replace("json", self.format)
        return source(
            f"\n  name: mine\n  secrets: {{s: ['${{S}}', '${{NEXT}}']}}\n  verify: {self.verify}{rest}",
            {"S": self.secret} | env,
        )

    def request(self, **changes: Any) -> Received:
        usual = {"url": self.url, "body": self.body, "headers": {k.lower(): v for k, v in self.headers.items()}}
        return replace(posted(b""), **usual | changes)

    def __str__(self) -> str:
        return self.name


HUBSPOT_V2 = "84bd2239732213ae4b516746b24411966184323dc18bb1aa921fb797c0c0134f"
SIGNED = [
    Vector(
        name="hubspot v1",
        verify="{hash: {digest: sha256, secret: s, message: [secret, body], "
        "signature: {header: X-HubSpot-Signature, encoding: hex}}}",
        secret="hs-secret",
        headers={"X-HubSpot-Signature": "48c245694fee45fb708f7154f2a365dc7f730bf0b538ad93a613d618848ccf0c"},
    ),
    Vector(
        name="hubspot v2",
        verify="{hash: {digest: sha256, secret: s, message: [secret, method, url, body], "
        "signature: {header: X-HubSpot-Signature, encoding: hex}}}",
        secret="hs-secret",
        headers={"X-HubSpot-Signature": HUBSPOT_V2},
        url=f"{URL}?a=%2Fb",
    ),
    Vector(
        name="stripe, whose key is the whole text",
        verify='{hmac: {digest: sha256, secret: s, message: [timestamp, {literal: "."}, body], signature: '
        "{header: Stripe-Signature, format: pairs, tag: v1, encoding: hex}, "
        "timestamp: {tag: t, format: s, tolerance: 300s}}}",
        secret="whsec_abc",
        headers={
            "Stripe-Signature": "t=1778578200,v1=00ff,"
            "v1=0222436b6e12861ec0414cb57a7abea85c0d62157169a46e93f0f4d081e4d5a2,v0=abc"
        },
    ),
    Vector(
        name="slack",
        verify='{hmac: {digest: sha256, secret: s, message: [{literal: "v0:"}, timestamp, {literal: ":"}, body], '
        'signature: {header: X-Slack-Signature, prefix: "v0=", encoding: hex}, '
        "timestamp: {header: X-Slack-Request-Timestamp, format: s, tolerance: 300s}}}",
        secret="slack-secret",
        headers={
            "X-Slack-Signature": "v0=8fff37df33da8ef30e5bc190648f5f93db21748e9b884512a58545a48c06bbd4",
            "X-Slack-Request-Timestamp": "1778578200",
        },
    ),
    Vector(
        name="close, whose key is hex",
        verify="{hmac: {digest: sha256, secret: s, key: hex, message: [timestamp, body], "
        "signature: {header: close-sig-hash, encoding: hex}, "
        "timestamp: {header: close-sig-timestamp, format: s, tolerance: 5m}}}",
        secret="00ff10a0" * 8,
        headers={
            "close-sig-hash": "0F2BB9DB238A0200EDB3CBF22A43F72EB23D220D1AB9E76D204545E6754DE30B",
            "close-sig-timestamp": "1778578200",
        },
    ),
    Vector(
        name="shopify",
        verify="{hmac: {digest: sha256, secret: s, message: [body], "
        "signature: {header: X-Shopify-Hmac-Sha256, encoding: base64}}}",
        secret="shop-secret",
        headers={"X-Shopify-Hmac-Sha256": "HV105hdsrIQr46FaN74l6GqPARHkvL/mAk7wAQlH+Mc="},
    ),
    Vector(
        name="github, with the values of its documentation",
        verify="{hmac: {digest: sha256, secret: s, message: [body], "
        'signature: {header: X-Hub-Signature-256, prefix: "sha256=", encoding: hex}}}',
        secret="It's a Secret to Everybody",
        headers={"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        body=b"Hello, World!",
    ),
    Vector(
        name="jira",
        verify="{hmac: {digest: sha256, secret: s, message: [body], "
        'signature: {header: X-Hub-Signature, prefix: "sha256=", encoding: hex}}}',
        secret="jira-secret",
        headers={"X-Hub-Signature": "sha256=6f5ddc38c66be5a96b0921fdc7eaac66f41924be21c60c4ecc90c08fdd9e9907"},
    ),
    Vector(
        name="intercom, with sha1",
        verify="{hmac: {digest: sha1, secret: s, message: [body], "
        'signature: {header: X-Hub-Signature, prefix: "sha1=", encoding: hex}}}',
        secret="ic-secret",
        headers={"X-Hub-Signature": "sha1=d2dd96510a2fd4ffd14684ae3bbcefe30b45f617"},
    ),
    Vector(
        name="attio, in the second of two headers",
        verify="{hmac: {digest: sha256, secret: s, message: [body], "
        "signature: {header: [Attio-Signature, X-Attio-Signature], encoding: hex}}}",
        secret="attio-secret",
        headers={"X-Attio-Signature": "e0fc67f1a5026993feb802a7527e0a598bf43f1b6d4e8fc6ea8f20c4be04bd08"},
    ),
    Vector(
        name="sha512 in base64url",
        verify="{hmac: {digest: sha512, secret: s, message: [url, body], "
        "signature: {header: X-Sig, encoding: base64url}}}",
        secret="long-secret",
        headers={"X-Sig": "aWTENftN2CJYEmyEHWTO2q1Osn90lSVz9Yq7cwLnAspPsDTry_-PmnRHj7rxF5XIfizKbMlpNxJ-mloiq20TmA"},
    ),
    Vector(
        name="sorted fields of a form",
        verify="{hmac: {digest: sha1, secret: s, message: [url, sorted_form], "
        "signature: {header: X-Twilio-Signature, encoding: base64}}}",
        secret="tw-token",
        headers={"X-Twilio-Signature": "+L3YPmGor7em/e5t8udX2mZDHVs="},
        body=b"To=%2B372&From=a+b&Body=hi",
        format="form",
    ),
    Vector(
        name="path and body, signed in the query",
        verify="{hmac: {digest: sha256, secret: s, message: [{url: path}, body], "
        "signature: {header: X-Sig, encoding: hex}}}",
        secret="q-key",
        headers={"X-Sig": "9b7735e4a2adee9dcd2c761bd44252d4dc7f93ea20b9a2af08a65c5083d63c94"},
        url=f"{URL}?n=5",
    ),
]
MAILGUN = {"signature": {"timestamp": 1778578200, "token": "tok-1"}, "id": 7}
MAILGUN["signature"]["signature"] = "fff54358b0a3ddce53256ad34b6b3eab496d8d07a1a1fae8cf1618e87dfd9385"  # type: ignore[index]  # the value is a map
UNSIGNED = [
    Vector(
        name="members of the body, signed in the body",
        verify="{hmac: {digest: sha256, secret: s, covers_body: false, message: [timestamp, {json: signature.token}], "
        "signature: {json: signature.signature, encoding: hex}, "
        "timestamp: {json: signature.timestamp, format: s, tolerance: 5m}}}",
        secret="mg-key",
        body=json.dumps(MAILGUN).encode(),
    ),
    Vector(
        name="monday's bare token",
        verify="{jwt: {secret: s, header: Authorization, aud: url, require: [exp, iat], covers_body: false}}",
        secret="monday-signing-secret-of-32-bytes",
        headers={"Authorization": MONDAY_TOKEN},
    ),
    Vector(
        name="atlassian, with the query's hash",
        verify="{jwt: {secret: s, header: Authorization, scheme: JWT, iss: client-key-1, qsh: true, "
        "covers_body: false}}",
        secret="atlassian-shared-secret-32-bytes!",
        headers={"Authorization": f"JWT {ATLASSIAN_TOKEN}"},
        url=f"{URL}?b=2&b=1&a=%2B",
    ),
    Vector(
        name="atlassian, with the token in the query",
        verify="{jwt: {secret: s, query: jwt, qsh: true, covers_body: false}}",
        secret="atlassian-shared-secret-32-bytes!",
        url=f"{URL}?a=%2b&jwt={ATLASSIAN_TOKEN}&b=1&b=2",
    ),
    Vector(
        name="a bearer token",
        verify="{static: {secret: s, header: Authorization, scheme: Bearer}}",
        secret="t0ken",
        headers={"Authorization": "bearer t0ken"},
    ),
    Vector(
        name="a header in UTF-8, as web servers hand it over",
        verify="{static: {secret: s, header: X-Key}}",
        secret="schlüssel",
        headers={"X-Key": "schlüssel".encode().decode("latin-1")},
    ),
    Vector(
        name="a member of the body",
        verify="{static: {secret: s, json: auth.token}}",
        secret="tok",
        body=b'{"auth": {"token": "tok"}, "id": 7}',
    ),
    Vector(
        name="a field of a form",
        verify="{static: {secret: s, form: 'auth[key]'}}",
        secret="a&b",
        body=b"id=7&auth%5Bkey%5D=a%26b",
        format="form",
    ),
]
VECTORS = [*SIGNED, *UNSIGNED]


def fault(vector: Vector, *, late_s: float = 0, env: dict[str, str] | None = None, **changes: Any) -> str:
    with pytest.raises(BadSignature) as caught:
        verify(vector.source(**(env or {})), vector.request(**changes), now=NOON + timedelta(seconds=late_s))
    return caught.value.reason


@pytest.mark.parametrize("vector", VECTORS, ids=str)
def test_what_was_signed_elsewhere_is_accepted(vector: Vector) -> None:
    verify(vector.source(), vector.request(), now=NOON)


@pytest.mark.parametrize("vector", VECTORS, ids=str)
def test_the_second_value_of_a_secret_being_rotated_is_good_too(vector: Vector) -> None:
    first = vector.secret[:-2] + ("00" if vector.secret[-2:] != "00" else "11")
    verify(vector.source(S=first, NEXT=vector.secret), vector.request(), now=NOON)


@pytest.mark.parametrize("vector", VECTORS, ids=str)
def test_another_secret_is_refused(vector: Vector) -> None:
    other = vector.secret[:-2] + ("00" if vector.secret[-2:] != "00" else "11")
    assert fault(vector, env={"S": other}) in ("bad_signature", "bad_token", "bad_key")


@pytest.mark.parametrize("vector", SIGNED, ids=str)
def test_another_body_is_refused(vector: Vector) -> None:
    assert fault(vector, body=vector.body.replace(b"i", b"j", 1).replace(b"o", b"0", 1)) == "bad_signature"


@pytest.mark.parametrize("vector", [each for each in VECTORS if each.headers], ids=str)
def test_without_its_header_nothing_is_proved(vector: Vector) -> None:
    assert fault(vector, headers={}).startswith("missing_")


@pytest.mark.parametrize("vector", [each for each in SIGNED if "timestamp:" in each.verify] + UNSIGNED[:3], ids=str)
@pytest.mark.parametrize(("late_s", "reason"), [(601, "too_old"), (-301, "in_the_future")])
def test_old_and_coming_requests_are_refused(vector: Vector, late_s: float, reason: str) -> None:
    assert fault(vector, late_s=late_s) == reason


@pytest.mark.parametrize("vector", [each for each in VECTORS if "{json: signature" not in each.verify], ids=str)
def test_a_request_signed_afresh_is_accepted_at_its_new_time(vector: Vector) -> None:
    later = NOON + timedelta(days=40)
    fresh = sign(vector.source(), vector.request(headers={}), now=later)
    verify(vector.source(), fresh, now=later)


@pytest.mark.parametrize("vector", VECTORS, ids=str)
@settings(deadline=None)
@given(data=st.data())
def test_whatever_comes_in_nothing_but_a_refusal_comes_out(vector: Vector, data: st.DataObject) -> None:
    names = sorted({*(name.lower() for name in vector.headers), "authorization"})
    headers = data.draw(
        st.dictionaries(st.sampled_from(names), st.text() | st.just("v1=,t=1,v1=") | st.just("JWT a.b.c"))
    )
    request = vector.request(headers=headers, url=data.draw(st.text()), body=data.draw(st.binary()))
    with pytest.raises((BadSignature, Unreadable)):
        verify(vector.source(), request, now=NOON)


STRIPE = next(vector for vector in SIGNED if vector.name.startswith("stripe"))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("v1=00", "missing_timestamp"),
        ("t=1778578200", "bad_signature"),
        ("t=1778578200,v0=0222436b6e12861ec0414cb57a7abea85c0d62157169a46e93f0f4d081e4d5a2", "bad_signature"),
        ("t=noon,v1=00", "bad_timestamp"),
        ("t=1778578201,v1=0222436b6e12861ec0414cb57a7abea85c0d62157169a46e93f0f4d081e4d5a2", "bad_signature"),
        ("t=1778578200,v1=0222436b", "bad_signature"),
    ],
)
def test_a_list_of_pairs_must_hold_the_right_ones(header: str, reason: str) -> None:
    assert fault(STRIPE, headers={"stripe-signature": header}) == reason


KEY = "a shared secret of no less than 32 bytes"
CLAIMS = {"exp": 1778578500, "iat": 1778578200, "aud": URL, "iss": "me"}
TOKENS = Vector(
    name="tokens",
    verify="{jwt: {secret: s, header: Authorization, scheme: Bearer, aud: url, iss: me, require: [exp, iat], "
    "covers_body: false}}",
    secret=KEY,
)


def bearer(claims: dict[str, Any], key: str = KEY, algorithm: str = "HS256") -> dict[str, str]:
    return {"authorization": f"Bearer {jwt.encode(claims, key, algorithm=algorithm)}"}


def test_a_token_with_all_its_claims_is_accepted() -> None:
    verify(TOKENS.source(), TOKENS.request(headers=bearer(CLAIMS)), now=NOON)
    verify(TOKENS.source(), TOKENS.request(headers=bearer(CLAIMS | {"aud": ["x", URL]}), url=f"{URL}?q=1"), now=NOON)


def test_a_short_secret_is_taken_without_a_warning_at_every_webhook() -> None:
    short = replace(TOKENS, secret="short")
    verify(short.source(), sign(short.source(), short.request(), now=NOON), now=NOON)
    assert list(short_keys(short.source())) == ["s"]
    assert list(short_keys(TOKENS.source())) == []


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"authorization": "Bearer "}, "missing_token"),
        ({"authorization": "Basic abc"}, "missing_token"),
        ({"authorization": "Bearer abc"}, "bad_token"),
        (bearer(CLAIMS, "another secret of no less than 32 bytes"), "bad_token"),
        (bearer(CLAIMS, KEY * 2, "HS512"), "bad_token"),
        (bearer(CLAIMS, "", "none"), "bad_token"),
        (bearer({name: value for name, value in CLAIMS.items() if name != "exp"}), "missing_claim"),
        (bearer({name: value for name, value in CLAIMS.items() if name != "iat"}), "missing_claim"),
        (bearer(CLAIMS | {"exp": 1778578139}), "too_old"),
        (bearer(CLAIMS | {"exp": "1778578500"}), "bad_claim"),
        (bearer(CLAIMS | {"exp": 10**400}), "bad_claim"),
        (bearer(CLAIMS | {"exp": True}), "bad_claim"),
        (bearer(CLAIMS | {"iat": 1778578261}), "in_the_future"),
        (bearer(CLAIMS | {"nbf": 1778578261}), "in_the_future"),
        (bearer(CLAIMS | {"aud": f"{URL}2"}), "bad_claim"),
        (bearer(CLAIMS | {"aud": {"a": 1}}), "bad_claim"),
        (bearer({name: value for name, value in CLAIMS.items() if name != "aud"}), "bad_claim"),
        (bearer(CLAIMS | {"iss": "you"}), "bad_claim"),
    ],
)
def test_a_token_is_refused_for_a_reason(headers: dict[str, str], reason: str) -> None:
    assert fault(TOKENS, headers=headers) == reason


def test_the_query_that_a_token_covers_cannot_be_changed() -> None:
    atlassian = next(vector for vector in VECTORS if "query's hash" in vector.name)
    assert fault(atlassian, url=f"{URL}?b=2&b=1&a=%2D") == "bad_claim"
    assert fault(atlassian, method="PUT") == "bad_claim"


def test_a_key_that_is_not_written_as_its_source_says_is_the_operators_matter() -> None:
    close = next(vector for vector in SIGNED if vector.name.startswith("close"))
    with pytest.raises(NotReady, match="'s' is not hex") as caught:
        verify(close.source(S="no-hex-at-all"), close.request(), now=NOON)
    assert "no-hex-at-all" not in str(caught.value)


SAMPLES = {
    "zendesk/user-name-changed.json": (ZENDESK, {"SECRET": "signing_secret"}),
    "zendesk/ticket-status-changed.json": (ZENDESK, {"SECRET": "signing_secret"}),
    "pipedrive/person-change.json": (PIPEDRIVE, {"USER": "username", "PASSWORD": "password"}),
    "dynamics/contact-create.json": (DYNAMICS, {"CODE": "WebhookKey (query `code`)"}),
    "dynamics/contact-update.json": (DYNAMICS, {"HEADER_KEY": "HttpHeader `x-bridge-key`"}),
    "standard-webhooks/contact-updated.json": (STANDARD, {"SECRET": "signing secret"}),
}


def source_for(sample: str, **env: str) -> Source:
    yaml, names = SAMPLES[sample]
    given = {variable: INDEX[sample]["secrets"][name] for variable, name in names.items()}
    return source(yaml, {"CODE": "none", "HEADER_KEY": "none"} | given | env)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_crm_written_out_in_yaml_accepts_its_recorded_requests_byte_for_byte(sample: str) -> None:
    verify(source_for(sample), received(sample), now=NOON)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("secret", ["whsec_b3RoZXI=", "whsec_YnJpZGdlLXpl"])
def test_a_crm_written_out_in_yaml_refuses_another_secret(sample: str, secret: str) -> None:
    variable = [*SAMPLES[sample][1]][-1]
    with pytest.raises(BadSignature):
        verify(
            source_for(sample, **{variable: "whsec_b3RoZXI=" if "standard" in sample else secret}),
            received(sample),
            now=NOON,
        )


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if sample.startswith(("zendesk", "standard"))])
@pytest.mark.parametrize(
    "change",
    [
        {"body": b"{}"},
        {"headers": {"webhook-id": "x", "x-zendesk-webhook-signature-timestamp": "2026-05-12T09:30:02Z"}},
    ],
)
def test_a_signed_sample_cannot_be_altered(sample: str, change: dict[str, Any]) -> None:
    with pytest.raises(BadSignature, match="bad_signature"):
        verify(source_for(sample), received(sample, **change), now=NOON)


def test_either_secret_of_a_rotation_proves_the_standard_sample() -> None:
    sample = "standard-webhooks/contact-updated.json"
    old = INDEX[sample]["secrets"]["previous secret (being rotated out)"]
    verify(source_for(sample, SECRET=old), received(sample), now=NOON)
    verify(source_for(sample, SECRET=old.rstrip("=")), received(sample), now=NOON)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic =",
        "Basic \xe4",
        "Basic YnJpZGdl",
        "Basic YnJpZGdlOnBkLWJhc2ljLXDkc3N3b3Jk",
        "Bearer YnJpZGdlOnBkLWJhc2ljLXDDpHNzd29yZA==",
    ],
)
def test_basic_authentication_wants_user_and_password_in_utf_8(header: str) -> None:
    with pytest.raises(BadSignature, match=r"(missing|bad)_key"):
        verify(
            source_for("pipedrive/person-change.json"),
            received("pipedrive/person-change.json", headers={"authorization": header}),
            now=NOON,
        )


HMAC = "hmac: {digest: sha256, secret: s, message: [body], signature: {header: A, encoding: hex}}"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("hmac", "hash", "add secret"),
        ("[body]", "[secret, body]", "the secret is the key"),
        (HMAC, "jwt: {secret: s, header: A}", "jwt.covers_body: is missing"),
        (HMAC, "jwt: {secret: s, header: A, covers_body: true}", "no token covers the body"),
        (HMAC, "jwt: {secret: s, covers_body: false}", "say where the token stands"),
        (HMAC, "jwt: {secret: s, query: a, scheme: JWT, covers_body: false}", "belongs to a header"),
        (HMAC, "static: {secret: s}", "say where the secret stands"),
        (HMAC, "static: {basic: {user: s, password: s}, secret: s}", "name the secret; only basic"),
        (HMAC, "static: {basic: {user: s}}", "static.basic.password: is missing"),
        ("message:", "key: hax, message:", "key: 'hax' is not known"),
        ("message:", "key: {encoding: hex, prefx: a}, message:", "unknown key, did you mean 'prefix'?"),
        ("[body]", "[header, body]", "write it as {header: …}"),
        ("[body]", "[sorted_form]", "write format: form"),
        ("header: A, ", "", "say where the signature stands"),
        ("header: A, ", "header: A, query: b, ", "say where the signature stands"),
        ("header: A, ", "header: A, format: pairs, ", "tag: is missing"),
        ("header: A, ", "header: A, tag: v1, ", "tag: does not belong to the format plain"),
        ("header: A, ", "header: A, format: pairs, tag: v1, prefix: x, ", "prefix: does not belong"),
        ("header: A, ", 'header: A, format: pairs, tag: v1, delimiter: "", ', "delimiter: is empty"),
        (
            "[body],",
            "[timestamp, body], timestamp: {tag: t, format: s, tolerance: 5m},",
            "needs a signature with format: pairs",
        ),
    ],
)
def test_a_mistake_in_a_proof_is_told_with_what_to_write(old: str, new: str, problem: str) -> None:
    _, problems = problems_of(f"\n  name: mine\n  secrets: {{s: x}}\n  verify: {{{HMAC.replace(old, new)}}}{REST}")
    assert any(problem in str(each) for each in problems), [str(each) for each in problems]
