import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unquoteGo } from '../../src/lib/go-quote.ts'
import { Labels } from '../../src/model/labels.ts'
import { expand, parseTemplate } from '../../src/rule/template.ts'
import type { TemplateSample } from '../../src/rule/template-sample.ts'
import { describePeer, runPeer } from '../support/peers.ts'
import { accepted, refused } from './template-syntax.ts'

/** Expanded by both programs for every one of the values. */
const templates: readonly string[] = [
  'plain text, { } } {',
  '{{ $value }}',
  '{{.Value}} {{ $.Value }} {{ $.Labels.job }}',
  '{{ . }}',
  '{{ $labels }} {{ $externalLabels }} {{ $externalURL }}',
  '{{ $labels.instance }} of {{ $labels.job }} {{ $labels.missing }}|',
  '{{ $labels.__name__ }} {{ .Labels.__name__ }} {{ $labels.alertname }}',
  '{{ $externalLabels.region }} {{ .ExternalLabels.none }} {{ .ExternalURL }}',
  '{{ humanize $value }} {{ humanize1024 $value }}',
  '{{ humanizeDuration $value }}',
  '{{ humanizePercentage $value }}',
  '{{ humanizeTimestamp $value }}',
  '{{ printf "%.2f|%8.3f|%-10.1f|%+.0f|%08.2f" $value $value $value $value $value }}',
  '{{ printf "%g %e %G %E" $value $value $value $value }}',
  '{{ printf "%.4g %.0f %.10g %.3e %.0g" $value $value $value $value $value }}',
  '{{ printf "%d %s %t %q %c" $value $value $value $value $value }}',
  '{{ printf "%v %+v %T % v" $value $value $value $value }}',
  '{{ printf "%6.2f%%|%*d|%-5d|%05d|%x|%X|%o|%b|%U|%c|%q" $value 5 42 42 42 255 255 8 5 65 65 65 }}',
  '{{ printf "%s|%10s|%-10s|%.2s|%q|%x|%X|%+q|%#q" "hé" "hé" "hé" "hé" "hé\\n" "hé" "hé" "hé" "hé" }}',
  '{{ printf "%d" }} {{ printf "x" 1 "a" }} {{ printf "%[2]d %[1]d" 1 2 }} {{ printf "%[5]d" 1 }} {{ printf "%!" 1 }}',
  '{{ printf "%" }} {{ printf "%z" 1 }} {{ printf "%t %v %5t|" true false true }} {{ printf "%s %d" nil nil }}',
  '{{ printf "%v %s %d" $labels $labels $labels }}',
  '{{ print 1 2 "a" "b" 3.5 4 nil true }} {{ println "x" 1 $value }}',
  '{{ print $value $value }} {{ print }}|',
  "{{ 1 }} {{ -1 }} {{ 1.0 }} {{ 1.5e3 }} {{ 1e100 }} {{ 0x1F }} {{ 017 }} {{ 1_000 }} {{ 'a' }} {{ 0b11 }} {{ .5 }}",
  '{{ "text" }} {{ "a\\tb\\x41\\u00e9\\101" }} {{ `raw "x" \\n` }} {{ true }} {{ false }}',
  '{{ if $value }}yes{{ else }}no{{ end }}',
  '{{ if gt $value 100.0 }}big{{ else if gt $value 1.0 }}middle{{ else }}small{{ end }}',
  '{{ if gt $value 100 }}x{{ end }}',
  '{{ gt $value 1.0 }} {{ ge $value 1.0 }} {{ lt $value 1.0 }} {{ le $value 1.0 }} {{ eq $value 1.0 2.0 }} {{ ne $value 1.0 }}',
  '{{ eq $labels.job "shop" "x" }} {{ ne $labels.job "shop" }} {{ lt "a" "b" }} {{ gt "ä" "z" }}',
  '{{ eq 1 1.0 }}',
  '{{ eq "a" 1 }}',
  '{{ lt true false }}',
  '{{ eq true true }} {{ eq 1 2 3 1 }}',
  '{{ and 1 0 2 }} {{ and 1 2 }} {{ or 0 "" "x" }} {{ or 0 0.0 }} {{ not 0 }} {{ not "x" }} {{ and true $value }}',
  '{{ and false (first nil) }} {{ or true (index $labels 1) }}',
  '{{ len $labels }} {{ len "hé" }} {{ len $labels.job }}',
  '{{ len $value }}',
  '{{ index $labels "job" }} {{ index $labels "none" }}|{{ index "abc" 1 }}',
  '{{ index $labels 1 }}',
  '{{ index "abc" 3 }}',
  '{{ slice "hello" 1 3 }} {{ slice "hello" 2 }} {{ slice "hello" }}',
  '{{ slice "hello" 3 1 }}',
  '{{ html "<a href=\'x\'>&\\"" }} {{ js "it\'s <b> \\n=&\\"ü" }} {{ urlquery "a b&c=d/é~-_.!*()\'" }}',
  '{{ html 1 2 }} {{ urlquery $value }} {{ js nil }}',
  '{{ call nil }}',
  '{{ call $value }}',
  '{{ range $i, $e := $labels }}{{ $i }}={{ $e }};{{ end }}',
  '{{ range $labels }}[{{ . }}]{{ end }} {{ range $x := $labels }}<{{ $x }}>{{ end }}',
  '{{ range $externalLabels }}{{ . }}{{ else }}none{{ end }} {{ range query "nothing_here" }}x{{ else }}none{{ end }}',
  '{{ range $k, $v := $labels }}{{ if eq $k "instance" }}{{ continue }}{{ end }}{{ $k }} {{ if eq $k "job" }}{{ break }}{{ end }}{{ end }}',
  '{{ range $value }}x{{ end }}',
  '{{ with $labels.job }}job {{ . }}{{ end }}{{ with $labels.none }}x{{ else }} none{{ end }}',
  '{{ with $x := $labels.job }}{{ $x }} {{ . }}{{ end }}',
  '{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}',
  '{{ $y = 1 }}',
  '{{ define "greet" }}hi {{ .arg0 }} {{ .arg1 }}{{ .arg2 }}{{ end }}{{ template "greet" (args "a" 2) }}',
  '{{ define "n" }}{{ . }}|{{ $ }}{{ end }}{{ template "n" $value }} {{ template "n" }}',
  '{{ block "b" $labels.job }}<{{ . }}>{{ end }}{{ template "b" 5 }}',
  '{{ template "nowhere" }}',
  '{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "nowhere" }}',
  'a  {{- " b " -}}  c {{- /* no */ -}} d{{/* none */}} e\n{{- 1 -}}\n f',
  '{{- $value -}} x',
  '{{ $value | humanize | printf "%s!" | printf "%q" }}',
  '{{ "hello wORLD o\'neil foo_bar ünder-way ǆ x9y" | title }} {{ "ß aä" | toUpper }} {{ "ΣÄ" | toLower }}',
  '{{ match "a+" "caat" }} {{ match "^a+$" "caat" }} {{ "x" | match "X" }} {{ match "(?i)X" "x" }}',
  '{{ match "(" "x" }}',
  `{{ reReplaceAll "(a)(b)?" "<$1$2>" "ab a b" }} {{ reReplaceAll "x*" "-" "axxb" }} {{ reReplaceAll "(?P<n>.)o" "\${n}0$$ $1x \${1}x $" "foo" }}`,
  '{{ reReplaceAll "(.*):.*" "$1" $labels.instance }} {{ $labels.instance | reReplaceAll ":[0-9]+" "" }}',
  '{{ reReplaceAll "(" "" "x" }}',
  '{{ stripPort "foo.example.com:12345" }} {{ stripPort "192.0.2.1" }} {{ stripPort "[2001:0DB8::1]:12345" }} {{ stripPort "2001:0DB8::1" }} {{ stripPort "[::1]::12" }} {{ stripPort "a:b:c" }}',
  '{{ stripDomain "foo.example.com:12345" }} {{ stripDomain "foo.example.com" }} {{ stripDomain "192.0.2.1:12345" }} {{ stripDomain "[2001:0DB8::1]:12345" }} {{ stripDomain "2001:0DB8::1" }} {{ stripDomain "foo" }}',
  '{{ graphLink "up == 0 and x{a=\\"b\\"}" }} {{ tableLink "up" }} {{ safeHtml "<b>" }}',
  '{{ parseDuration "1h2m10ms" }} {{ parseDuration "1w" }} {{ parseDuration "0" }}',
  '{{ parseDuration "1 h" }}',
  '{{ (toTime 1435065584.128).Format "2006-01-02T15:04:05.000Z07:00 Mon Jan _2 3:04PM" }} {{ toTime 0 }} {{ (toTime $value).Year }}',
  '{{ humanize "1234567" }} {{ humanizeDuration "93784" }} {{ humanize 5 }} {{ humanizePercentage "0.5" }} {{ humanize "0x1p10" }} {{ humanize "inf" }}',
  '{{ humanize "one" }}',
  '{{ humanize $labels }}',
  '{{ humanize }}',
  '{{ humanize 1 2 }}',
  '{{ title 5 }}',
  '{{ title $value }}',
  '{{ .Foo }}',
  '{{ $labels.a.b }}',
  '{{ $value.x }}',
  '{{ .Labels.job.x }}',
  '{{ (args 1).arg7 }} {{ (args nil).arg0 }} {{ args 1 "x" }} {{ ((args 1).arg7).x.y }}',
  '{{ (args 1).arg7.x }}',
  '{{ nil }}',
  '{{ $value 1 }}',
  '{{ 1 | humanize }} {{ (1) }} {{ ((humanize 1)) }} {{ (len "a") | printf "%03d" }}',
  '{{ query "sort(other)" | first | value }} {{ query "sort(other)" | first | label "instance" }} {{ query "other" | first | label "x" }}|',
  '{{ range query "sort(other)" }}{{ .Labels.instance }}={{ .Value }},{{ .Labels.none }}{{ end }} {{ len (query "other") }}',
  '{{ range query "other" | sortByLabel "instance" }}{{ . }} {{ end }}',
  '{{ with query "count(other)" }}{{ . | first | value | humanize }}{{ end }} {{ (query "sum(other)" | first).Value }} {{ (index (query "sort(other)") 1).Value }}',
  '{{ range $k := query "sort(other)" }}{{ $k.Labels.instance }}:{{ with printf "other{instance=\'%s\'}" $k.Labels.instance | query }}{{ . | first | value }}{{ end }} {{ end }}',
  '{{ query "other" | first | strvalue }}|{{ query "1.5" | first | value }}',
  '{{ query "nothing_here" | first }}',
  '{{ query "not promql(" }}',
  '{{ (query "other").banana }}',
  '{{ first 1 }}',
  '{{ value nil }}',
  '{{ if query "nothing_here" }}some{{ else }}none{{ end }} {{ if and (query "other") (gt $value -1e300) }}both{{ end }}',
  'ünï {{ "ç" }} 日本 {{ len "日本" }}\n  second line {{ $labels.job }}\n',
  '{{ $a := args 1 2 }}{{ $a.arg0 }}{{ range $i, $x := $a }} {{ $i }}:{{ $x }}{{ end }}',
  '{{\n$value\n}}',
  '{{ printf "%s" (printf "%v" (printf "%d" 1)) }} {{ printf (print "%" "d") 7 }}',
  '{{ $v := $value }}{{ if eq $v $v }}number{{ else }}not a number{{ end }}',
  '{{ with . }}{{ .Labels.job }} {{ $.Value }} {{ $value }}{{ end }}',
]

