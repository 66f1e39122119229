{{/* A volume's name, which is shorter than a ConfigMap's may be and has no dots. */}}
{{- define "auditbridge.packVolume" -}}
pack-{{ .configMap | sha256sum | trunc 8 }}
{{- end -}}

{{- define "auditbridge.mounts" -}}
- {name: config, mountPath: /etc/auditbridge, readOnly: true}
- {name: state, mountPath: /var/lib/auditbridge}
- {name: tmp, mountPath: /tmp}
{{- if .Values.existingSecret }}
- {name: secret, mountPath: /run/secrets/auditbridge, readOnly: true}
{{- end }}
{{- range .Values.packs }}
- name: {{ include "auditbridge.packVolume" . }}
  mountPath: /etc/auditbridge-packs/{{ .configMap }}
  readOnly: true
{{- end }}
{{- range .Values.projectedTokens }}
- {name: token-{{ .name }}, mountPath: /run/secrets/tokens/{{ .name }}, readOnly: true}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* {root: ., state: "claim" or "emptyDir"}. Modes are octal 0440: the files belong to root and the pod's group. */}}
{{- define "auditbridge.volumes" -}}
{{- $root := .root -}}
- name: config
  configMap: {name: {{ include "auditbridge.configMapName" $root }}}
- name: state
  {{- if eq .state "claim" }}
  persistentVolumeClaim: {claimName: {{ include "auditbridge.claimName" $root }}}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: tmp
  emptyDir: {}
{{- with $root.Values.existingSecret }}
- name: secret
  secret: {secretName: {{ . }}, defaultMode: 288}
{{- end }}
{{- range $root.Values.packs }}
- name: {{ include "auditbridge.packVolume" . }}
  configMap: {name: {{ .configMap }}}
{{- end }}
{{- range $root.Values.projectedTokens }}
- name: token-{{ .name }}
  projected:
    defaultMode: 288
    sources:
      - serviceAccountToken:
          path: token
          audience: {{ .audience | quote }}
          expirationSeconds: {{ default 3600 .expirationSeconds | int }}
{{- end }}
{{- with $root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
