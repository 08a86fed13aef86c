"""Sources written out in full, without a preset: what a person writes for a CRM that nobody has prepared."""

REST = """
  read: {format: json}
  event: {type: "{{ item.type }}", record_id: "{{ item.id }}"}
"""

ZENDESK = """
  name: zendesk
  secrets: {signing_secret: ['${SECRET}']}
  verify:
    hmac:
      digest: sha256
      secret: signing_secret
      message: [timestamp, body]
      signature: {header: X-Zendesk-Webhook-Signature, encoding: base64}
      timestamp: {header: X-Zendesk-Webhook-Signature-Timestamp, format: iso8601, tolerance: 5m}
  read: {format: json}
  event:
    type: "{{ item.type }}"
    record: "{{ item.detail }}"
    record_id: "{{ record.id }}"
    id: "{{ item.id }}"
    occurred_at: "{{ item.time }}"
    tenant: "{{ item.account_id }}"
  reply:
    failed: {status: 409}
    overloaded: {status: 409}
    not_ready: {status: 409}
"""

PIPEDRIVE = """
  name: pipedrive
  secrets: {user: ['${USER}'], password: ['${PASSWORD}']}
  verify: {static: {basic: {user: user, password: password}}}
  read: {format: json}
  event:
    type: "{{ item.meta.entity }}.{{ item.meta.action }}"
    record: "{{ item.data }}"
    record_id: "{{ item.meta.entity_id }}"
    id: "{{ item.meta.id }}"
    occurred_at: "{{ item.meta.timestamp }}"
    tenant: "{{ item.meta.company_id }}"
    previous: "{{ item.previous }}"
    changed: "{{ item.previous | list }}"
"""

DYNAMICS = """
  name: dynamics
  secrets: {code: ['${CODE}'], header_key: ['${HEADER_KEY}']}
  verify:
    any:
      - static: {secret: code, query: code}
      - static: {secret: header_key, header: x-bridge-key}
  read: {format: json, plain: [dynamics]}
  event:
    type: "{{ item.PrimaryEntityName }}.{{ item.MessageName }}"
    record: "{{ item.InputParameters.Target.Attributes | default({}) }}"
    record_id: "{{ item.PrimaryEntityId }}"
    id: "{{ item.OperationId }}"
    occurred_at: "{{ item.OperationCreatedOn }}"
    tenant: "{{ item.OrganizationId }}"
    dedup_key: "{{ item.OrganizationId }}:{{ item.OperationId }}:{{ item.Stage }}"
    previous: "{{ item.PreEntityImages.PreImage.Attributes | default({}) }}"
    changed: "{{ record | list if item.MessageName == 'Update' else [] }}"
"""

STANDARD = """
  name: standard
  secrets: {signing_secret: ['${SECRET}']}
  verify:
    hmac:
      digest: sha256
      secret: signing_secret
      key: {encoding: base64, prefix: whsec_}
      message: [{header: webhook-id}, {literal: "."}, timestamp, {literal: "."}, body]
      signature: {header: webhook-signature, format: tagged, tag: v1, encoding: base64}
      timestamp: {header: webhook-timestamp, format: s, tolerance: 300s}
  read: {format: json}
  event:
    type: "{{ item.type }}"
    record: "{{ item.data }}"
    record_id: "{{ record.id }}"
    id: "{{ headers['webhook-id'] }}"
    occurred_at: "{{ item.timestamp }}"
"""
