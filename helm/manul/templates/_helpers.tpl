{{- define "manul.name" -}}
{{- if contains "manul" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-manul" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "manul.selectorLabels" -}}
app.kubernetes.io/name: manul
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "manul.labels" -}}
{{ include "manul.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "manul.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "manul.name" .) }}
{{- end }}

{{- define "manul.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* What runs: "speaker" alone, or both roles. */}}
{{- define "manul.roles" -}}
{{ if eq .Values.mode "reflectors" }}speaker{{ else }}speaker agent{{ end }}
{{- end }}

{{- /* Calico's kinds come with this release: "yes" or nothing. */}}
{{- define "manul.ownsCalicoKinds" -}}
{{- $crd := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "bgppeers.projectcalico.org" }}
{{- $annotations := dig "metadata" "annotations" (dict) $crd }}
{{- if and (eq (get $annotations "meta.helm.sh/release-name") .Release.Name) (eq (get $annotations "meta.helm.sh/release-namespace") .Release.Namespace) }}yes{{ end }}
{{- end }}

{{- define "manul.bringsCalicoKinds" -}}
{{- $versions := .Capabilities.APIVersions }}
{{- $isServed := or ($versions.Has "crd.projectcalico.org/v1") ($versions.Has "projectcalico.org/v3") }}
{{- if eq .Values.crds.calico "always" }}yes
{{- else if and (eq .Values.crds.calico "auto") (or (not $isServed) (include "manul.ownsCalicoKinds" .)) }}yes{{ end }}
{{- end }}

{{- /* Where Calico's data is: its older group, unless it also serves the newer one. */}}
{{- define "manul.calicoVersion" -}}
{{- $versions := .Capabilities.APIVersions }}
{{- if and ($versions.Has "crd.projectcalico.org/v1") (or (not ($versions.Has "projectcalico.org/v3")) (include "manul.ownsCalicoKinds" .)) -}}
crd.projectcalico.org/v1
{{- else -}}
projectcalico.org/v3
{{- end }}
{{- end }}

{{- /*
A resource of Calico's kinds or ours. Helm looks up every kind before it creates anything, so where the kind comes with
this very release, its resources follow in a hook; from the next upgrade on they are ordinary parts of the release,
and marked as such from the beginning. Parameters: root, apiVersion, kind, name, spec, keep.
*/}}
{{- define "manul.resource" -}}
{{- $root := .root }}
{{- $isServed := $root.Capabilities.APIVersions.Has (printf "%s/%s" .apiVersion .kind) }}
---
apiVersion: {{ .apiVersion }}
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  labels:
    {{- include "manul.labels" $root | nindent 4 }}
  {{- if or (not $isServed) .keep }}
  annotations:
    {{- if .keep }}
    helm.sh/resource-policy: keep
    {{- end }}
    {{- if not $isServed }}
    helm.sh/hook: post-install,post-upgrade,post-rollback
    helm.sh/hook-delete-policy: hook-failed
    meta.helm.sh/release-name: {{ $root.Release.Name }}
    meta.helm.sh/release-namespace: {{ $root.Release.Namespace }}
    {{- end }}
  {{- end }}
spec:
  {{- toYaml .spec | nindent 2 }}
{{ end }}
