{{- /* Everything of a container but its rights and mounts. Parameters: root, role. */}}
{{- define "manul.container" -}}
{{- $values := get .root.Values .role }}
{{- $isFull := eq .root.Values.mode "full" }}
{{- $isOpen := and .root.Values.lookingGlass.enabled (eq .role "speaker") }}
image: {{ include "manul.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
# The variable MANUL_CONTROL says where commands ask, in both containers: the speaker first, the agent beside it.
args: [run{{ if eq .role "agent" }}, --control, /run/pod/agent-control.sock{{ end }}]
env:
  - name: MANUL_ROLES
    value: {{ .role }}
  - name: MANUL_DATASTORE
    value: kubernetes
  - name: MANUL_NODE
    valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
  - name: MANUL_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: HOST_IP
    valueFrom: {fieldRef: {fieldPath: status.hostIP}}
  - name: MANUL_HTTP
    value: {{ printf "%s:%d" (ternary "[$(HOST_IP)]" "127.0.0.1" $isOpen) (int $values.port) | quote }}
  - name: MANUL_METRICS
    value: {{ ternary "off" (printf "[$(HOST_IP)]:%d" (int $values.port)) $isOpen | quote }}
  - name: MANUL_CONTROL
    value: /run/pod/control.sock
  - name: MANUL_LOG_LEVEL
    value: {{ $values.logLevel }}
  - name: NODE_COMPILE_CACHE
    value: /tmp/{{ .role }}
  {{- if eq .role "speaker" }}
  - name: MANUL_GRACEFUL_RESTART
    value: {{ ternary "nodes" "never" .root.Values.speaker.gracefulRestart }}
  {{- end }}
  {{- if eq .role "agent" }}
  - name: MANUL_SYSCTL_DIR
    value: /host/proc/sys
  - name: MANUL_WAIT_FOR_ROUTES
    value: {{ $values.waitForRoutes }}
  {{- if $isFull }}
  - name: MANUL_CNI
    value: "true"
  - name: MANUL_CNI_SOCKET
    value: /run/manul/cni.sock
  - name: MANUL_CNI_BIN_DIR
    value: /host/cni/bin
  - name: MANUL_CNI_CONF_DIR
    value: /host/cni/net.d
  {{- end }}
  {{- end }}
  {{- with .root.Values.kubernetes.host }}
  - name: KUBERNETES_SERVICE_HOST
    value: {{ . | quote }}
  - name: KUBERNETES_SERVICE_PORT
    value: {{ $.root.Values.kubernetes.port | quote }}
  {{- end }}
  {{- with $values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - name: {{ .role }}
    containerPort: {{ $values.port }}
startupProbe:
  httpGet: {path: /livez, port: {{ .role }}}
  # Nobody answers before, and a failure is an event of the pod.
  initialDelaySeconds: 2
  periodSeconds: 1
  failureThreshold: 60
# Answered by the thread that serves the sessions: a daemon that hangs is started again before its hold timers run out.
livenessProbe:
  httpGet: {path: /livez, port: {{ .role }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
# The resources have been read; of the agent: the routes are in the kernel.
readinessProbe:
  httpGet: {path: /readyz, port: {{ .role }}}
  periodSeconds: 5
  timeoutSeconds: 5
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