const values = [
  '0',
  '1',
  '-1',
  '0.5',
  '-0.25',
  '2.5',
  '12345',
  '123456',
  '1234567',
  '12345678.9',
  '1e20',
  '1e21',
  '-1e300',
  '0.0001',
  '0.00001',
  '1e-30',
  '0.1234567',
  '899.99',
  '1.2345',
  '93784.5',
  '1048576',
  '1435065584.128',
  'NaN',
  '+Inf',
  '-Inf',
] as const

const externalUrl = 'http://watch.example.org:9090/prefix'
const externalLabels = Labels.of({ region: 'eu' })
const others: readonly TemplateSample[] = [
  { labels: Labels.of({ __name__: 'other', instance: 'a' }), value: 21 },
  { labels: Labels.of({ __name__: 'other', instance: 'b' }), value: 7.5 },
]

function seriesLabels(value: string): Labels {
  return Labels.of({ __name__: 't', instance: `host:${values.indexOf(value as (typeof values)[number])}`, job: 'shop' })
}

/** Enough of PromQL for the templates above. */
async function query(expr: string): Promise<readonly TemplateSample[]> {
  const byValue = others.toSorted((a, b) => a.value - b.value)
  const instance = /^other\{instance='(.)'\}$/.exec(expr)?.[1]
  if (instance !== undefined) return others.filter(({ labels }) => labels.get('instance') === instance)
  switch (expr) {
    case 'other':
      return others
    case 'sort(other)':
      return byValue
    case 'sum(other)':
      return [{ labels: Labels.empty, value: 28.5 }]
    case 'count(other)':
      return [{ labels: Labels.empty, value: 2 }]
    case '1.5':
      return [{ labels: Labels.empty, value: 1.5 }]
    case 'nothing_here':
      return []
    default:
      throw new Error(`unexpected expression ${expr}`)
  }
}

