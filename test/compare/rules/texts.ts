import type { Draw } from '../draw.ts'

/**
 * Texts of annotations that use all kinds of functions of Prometheus' templates, `SEL` standing for the scenario's series.
 * What depends on the machine or the moment is not there, nor what came after Prometheus 2.42.
 */
const TEXTS: readonly string[] = [
  'plain & <text> "quoted"',
  '{{ $value }}',
  '{{ .Value | printf "%.3f" }} of {{ printf "%8.2e|%g|%v" $value $value $value }}',
  '{{ $labels.i }}/{{ .Labels.host }}/{{ $labels.nothing }}',
  '{{ $labels }}',
  '{{ humanize $value }} {{ humanize1024 $value }} {{ humanizePercentage $value }}',
  '{{ humanizeDuration $value }} {{ humanizeTimestamp 1435065584.128 }}',
  '{{ 123456789.5 | humanize }} {{ "0.00012" | humanizeDuration }} {{ "1.5" | humanize1024 }}',
  '{{ $labels.host | title }} {{ $labels.host | toUpper }} {{ "ÄBC" | toLower }}',
  '{{ if match "web-[ab].*" $labels.host }}web{{ else if eq $labels.i "c" }}third{{ else }}other{{ end }}',
  '{{ reReplaceAll "(.*)-(.)(.*)" "$2:${1}$3" $labels.host }}',
  '{{ stripPort $labels.host }} {{ stripDomain $labels.host }} {{ stripPort "[::1]:80" }} {{ stripDomain "10.0.0.1:9" }}',
  '{{ graphLink "up == 0" }} {{ tableLink "sum(rate(x[5m])) by (le)" }}',
  '{{ externalURL }}|{{ pathPrefix }}|{{ $externalURL }}|{{ $externalLabels.region }}|{{ .ExternalLabels.nothing }}',
  '{{ range query "SEL" | sortByLabel "i" }}{{ .Labels.i }}={{ .Value }};{{ end }}',
  '{{ with query "SEL > 2" | sortByLabel "i" }}{{ . | first | value }} {{ . | first | label "host" }}{{ else }}none{{ end }}',
  '{{ range $n, $s := query "SEL" | sortByLabel "host" }}{{ $n }}:{{ $s | label "host" }} {{ end }}',
  '{{ range $n, $s := query "SEL >= 1" | sortByLabel "i" }}{{ if $n }}, {{ end }}{{ $s.Labels.i }}{{ end }}',
  '{{ $x := 3 }}{{ if gt $value 4.0 }}{{ $x = 5 }}{{ end }}{{ $x }} {{ and true (or false "a") }} {{ not $x }}',
  '{{ len $labels.host }} {{ index $labels "i" }} {{ slice $labels.host 0 3 }} {{ print 1 "a" 2 3 nil }}',
  '{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" $labels.i }}{{ template "t" 4 }}',
  '  {{- /* a comment */ -}}  left {{- " and " -}}  right  ',
  '{{ html "<a href=\'x\'>" }} {{ js "it\'s" }} {{ urlquery "a b&c" }} {{ println "end" }}',
  '{{ printf "%5s|%-5s|%q|%x|%05d|%t" $labels.i $labels.i $labels.i $labels.i 42 true }}',
  '{{ range $k, $v := $labels }}{{ $k }}={{ $v }} {{ end }}',
  '{{ if le $value 5.0 }}low{{ end }}{{ if ne $labels.i "a" }} not a{{ end }} {{ lt 1 2 }} {{ ge "b" "a" }}',
  '{{ parseDuration "1h30m" }} {{ 1.5e9 | humanizeTimestamp }} {{ safeHtml "<b>" }} {{ strvalue (query "SEL" | sortByLabel "i" | first) }}',
  '{{ args 1 "b" }} {{ (args 7 8).arg1 }}',
  // Errors: the alert goes on, and says so.
  '{{ if gt $value 100 }}int against float{{ end }}',
  '{{ $value.Nope }}',
  '{{ query "sum(" }}',
  '{{ humanize "no number" }}',
  '{{ query "vector(1) > 2" | first | value }}',
]

/** Annotations of one alert. */
export function annotationsOf(draw: Draw, selector: string, count: number): Record<string, string> {
  const chosen = draw.some(TEXTS, count)
  return Object.fromEntries(
    chosen.map((text, i) => [`text_${i}`, text.replaceAll('SEL', selector.replaceAll('"', '\\"'))]),
  )
}

/** Texts of labels that templates make. */
export function labelText(draw: Draw): string {
  return draw.pick([
    'fixed',
    '{{ $labels.i }}',
    '{{ $labels.host | toUpper }}-{{ $labels.i }}',
    '{{ $labels.nothing }}',
    '{{ if gt $value 4.0 }}high{{ else }}low{{ end }}',
    '{{ $value | printf "%.0f" }}',
    '{{ query "sum(" }}',
    '',
  ])
}
