{{/* auditbridge.yaml: the value config, with what the chart knows better. */}}
{{- define "auditbridge.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "state" (dict "path" "/var/lib/auditbridge/store/state.db") -}}
{{- $mappings := default (list) $config.mappings -}}
{{- range .Values.packs -}}
{{- $mappings = append $mappings (printf "/etc/auditbridge-packs/%s" .configMap) -}}
{{- end -}}
{{- if $mappings -}}
{{- $_ := set $config "mappings" $mappings -}}
{{- end -}}
{{- if include "auditbridge.listens" . -}}
{{- $listen := printf "%s:%d" .Values.metrics.listenAddress (int .Values.metrics.port) -}}
{{- $_ := set $config "metrics" (merge (dict "listen" $listen) (default (dict) $config.metrics)) -}}
{{- else if .Values.metrics.enabled -}}
{{- $instance := printf "%s.%s" (include "auditbridge.fullname" .) .Release.Namespace -}}
{{- $push := dict "pushgateway" .Values.metrics.pushgateway -}}
{{- $_ := set $config "metrics" (merge $push (default (dict) $config.metrics) (dict "instance" $instance)) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* What must roll the pods when it changes. */}}
{{- define "auditbridge.configHash" -}}
{{- printf "%s\n%s" (include "auditbridge.config" .) (toYaml .Values.configFiles) | sha256sum -}}
{{- end -}}
