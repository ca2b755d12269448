{{- define "mlops.fullname" -}}
{{- if contains "mlops" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-mlops" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "mlops.selector" -}}
app.kubernetes.io/name: mlops-course
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "mlops.labels" -}}
{{ include "mlops.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "mlops.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "mlops.storesImage" -}}
{{ .Values.storesImage.repository }}:{{ .Values.storesImage.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "mlops.prefix" -}}
{{ .Values.sandboxes.prefix | default .Release.Namespace }}
{{- end }}

{{- define "mlops.publicUrl" -}}
{{- if .Values.publicUrl }}{{ .Values.publicUrl }}
{{- else if and .Values.ingress.enabled .Values.ingress.host }}{{ ternary "https" "http" (ne .Values.ingress.tlsSecret "") }}://{{ .Values.ingress.host }}
{{- else }}http://{{ include "mlops.fullname" . }}.{{ .Release.Namespace }}.svc:8000{{ end }}
{{- end }}

{{- define "mlops.databaseSecret" -}}
{{- if .Values.database.bundled }}{{ include "mlops.fullname" . }}-bundled{{ else }}{{ required "database.existingSecret names the Secret with the database's URL (or set database.bundled)" .Values.database.existingSecret }}{{ end }}
{{- end }}

{{- define "mlops.blobsSecret" -}}
{{- if .Values.blobs.bundled }}{{ include "mlops.fullname" . }}-bundled{{ else }}{{ .Values.blobs.existingSecret }}{{ end }}
{{- end }}

{{- define "mlops.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
enableServiceLinks: false
{{- end }}

{{- define "mlops.containerSecurity" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Where the gradebook and the blobs are: what web, workers and migrations have in common. */}}
{{- define "mlops.places" -}}
- name: MLOPS_DATABASE
  valueFrom: {secretKeyRef: {name: {{ include "mlops.databaseSecret" . }}, key: {{ ternary "url" .Values.database.key .Values.database.bundled }}}}
- {name: MLOPS_BLOBS, value: {{ .Values.blobs.url | quote }}}
- {name: AWS_DEFAULT_REGION, value: {{ .Values.blobs.region | quote }}}
{{- if .Values.blobs.bundled }}
- {name: AWS_ENDPOINT_URL, value: "http://{{ include "mlops.fullname" . }}-s3:8333"}
{{- else if .Values.blobs.endpoint }}
- {name: AWS_ENDPOINT_URL, value: {{ .Values.blobs.endpoint | quote }}}
{{- end }}
{{- with include "mlops.blobsSecret" . }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ . }}, key: access-key-id}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ . }}, key: secret-access-key}}
{{- end }}
{{- end }}

{{- define "mlops.volumes" -}}
- {name: tmp, emptyDir: {}}
- {name: home, emptyDir: {}}
{{- if .Values.evidence.existingClaim }}
- {name: evidence, persistentVolumeClaim: {claimName: {{ .Values.evidence.existingClaim }}}}
{{- end }}
{{- end }}

{{- define "mlops.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: home, mountPath: /var/lib/mlops}
{{- end }}

{{/* Everywhere but the metadata addresses of clouds, from which a pod might learn a node's credentials. */}}
{{- define "mlops.anywhere" -}}
- to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}, {ipBlock: {cidr: "::/0", except: ["fd00:ec2::/32"]}}]
{{- end }}
