/** What `midwatch init` writes: valid as it stands, with the first things that people change. */
export const starterConfig = `# midwatch.yml: what midwatch watches, and whom it tells.
# Every key may be left out; midwatch then watches itself and this machine. Look for mistakes with: midwatch check
# \${VAR} and \${VAR:-default} are taken from the environment, a plain $ is written $$, and every secret may stand in a
# file of its own: token_file: /run/secrets/token. Each key can be set by a variable, too: MIDWATCH_SERVER_LISTEN.

server:
  listen: 127.0.0.1:8420 # :8420 listens on every address; everything but /health then needs a token
  # external_url: https://watch.example.org # for links in messages
  # trusted_proxies: [10.0.0.0/8] # whose X-Forwarded-For is believed
  # public: [metrics] # what may be read without a token, besides /health
  # tokens:
  #   - { name: grafana, token_file: /run/secrets/grafana, scopes: [read] } # read, ingest, admin

storage:
  data: ./data # one folder holds everything
  # retention: { raw: 35d, rollup: 400d, audit: 365d, alerts: 90d }

# What midwatch asks, and how often.
checks:
  - name: midwatch
    http: http://127.0.0.1:8420/health/live # put an address of yours here
    every: 30s
    timeout: 5s
    category: infrastructure # one word; groups checks on the pages

  # - name: shop
  #   http: https://shop.example.org/health
  #   critical: true # when it fails, /health answers 503
  #   depends_on: [database] # while the database is down, this one is not reported
  #   runbook: https://wiki.example.org/shop
  #   labels: { team: shop }

  # - name: database
  #   postgres: "postgres://watch@db.example.org/app"
  #   password: \${PG_PASSWORD}
  #   category: database

  # - name: nightly-backup # the job tells midwatch: curl http://127.0.0.1:8420/ping/nightly-backup
  #   heartbeat: { cron: "0 3 * * *", timezone: Europe/Berlin, grace: 30m }

# Alerts of your own, as Prometheus rule files; the shipped ones need no file.
# rule_files: [rules/*.yml]
# slo_files: [slos/*.yml]
# kpi_files: [kpis.yml]
# shipped_rules: { disable: [] } # names of shipped alerts that you do not want, or false for none of them

# Whom midwatch tells.
# notify:
#   slack: \${SLACK_WEBHOOK_URL}
#   email: { to: oncall@example.org, smtp: "smtps://user:\${SMTP_PASSWORD}@mail.example.org" }
#   by_severity: { critical: [slack, email], high: [slack], medium: [slack], low: [email] }
#   repeat: 4h # how often an alert that stays is told again
# Alertmanager's own keys, where a branch for each severity is not enough: alertmanager: { route: …, receivers: […] }
`