function ours(template: string, value: string): string | Promise<string> {
  const number = value.endsWith('Inf') ? Number(`${value[0]}Infinity`) : Number(value)
  const data = { labels: seriesLabels(value), externalLabels, externalUrl, value: number }
  return expand(parseTemplate(template), data, { nowMs: 0, query })
}

/** Expands by expecting no alert at all: promtool then lists those it got, with their annotations. */
async function theirs(promtool: string): Promise<Map<string, string>> {
  await using folder = await temporaryFolder()
  const rules = templates.map((template, i) => ({ alert: `T${i}`, expr: 't', annotations: { out: template } }))
  const series = [
    ...values.map((value) => ({ series: seriesLabels(value).toString(), values: value })),
    ...others.map(({ labels, value }) => ({ series: labels.toString(), values: String(value) })),
  ]
  const expectations = templates.map((_, i) => ({ eval_time: 0, alertname: `T${i}`, exp_alerts: [] }))
  const unit = {
    rule_files: ['rules.yml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        external_labels: externalLabels,
        external_url: externalUrl,
        input_series: series,
        alert_rule_test: expectations,
      },
    ],
  }
  await writeFile(join(folder.path, 'rules.yml'), JSON.stringify({ groups: [{ name: 'g', rules }] }))
  await writeFile(join(folder.path, 'test.yml'), JSON.stringify(unit))
  const { stdout, stderr } = await runPeer(promtool, ['test', 'rules', 'test.yml'], {
    cwd: folder.path,
    timeoutMs: 50_000,
  })
  const found = new Map<string, string>()
  const alert =
    /Labels:\{alertname="T(\d+)", instance="host:(\d+)", job="shop"\}\s+Annotations:\{out=("(?:[^"\\]|\\.)*")\}/g
  for (const [, template, value, text] of `${stdout}${stderr}`.matchAll(alert)) {
    found.set(`${template}/${value}`, unquoteGo(text as string) as string)
  }
  if (found.size === 0) throw new Error(stdout + stderr)
  return found
}

