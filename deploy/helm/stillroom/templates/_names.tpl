{{- define "stillroom.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough for the suffixes of what is named after it, and of a StatefulSet's pods. */}}
{{- define "stillroom.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "stillroom.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "stillroom.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "stillroom.selector" -}}
app.kubernetes.io/name: {{ include "stillroom.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "stillroom.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "stillroom.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "stillroom.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "stillroom.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "stillroom.secret" -}}
{{- default (include "stillroom.fullname" .) .Values.existingSecret -}}
{{- end -}}

{{/* What is left empty in a file of values is null there. */}}
{{- define "stillroom.settings" -}}
{{- toJson (default dict .Values.settings) -}}
{{- end -}}

{{- define "stillroom.secrets" -}}
{{- toJson (default dict .Values.secrets) -}}
{{- end -}}
