{{/* A CronJob's name has at most 52 characters; the same name serves every object. */}}
{{- define "auditbridge.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "auditbridge.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "auditbridge.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "auditbridge.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels beside the chart's own, whose names win: {root: ., labels: map} */}}
{{- define "auditbridge.labelsWith" -}}
{{- $own := include "auditbridge.labels" .root | fromYaml -}}
{{- toYaml (mergeOverwrite (dict) (default (dict) .labels) $own) -}}
{{- end -}}

{{/* The labels of pods: the version of the chart is not among them, so that it rolls no pod. */}}
{{- define "auditbridge.podLabels" -}}
{{- $own := include "auditbridge.selectorLabels" . | fromYaml -}}
{{- toYaml (mergeOverwrite (dict) .Values.commonLabels .Values.podLabels $own) -}}
{{- end -}}

{{- define "auditbridge.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "auditbridge.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "auditbridge.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "auditbridge.configMapName" -}}
{{- default (include "auditbridge.fullname" .) .Values.existingConfigMap -}}
{{- end -}}

{{- define "auditbridge.claimName" -}}
{{- default (include "auditbridge.fullname" .) .Values.state.existingClaim -}}
{{- end -}}

{{/* Whether pods answer on the metrics port: "true" or "". */}}
{{- define "auditbridge.listens" -}}
{{- if and .Values.metrics.enabled (eq .Values.kind "Deployment") -}}true{{- end -}}
{{- end -}}
