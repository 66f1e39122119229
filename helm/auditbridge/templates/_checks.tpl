{{/* What is refused before anything is installed, each with what to do. */}}
{{- define "auditbridge.checks" -}}
{{- $metrics := .Values.metrics -}}
{{- $monitors := or $metrics.serviceMonitor.enabled $metrics.podMonitor.enabled -}}
{{- $isJob := eq .Values.kind "CronJob" -}}

{{- if and .Values.config .Values.existingConfigMap -}}
{{- fail "config and existingConfigMap are both set: keep one of them" -}}
{{- else if not (or .Values.config .Values.existingConfigMap) -}}
{{- fail "nothing says what to read: set config, or existingConfigMap to a ConfigMap with the key auditbridge.yaml" -}}
{{- end -}}
{{- if and .Values.existingConfigMap .Values.configFiles -}}
{{- fail "configFiles stand beside config: put these files into the ConfigMap of existingConfigMap" -}}
{{- end -}}
{{- if hasKey .Values.configFiles "auditbridge.yaml" -}}
{{- fail "configFiles: auditbridge.yaml is made of config; write it there" -}}
{{- end -}}
{{- if hasKey .Values.config "state" -}}
{{- fail "config.state is set by the chart: the volume is described by the value state" -}}
{{- end -}}
{{- range $name := ternary (list "listen" "pushgateway") (list) $metrics.enabled -}}
{{- if hasKey (default (dict) $.Values.config.metrics) $name -}}
{{- fail (printf "config.metrics.%s is set by the chart: use the value metrics; other keys may stay" $name) -}}
{{- end -}}
{{- end -}}

{{- if gt (int .Values.replicas) 1 -}}
{{- fail "replicas: the state is one SQLite file, which pods cannot share; use 1, and more workers in the configuration" -}}
{{- end -}}
{{- if and .Values.state.ephemeral .Values.state.existingClaim -}}
{{- fail "state.ephemeral and state.existingClaim are both set: keep one of them" -}}
{{- end -}}
{{- range .Values.extraVolumes -}}
{{- if eq .name "state" -}}
{{- fail "extraVolumes: state is the chart's own volume; use state.existingClaim, or state.ephemeral: true for an emptyDir" -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraVolumeMounts -}}
{{- if or (eq .mountPath "/var/lib/auditbridge") (hasPrefix "/var/lib/auditbridge/" .mountPath) -}}
{{- fail "extraVolumeMounts: /var/lib/auditbridge holds the state; use state.existingClaim, or state.ephemeral: true for an emptyDir" -}}
{{- end -}}
{{- end -}}

{{- if and $metrics.serviceMonitor.enabled $metrics.podMonitor.enabled -}}
{{- fail "metrics.serviceMonitor and metrics.podMonitor would scrape the same pod twice: enable one of them" -}}
{{- end -}}
{{- if and $monitors (not $metrics.enabled) -}}
{{- fail "a monitor needs metrics.enabled: true" -}}
{{- end -}}
{{- if and $monitors $isJob -}}
{{- fail "a CronJob's pods end before a monitor scrapes them: use metrics.pushgateway, or kind: Deployment" -}}
{{- end -}}
{{- if and $metrics.enabled $isJob (not $metrics.pushgateway) (not .Values.existingConfigMap) -}}
{{- fail "metrics.enabled with kind: CronJob needs metrics.pushgateway, the URL that runs report to" -}}
{{- end -}}
{{- if and $metrics.pushgateway (not $isJob) -}}
{{- fail "metrics.pushgateway is for kind: CronJob; a Deployment is scraped at metrics.port" -}}
{{- end -}}
{{- end -}}
