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
and marked as such from the beginning. Helm forgets what its hooks have made, so that a second one takes it away when
the release is uninstalled (Helm makes it anew for that, after everything else has gone).
Parameters: root, apiVersion, kind, name, spec, annotations, keep.
*/}}
{{- define "manul.resource" -}}
{{- if .root.Capabilities.APIVersions.Has (printf "%s/%s" .apiVersion .kind) }}
{{- include "manul.object" . }}
{{- else }}
{{- $events := "post-install,post-upgrade" }}
{{- /* What is kept exists when the first revision comes back, and hooks of Helm 3 do not change what exists. */}}
{{- if or (not .keep) (semverCompare ">=4.0.0-0" .root.Capabilities.HelmVersion.Version) }}{{- $events = "post-install,post-upgrade,post-rollback" }}{{ end }}
{{- include "manul.object" (merge (dict "hook" $events "deleted" "hook-failed") .) }}
{{- if not .keep }}
{{- include "manul.object" (merge (dict "hook" "post-delete" "deleted" "before-hook-creation,hook-succeeded") .) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Parameters: those of manul.resource, and of a hook: hook (its events), deleted (its policy). */}}
{{- define "manul.object" -}}
---
apiVersion: {{ .apiVersion }}
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  labels:
    {{- include "manul.labels" .root | nindent 4 }}
  {{- if or .hook .keep .annotations }}
  annotations:
    {{- with .annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if .keep }}
    helm.sh/resource-policy: keep
    {{- end }}
    {{- if .hook }}
    helm.sh/hook: {{ .hook }}
    helm.sh/hook-delete-policy: {{ .deleted }}
    meta.helm.sh/release-name: {{ .root.Release.Name }}
    meta.helm.sh/release-namespace: {{ .root.Release.Namespace }}
    {{- end }}
  {{- end }}
spec:
  {{- toYaml .spec | nindent 2 }}
{{ end }}
