import {
  type Compilable,
  DummyDriver,
  type Generated,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

/** The tables of `migrations/`, for typed SQL. */
export interface Schema {
  series: { id: number; labels: string }
  metric: { name: string; type: string; help: string; unit: string }
  journal: { id: Generated<number>; min_ms: number; max_ms: number; body: Uint8Array }
  pushed: {
    labels: string
    kind: string
    value: number
    histogram: string | null
    updated_ms: number
    ttl_ms: number | null
  }
  idempotency: { key: string; body_hash: string; at_ms: number }
  check_state: {
    name: string
    state: string
    since_ms: number
    last_run_ms: number | null
    last_success_ms: number | null
    finding: string | null
  }
  check_event: { id: Generated<number>; name: string; at_ms: number; state: string; message: string }
  heartbeat_ping: {
    id: Generated<number>
    name: string
    at_ms: number
    kind: string
    run_id: string | null
    exit_code: number | null
    duration_ms: number | null
    source: string | null
    body: string | null
  }
  alert: {
    rule_key: string
    labels: string
    annotations: string
    state: string
    value: number | null
    active_at_ms: number
    fired_at_ms: number | null
    resolved_at_ms: number | null
    last_sent_at_ms: number | null
    keep_firing_since_ms: number | null
    frozen_since_ms: number | null
    frozen_by: string | null
    evaluated_at_ms: number
    peak: number | null
  }
  alert_event: {
    id: Generated<number>
    fingerprint: string
    at_ms: number
    kind: string
    detail: string
    subject: string
    last_ms: number
    times: number
  }
  alert_episode: {
    id: Generated<number>
    fingerprint: string
    alertname: string
    severity: string
    labels: string
    annotations: string
    origin: string | null
    last: string | null
    started_ms: number
    ended_ms: number | null
  }
  notify_alert: {
    fingerprint: string
    labels: string
    annotations: string
    starts_at_ms: number
    ends_at_ms: number
    updated_at_ms: number
    timed_out: number
    generator_url: string
    origin: string | null
  }
  notify_group: { route_id: string; group_key: string; labels: string; next_flush_ms: number; flushed: number }
  notify_log: {
    group_key: string
    receiver: string
    step: number
    integration: string
    at_ms: number
    firing: string
    told_ms: string
    resolved: string
    expires_ms: number
  }
  acknowledgement: {
    fingerprint: string
    starts_at_ms: number
    at_ms: number
    ends_at_ms: number
    acknowledged_by: string
    reason: string
  }
  outbox: {
    id: Generated<number>
    channel: string
    group_key: string
    body: string
    created_ms: number
    expires_ms: number
    attempts: Generated<number>
    next_try_ms: number
    leased_until_ms: Generated<number>
    last_error: string | null
    finished_ms: number | null
    outcome: string | null
    done: string | null
    stand_in: Generated<string | null>
    told_by: Generated<string | null>
  }
  channel_state: {
    channel: string
    last_success_ms: number | null
    last_failure_ms: number | null
    last_error: string | null
    failing_since_ms: number | null
  }
  audit: {
    seq: number
    at_ms: number
    received_ms: number
    trace_id: Uint8Array
    span_id: string | null
    event: string
    actor: string
    action: string
    resource: string
    outcome: string
    duration_ms: number | null
    body_hash: Uint8Array
    hash: Uint8Array
  }
  audit_body: { seq: number; salt: Uint8Array; body: string }
  audit_trace: { key: number; seq: number }
  audit_trace_recent: { key: number; seq: number }
  audit_anchor: { seq: number; hash: Uint8Array; at_ms: number; reason: string }
  silence: {
    id: string
    matchers: string
    starts_at_ms: number
    ends_at_ms: number
    updated_at_ms: number
    created_by: string
    comment: string
  }
  rule_group: {
    version: Generated<number>
    namespace: string
    name: string
    body: string
    created_at_ms: number
    updated_at_ms: number
    updated_by: string
  }
  slo: {
    id: string
    spec: string
    created_ms: number
    updated_ms: number
    created_by: string
    updated_by: string
  }
  maintenance: {
    id: string
    name: string
    spec: string
    created_by: string
    created_ms: number
    ended_ms: number | null
  }
  token: {
    id: string
    name: string
    hash: Uint8Array
    scopes: string
    created_ms: number
    last_used_ms: number | null
    revoked_ms: number | null
  }
  setting: { key: string; value: string }
}

/** Writes SQL and runs none: better-sqlite3 runs it at once, so that no transaction ever waits. */
export const sql = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** A query whose rows have the type `Row`. */
export type Query<Row> = Compilable<Row>
