{{/* Of both: {root: ., args: list, restartPolicy: text, state: "claim" or "emptyDir", probes: bool} */}}
{{- define "auditbridge.podTemplate" -}}
metadata:
  labels:
    {{- include "auditbridge.podLabels" .root | nindent 4 }}
  annotations:
    {{- if not .root.Values.existingConfigMap }}
    checksum/config: {{ include "auditbridge.configHash" .root }}
    {{- end }}
    kubectl.kubernetes.io/default-container: auditbridge
    {{- with .root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "auditbridge.podSpec" . | nindent 2 }}
{{- end -}}

{{- define "auditbridge.podSpec" -}}
{{- $root := .root -}}
serviceAccountName: {{ include "auditbridge.serviceAccountName" $root }}
automountServiceAccountToken: {{ $root.Values.serviceAccount.automount }}
enableServiceLinks: false
restartPolicy: {{ .restartPolicy }}
terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
{{- with $root.Values.initContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: auditbridge
    image: {{ include "auditbridge.image" $root | quote }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    args:
      {{- toYaml .args | nindent 6 }}
    {{- with $root.Values.extraEnv }}
    env:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $root.Values.extraEnvFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if .probes }}
    ports:
      - {name: metrics, containerPort: {{ int $root.Values.metrics.port }}, protocol: TCP}
    livenessProbe:
      httpGet: {path: /healthz, port: metrics}
      {{- toYaml $root.Values.livenessProbe | nindent 6 }}
    readinessProbe:
      httpGet: {path: /readyz, port: metrics}
      {{- toYaml $root.Values.readinessProbe | nindent 6 }}
    {{- end }}
    resources:
      {{- toYaml $root.Values.resources | nindent 6 }}
    securityContext:
      {{- toYaml $root.Values.securityContext | nindent 6 }}
    volumeMounts:
      {{- include "auditbridge.mounts" $root | nindent 6 }}
volumes:
  {{- include "auditbridge.volumes" . | nindent 2 }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $root.Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