async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'midwatch-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The words of an error are our own; that it is one, and where a text begins with it, is not. */
function comparable(text: string | undefined): string | undefined {
  return text?.startsWith('<error expanding template: ') ? '<error expanding template: …>' : text
}

describePeer('promtool', (promtool) => {
  test('expands every template for every value to the text that Prometheus makes of it', async () => {
    const expected = await theirs(promtool)
    expect(expected.size).toBe(templates.length * values.length)
    const different: string[] = []
    for (const [t, template] of templates.entries()) {
      for (const [v, value] of values.entries()) {
        const want = comparable(expected.get(`${t}/${v}`))
        const text = await ours(template, value)
        if (comparable(text) !== want) different.push(`${template} for ${value}\n  want ${want}\n  got  ${text}`)
      }
    }
    expect(different).toEqual([])
  }, 60_000)

  test('accepts and refuses the same templates as Prometheus when a rule file is read', async () => {
    await using folder = await temporaryFolder()
    const all = [...accepted, ...refused]
    const files = all.map((_, i) => `${i}.yml`)
    for (const [i, template] of all.entries()) {
      const rules = [{ alert: 'A', expr: '1', annotations: { out: template } }]
      await writeFile(join(folder.path, `${i}.yml`), JSON.stringify({ groups: [{ name: 'g', rules }] }))
    }
    const { stdout } = await runPeer(promtool, ['check', 'rules', ...files], { cwd: folder.path, timeoutMs: 50_000 })
    const theirs = all.filter((_, i) => stdout.includes(`Checking ${i}.yml\n  SUCCESS`))
    expect(theirs).toEqual(accepted)
  }, 60_000)
})
